/* http_rule - what a message must not do: the rules, with the status that answers a request which breaks one. */
#ifndef PROXY_HTTP_HTTP_RULE_H
#define PROXY_HTTP_HTTP_RULE_H

#include <stdint.h>

enum http_rule {
	HTTP_RULE_NONE, /* nothing is broken */
#define RULE(id, ...) id,
#include "proxy/http/http_rule.def"
#undef RULE
	NUM_HTTP_RULES
};

/* Static texts. `section` names the document and its section, as "RFC 9112 6.1". */
struct http_rule_row {
	const char *name;
	uint16_t status;
	const char *text;
	const char *section;
};

const struct http_rule_row *http_rule_row(enum http_rule rule); /* not for HTTP_RULE_NONE */

#endif
