/* alpn - which protocols may be promised to a client before a backend has agreed to them (RFC 7301). Pure. */
#ifndef PROXY_WIRE_ALPN_H
#define PROXY_WIRE_ALPN_H

#include "chaincache/base/bytes.h"

/* alpn_needs_agreement says whether a backend has to agree to the protocol before it is spoken. It need not where its
 * bytes are the same without ALPN: http/1.1, imap ... An unknown protocol needs agreement. */
bool alpn_needs_agreement(struct bytes protocol);

#endif
