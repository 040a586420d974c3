/* certificate_file - reads the certificates and the key of a file, whatever its format: PEM, DER, PKCS#7, PKCS#12.
 *
 * The format is judged by the bytes, never by the file's name. PEM may have anything between its blocks, any line
 * ends, a byte order mark, or be UTF-16. certificate_file_parse is pure.
 */
#ifndef CHAINCACHE_FILES_CERTIFICATE_FILE_H
#define CHAINCACHE_FILES_CERTIFICATE_FILE_H

#include "chaincache/base/file.h"
#include "chaincache/certificate/certificate_list.h"

#define CERTIFICATE_FILE_MAX_BYTES ((size_t)16 * 1024 * 1024) /* a certificate or key file */
#define CERTIFICATE_FILE_MAX_BUNDLE_BYTES ((size_t)512 * 1024 * 1024) /* a trust store or an import */
#define CERTIFICATE_FILE_MAX_CERTIFICATES 100 /* taken by a mend, and from a fetched body */
#define CERTIFICATE_FILE_MAX_READ 1000 /* of a certificate file: the leaf may stand after a bundle of roots */
#define CERTIFICATE_FILE_MAX_BUNDLE_CERTIFICATES 100000

enum certificate_file_format {
	FILE_FORMAT_PEM,
	FILE_FORMAT_DER,
	FILE_FORMAT_PKCS7,
	FILE_FORMAT_PKCS12,
	FILE_FORMAT_KEY
};

struct certificate_file {
	enum certificate_file_format format;
	struct certificate_list certificates; /* in the order of the file */
	EVP_PKEY *key; /* owned; NULL when the file holds none */
	unsigned fault_block; /* after an error: the PEM block at fault, 1 for the first; 0: none is known */
	unsigned fault_line; /* of its BEGIN */
	bool is_set; /* all certificates came in PKCS#7 or PKCS#12: their order says nothing */
	size_t num_unreadable; /* certificates that do not parse, skipped in a bundle */
	size_t num_passed_over; /* certificates above the maximum, which were not read */
};

struct certificate_file_options {
	const char *password; /* for an encrypted key or PKCS#12; NULL: none is known */
	enum certificate_source source; /* given to each certificate */
	size_t max_certificates; /* more is ERROR_LIMIT; 0: CERTIFICATE_FILE_MAX_READ, or of what was fetched
				  * CERTIFICATE_FILE_MAX_CERTIFICATES, and the rest is ignored */
	size_t max_bytes; /* of the file, 0: CERTIFICATE_FILE_MAX_BYTES */
	bool pass_over_unreadable; /* a bundle: count blocks that do not parse instead of failing */
	bool skip_keys; /* private keys in PEM are skipped unread, so an encrypted one needs no password */
};

/* certificate_file_parse reads `content`. ERROR_FORMAT when nothing in it is a certificate or a key, or a block is
 * broken; ERROR_LIMIT above a maximum; ERROR_MISMATCH for a wrong or missing password. An error leaves nothing in `out`
 * but its fault. With SOURCE_FETCHED keys are skipped and PKCS#12 is refused: no peer makes us hash a password. */
MUST_USE struct error certificate_file_parse(struct bytes content, const struct certificate_file_options *options,
					     struct certificate_file *out);
MUST_USE struct error certificate_file_read(const char *path, const struct certificate_file_options *options,
					    struct certificate_file *out);
#define CERTIFICATE_FILE_MAX_FAULT 64

/* certificate_file_fault writes where in the file the error lies: "PEM block 3 (line 61): ", or "" where that is not
 * known. Returns `out`. */
const char *certificate_file_fault(const struct certificate_file *file, char out[CERTIFICATE_FILE_MAX_FAULT]);
void certificate_file_cleanup(struct certificate_file *file);

#endif
