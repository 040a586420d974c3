/* pem_content - takes the certificates and the key out of a text's PEM blocks. For certificate_file.
 *
 * A block's content decides what it is, and its label is a hint: some files have PKCS#7 under CERTIFICATE, or a
 * certificate under PKCS7.
 */
#ifndef CHAINCACHE_FILES_PEM_CONTENT_H
#define CHAINCACHE_FILES_PEM_CONTENT_H

#include "chaincache/files/certificate_collector.h"

/* Where an error lies; zeros where the error says it itself, or none is known. */
struct pem_fault {
	unsigned block; /* 1 for the first */
	unsigned line; /* of its BEGIN */
};

/* pem_content_read: *out_found says whether there is any block, or a damaged line of one, in the text. */
MUST_USE struct error pem_content_read(struct certificate_collector *collector, struct bytes text, bool *out_found,
				       struct pem_fault *out_fault);

#endif
