/* distinguished_name - an X.501 name in words for people (RFC 4514). */
#ifndef CHAINCACHE_CERTIFICATE_DISTINGUISHED_NAME_H
#define CHAINCACHE_CERTIFICATE_DISTINGUISHED_NAME_H

#include <openssl/base.h>

#include "chaincache/base/error.h"

/* distinguished_name_print writes `name` as RFC 4514 has it: UTF-8, the last relative name first. Characters that could
 * deceive a reader or a terminal (control characters, the C1 set, bidirectional overrides, line separators) are escaped
 * byte by byte as \XX. *out is "" for the empty name; the caller frees it. */
MUST_USE struct error distinguished_name_print(const X509_NAME *name, char **out);

/* distinguished_name_common_name writes the last commonName, escaped in the same way; *out is NULL when there is none
 * or its characters do not decode. */
MUST_USE struct error distinguished_name_common_name(const X509_NAME *name, char **out);

#endif
