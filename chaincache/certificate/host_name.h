/* host_name - a name that a client uses, in the form in which names are compared (RFC 9525 6.3, RFC 5890).
 *
 * A-labels in lower case without a trailing dot, or an IP address's bytes.
 */
#ifndef CHAINCACHE_CERTIFICATE_HOST_NAME_H
#define CHAINCACHE_CERTIFICATE_HOST_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/base/error.h"

#define HOST_NAME_MAX_CHARS 253

struct host_name {
	bool is_ip;
	uint8_t ip[16];
	size_t ip_len; /* 4 or 16, 0 for a DNS name */
	char text[HOST_NAME_MAX_CHARS + 1]; /* the A-label form, or the address in its canonical spelling */
};

/* host_name_parse reads a name as a person or a client writes it: U-labels are converted (libidn2), brackets around an
 * IPv6 address are taken off, one trailing dot is dropped, underscores are allowed. ERROR_FORMAT says what is wrong.
 * */
MUST_USE struct error host_name_parse(const char *text, struct host_name *out);

/* host_name_equal says whether both are the same name. */
bool host_name_equal(const struct host_name *a, const struct host_name *b);

#endif
