/* crl_store - the CRLs that were read from files, found by their issuer's name.
 *
 * Filled once, then shared: reference-counted, and read-only from the first reference on. Nothing is fetched: all CRLs
 * come from files.
 */
#ifndef CHAINCACHE_REVOCATION_CRL_STORE_H
#define CHAINCACHE_REVOCATION_CRL_STORE_H

#include "chaincache/revocation/crl.h"

#define CRL_STORE_MAX_CRLS 10000
#define CRL_STORE_MAX_FILE_BYTES                                                                                       \
	((size_t)64 * 1024 * 1024) /* PEM takes a third more than DER; several may be in a file */
#define CRL_STORE_MAX_BYTES ((size_t)512 * 1024 * 1024) /* of DER, all together */
#define CRL_STORE_MAX_PATH 4096

struct crl_store;

struct crl_store *crl_store_new(void); /* NULL: out of memory */
struct crl_store *crl_store_ref(struct crl_store *store); /* NULL is fine, and gives NULL */
void crl_store_unref(struct crl_store *store); /* NULL is fine */

/* crl_store_add_content adds the CRLs of a file's content: PEM ("X509 CRL", with anything between the blocks) or DER;
 * `path` is for messages. ERROR_FORMAT when there is none in it or one is broken; those before it are added. */
MUST_USE struct error crl_store_add_content(struct crl_store *store, struct bytes content, const char *path);

/* crl_store_add_path reads a file, or each file of a directory. In a directory, files without a CRL are skipped,
 * and at least one CRL must be there. *out_path is the file at fault, where there is one. */
MUST_USE struct error crl_store_add_path(struct crl_store *store, const char *path, char out_path[CRL_STORE_MAX_PATH]);

/* crl_store_equal says whether both have the same CRLs in the same order, byte for byte. NULL equals NULL alone. */
bool crl_store_equal(const struct crl_store *a, const struct crl_store *b);

/* crl_store_next walks the CRLs whose issuer's name is the certificate's; *cursor is 0 at the start. NULL at the end.
 * */
const struct crl *crl_store_next(const struct crl_store *store, const struct certificate *certificate, size_t *cursor);

#endif
