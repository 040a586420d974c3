/* starttls - from plain text over to TLS, as a client: bytes in, bytes out, a verdict. Pure.
 *
 *	starttls_new -> send starttls_take_output
 *	             -> bytes came: starttls_feed; the server closed: starttls_end
 *	             -> STARTTLS_READY: what follows is TLS; STARTTLS_FAILED: the reason
 *
 * A server that does not announce STARTTLS is not asked for it. Bytes after its go-ahead are a failure: they were
 * never protected, whoever sent them.
 */
#ifndef PROXY_WIRE_STARTTLS_H
#define PROXY_WIRE_STARTTLS_H

#include "chaincache/base/buffer.h"
#include "proxy/wire/starttls_state.h"

enum starttls_protocol {
	STARTTLS_NONE, /* TLS at once */
	STARTTLS_SMTP, /* RFC 3207 */
	STARTTLS_IMAP, /* RFC 9051 6.2.1 */
	STARTTLS_POP3, /* RFC 2595 4 */
	STARTTLS_LDAP, /* RFC 4511 4.14 */
	STARTTLS_XMPP, /* RFC 6120 5 */
};

struct starttls;

/* starttls_find: false when `name` ("smtp", "imap", "pop3", "ldap", "xmpp") is none of them. */
bool starttls_find(const char *name, enum starttls_protocol *out);
uint16_t starttls_default_port(enum starttls_protocol protocol); /* 25, 143, 110, 389, 5222; 443 of STARTTLS_NONE */

/* starttls_new begins; not for STARTTLS_NONE. `domain` (copied) is the domain of an XMPP stream. NULL when out of
 * memory, or when `domain` cannot stand in a stream's header. */
struct starttls *starttls_new(enum starttls_protocol protocol, const char *domain);
void starttls_free(struct starttls *starttls); /* NULL is fine */

enum starttls_state starttls_feed(struct starttls *starttls, struct bytes from_server);

/* starttls_end: no more bytes will come; never STARTTLS_GOING afterwards. */
void starttls_end(struct starttls *starttls);

/* starttls_take_output appends the bytes for the server. */
MUST_USE struct error starttls_take_output(struct starttls *starttls, struct buffer *out);

/* starttls_reason is "" but when STARTTLS_FAILED: one clause without a full stop, which may quote the server. */
const char *starttls_reason(const struct starttls *starttls);

/* starttls_awaited is what the server has to say next: "its greeting", "its answer to EHLO". */
const char *starttls_awaited(const struct starttls *starttls);

#endif
