/* http_protocols - the protocols that Upgrade names (RFC 9110 7.8), and the logins that bind a connection. Pure. */
#ifndef PROXY_HTTP_HTTP_PROTOCOLS_H
#define PROXY_HTTP_HTTP_PROTOCOLS_H

#include "chaincache/base/bytes.h"

/* http_protocols_next takes the next protocol that a tunnel may be for off the front of an Upgrade field's value. HTTP
 * itself, in whatever version (h2c) or within TLS, is passed over: its requests would get behind the proxy's back. */
bool http_protocols_next(struct bytes *value, struct bytes *out_protocol);

/* http_protocols_are_http says whether one of the protocols is HTTP itself. */
bool http_protocols_are_http(struct bytes value);

/* http_login_binds says whether the value of Authorization or WWW-Authenticate has a scheme that logs in the connection, and
 * with it whoever uses it next (RFC 4559 6): NTLM, Negotiate and their kin. */
bool http_login_binds(struct bytes value);

#endif
