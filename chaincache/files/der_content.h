/* der_content - takes the certificates and the key out of one DER (or BER) structure. For certificate_file.
 *
 * Blanks, line ends and zeros after the structure are ignored; other bytes are ERROR_FORMAT with their number.
 */
#ifndef CHAINCACHE_FILES_DER_CONTENT_H
#define CHAINCACHE_FILES_DER_CONTENT_H

#include "chaincache/files/certificate_collector.h"
#include "chaincache/files/der_kind.h"

/* der_content_read takes what a file of this one structure holds. */
MUST_USE struct error der_content_read(struct certificate_collector *collector, struct bytes der);

/* der_content_add takes a structure that is judged already, and no key. */
MUST_USE struct error der_content_add(struct certificate_collector *collector, enum der_kind kind, struct bytes der);

/* der_content_instead returns the error words for a structure that is no certificate and holds none; else NULL. */
const char *der_content_instead(enum der_kind kind);

#endif
