/* alpn - which protocols may be promised to a client before a backend has agreed to them (RFC 7301). Pure. */
#ifndef PROXY_WIRE_ALPN_H
#define PROXY_WIRE_ALPN_H

#include "chaincache/base/bytes.h"

/* alpn_needs_agreement says whether a backend has to agree to the protocol before it is spoken. It has not where its
 * bytes are those that are spoken on such a port without ALPN: http/1.1, imap ... An unknown one needs it. */
bool alpn_needs_agreement(struct bytes protocol);

#endif
