/* http_options - what the Connection fields of a head say (RFC 9110 7.6.1). Pure. */
#ifndef PROXY_HTTP_HTTP_OPTIONS_H
#define PROXY_HTTP_HTTP_OPTIONS_H

#include "proxy/http/http_field.h"

#define HTTP_MAX_OPTIONS 32 /* fields that Connection names; nobody has a use for so many */

struct http_options {
	bool closes;
	bool keeps_alive;
	bool upgrades;
	bool too_many;
	size_t num_names;
	uint64_t bits; /* http_field_bit of each name */
	struct bytes names[HTTP_MAX_OPTIONS]; /* borrowed; of HTTP_FIELD_PLAIN alone: it has no power over others */
};

/* http_options_take adds one Connection field's value. A zeroed one is empty but for `names`, which need no zeroes. */
void http_options_take(struct http_options *options, struct bytes value);

/* http_options_names says whether Connection names the field, which is of HTTP_FIELD_PLAIN. */
bool http_options_names(const struct http_options *options, struct bytes name);

#endif
