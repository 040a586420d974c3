/* key_usage - hides the keyUsage of a certificate from who reads its DER (RFC 5280 4.2.1.3). Pure. */
#ifndef PROXY_WIRE_KEY_USAGE_H
#define PROXY_WIRE_KEY_USAGE_H

#include "chaincache/base/buffer.h"

/* key_usage_hide appends a copy of `certificate` whose keyUsage has the OID of another, unknown extension; nothing where
 * it has none, or cannot be read. Its signature does not hold any more. */
MUST_USE struct error key_usage_hide(struct bytes certificate, struct buffer *out);

#endif
