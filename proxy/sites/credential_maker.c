#include "proxy/sites/credential_maker.h"

bool credential_maker_may_replace(const struct config_site *config)
{
	return config->rollback && config->mode == MODE_MEND;
}

/* One with a certificate that has been revoked since then stands in no more. */
static const struct credential *stand_in_of(const struct credential_order *order)
{
	if (order->watch == NULL || !credential_maker_may_replace(order->config))
		return NULL;
	const struct credential *stand_in =
	    chain_watch_stand_in(order->watch, order->config->name, order->part, keeper_chain(order->keeper));
	return stand_in != NULL && !keeper_finds_revoked(order->keeper, &stand_in->chain) ? stand_in : NULL;
}

struct error credential_maker_make(const struct credential_order *order, struct credential **out)
{
	const struct certificate_list *chain = keeper_chain(order->keeper);
	EVP_PKEY *key = keeper_key(order->keeper);
	const char *site = order->config->name;
	const struct credential *stand_in = stand_in_of(order);

	if (stand_in != NULL) {
		chain = &stand_in->chain;
		key = SSL_CTX_get0_privatekey(stand_in->ssl_ctx);
	}
	struct error error = credential_new(order->config, chain, key, out);
	if (failed(error) || order->watch == NULL)
		return error;
	struct chain_tally *tally = chain_watch_tally(order->watch, site, chain);
	credential_set_tally(*out, tally);
	chain_tally_unref(tally);
	keeper_set_withdrawn(order->keeper, stand_in != NULL);
	return error_none();
}
