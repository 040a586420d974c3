/* http_accept - whether a client would rather have JSON than a text (RFC 9110 12.5.1). Pure. */
#ifndef PROXY_HTTP_HTTP_ACCEPT_H
#define PROXY_HTTP_HTTP_ACCEPT_H

#include "chaincache/base/bytes.h"

/* http_accept_prefers_json: it names application/json, or a type that ends with +json, with a weight above that of
 * text/html; or with the same where text/html is not named but covered by a wildcard. */
bool http_accept_prefers_json(struct bytes value);

#endif
