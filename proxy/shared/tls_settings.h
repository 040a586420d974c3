/* tls_settings - settings that the SSL_CTX of both sides have in common: ALPN and one certificate with its key. */
#ifndef PROXY_SHARED_TLS_SETTINGS_H
#define PROXY_SHARED_TLS_SETTINGS_H

#include <openssl/ssl.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate_list.h"
#include "conf/config.h"

#define TLS_SETTINGS_MAX_ALPN_BYTES 65535 /* RFC 7301 3.1 */

/* tls_settings_set_chain sets the chain that `ctx` sends, leaf first, and the key that it signs with. ERROR_MISMATCH
 * when they do not belong together, ERROR_FORMAT when no handshake can use the leaf's key, by its keyUsage. */
MUST_USE struct error tls_settings_set_chain(SSL_CTX *ctx, const struct certificate_list *chain, EVP_PKEY *key);

/* tls_settings_write_alpn appends the list in its wire format. ERROR_FORMAT for a name that is empty or above 255
 * bytes. */
MUST_USE struct error tls_settings_write_alpn(const struct string_list *protocols, struct buffer *out);

#endif
