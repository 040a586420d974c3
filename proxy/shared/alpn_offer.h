/* alpn_offer - the protocols of a site's `alpn` that are offered to clients: those that its backends agreed to, and those
 * that need no agreement (alpn.h). Pure. */
#ifndef PROXY_SHARED_ALPN_OFFER_H
#define PROXY_SHARED_ALPN_OFFER_H

#include "chaincache/base/buffer.h"
#include "conf/config.h"

/* alpn_offer_write appends the offer in its wire format, in the order of the configuration. `agreed`: the protocols that
 * every backend that answered agreed to. */
MUST_USE struct error alpn_offer_write(const struct string_list *alpn, const struct string_list *agreed,
				       struct buffer *out);

/* alpn_offer_warn appends a sentence where a protocol can never be offered, since the site's backends are plain. */
MUST_USE struct error alpn_offer_warn(const struct config_site *site, struct buffer *out);

#endif
