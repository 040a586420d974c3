/* certificate_extensions - fills a certificate's fields from its extensions (RFC 5280 4.2). For certificate.c alone. */
#ifndef CHAINCACHE_CERTIFICATE_CERTIFICATE_EXTENSIONS_H
#define CHAINCACHE_CERTIFICATE_CERTIFICATE_EXTENSIONS_H

#include "chaincache/certificate/certificate.h"

/* certificate_extensions_read reads from certificate->x509. An extension that does not parse is no error: it leaves its
 * fields empty and extensions_valid false. ERROR_LIMIT for too many names. What was allocated is the certificate's,
 * after an error too. */
MUST_USE struct error certificate_extensions_read(struct certificate *certificate);

#endif
