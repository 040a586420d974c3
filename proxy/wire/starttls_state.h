/* starttls_state - the state of the change to TLS, and the limits of what a server may send before it. */
#ifndef PROXY_WIRE_STARTTLS_STATE_H
#define PROXY_WIRE_STARTTLS_STATE_H

#include <stddef.h>

#define STARTTLS_MAX_BYTES ((size_t)64 * 1024) /* taken from one server, all in all */
#define STARTTLS_MAX_UNIT 8192 /* one line, one XML tag; RFC 5321 4.5.3.1.5 has 512, an IMAP capability line more */
#define STARTTLS_MAX_REASON 256

enum starttls_state { STARTTLS_GOING, STARTTLS_READY, STARTTLS_FAILED };

#endif
