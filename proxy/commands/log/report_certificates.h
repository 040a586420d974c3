/* report_certificates - finds the certificates that a report offers: in the log itself, and in the cache. */
#ifndef PROXY_COMMANDS_LOG_REPORT_CERTIFICATES_H
#define PROXY_COMMANDS_LOG_REPORT_CERTIFICATES_H

#include <jansson.h>

#include "chaincache/certificate/certificate_list.h"

struct report_certificates {
	const char *cache; /* borrowed; NULL: none */
	struct certificate_list known;
};

void report_certificates_init(struct report_certificates *certificates, const char *cache);
void report_certificates_cleanup(struct report_certificates *certificates);

/* report_certificates_learn takes the certificates in a line's `pem`; all else in it is ignored. */
void report_certificates_learn(struct report_certificates *certificates, const json_t *line);

/* report_certificates_find returns the certificate with this SHA-256 in lower-case hexadecimal, borrowed; NULL where it is
 * neither known nor in the cache. A file of the cache is used only when its digest is this one. */
const struct certificate *report_certificates_find(struct report_certificates *certificates, const char *sha256);

#endif
