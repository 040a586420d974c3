/* first_bytes - which protocol a client speaks that sends something other than TLS to a TLS port. Pure.
 *
 * A guess by the first bytes, for a line in the log, and for an answer to plain HTTP: nothing else is decided by it. */
#ifndef PROXY_WIRE_FIRST_BYTES_H
#define PROXY_WIRE_FIRST_BYTES_H

#include "chaincache/base/bytes.h"

/* X(id, words): one row a protocol; the words name it within a sentence. */
#define FIRST_BYTES(X)                                                                                                 \
	X(FIRST_BYTES_TLS, "TLS") /* a record of TLS or SSL 3.0 */                                                     \
	X(FIRST_BYTES_HTTP, "plain HTTP (clients have to use https://)")                                               \
	X(FIRST_BYTES_SSH, "SSH")                                                                                      \
	X(FIRST_BYTES_SMTP, "plain SMTP (this port speaks TLS at once, without STARTTLS)")                             \
	X(FIRST_BYTES_IMAP, "plain IMAP (this port speaks TLS at once, without STARTTLS)")                             \
	X(FIRST_BYTES_POP3, "plain POP3 (this port speaks TLS at once, without STLS)")                                 \
	X(FIRST_BYTES_LDAP, "plain LDAP (this port speaks TLS at once, without StartTLS)")                             \
	X(FIRST_BYTES_POSTGRES, "PostgreSQL's own way to ask for TLS (SSLRequest)")                                    \
	X(FIRST_BYTES_RDP, "RDP")                                                                                      \
	X(FIRST_BYTES_PROXY, "a PROXY header")                                                                         \
	X(FIRST_BYTES_SSL2, "SSL 2.0")                                                                                 \
	X(FIRST_BYTES_OTHER, "something other than TLS")

enum first_bytes {
#define X(id, words) id,
	FIRST_BYTES(X)
#undef X
};

/* first_bytes_of judges what came first; FIRST_BYTES_OTHER where too little came. */
enum first_bytes first_bytes_of(struct bytes bytes);
const char *first_bytes_words(enum first_bytes first);

#endif
