#include "proxy/mending/revocation_look.h"

static void on_answer(void *context, const struct mender_outcome *outcome)
{
	struct revocation_look *look = context;

	look->mender = NULL;
	look->revoked = outcome->result == NULL || mender_is_revoked(&look->chain, outcome->result);
}

void revocation_look_cleanup(struct revocation_look *look)
{
	if (look->mender != NULL)
		mender_cancel(look->mender);
	certificate_list_cleanup(&look->chain);
	*look = (struct revocation_look){0};
}

/* False: it cannot be judged. */
static bool begin(struct revocation_look *look, struct mend_services *services, const struct mender_question *question,
		  const struct certificate_list *chain)
{
	struct mender_question own = *question;

	revocation_look_cleanup(look);
	if (failed(certificate_list_copy(&look->chain, chain)))
		return false;
	own.served = &look->chain;
	own.offline = true;
	if (services->threads == NULL) {
		mender_now(services, &own, look, on_answer);
		return true;
	}
	look->mender = mender_start(services, &own, look, on_answer);
	return look->mender != NULL;
}

enum revocation_answer revocation_look_ask(struct revocation_look *look, struct mend_services *services,
					   const struct mender_question *question, const struct certificate_list *chain)
{
	if (!certificate_list_equal(&look->chain, chain) && !begin(look, services, question, chain)) {
		revocation_look_cleanup(look);
		return REVOCATION_FOUND;
	}
	if (look->mender != NULL)
		return REVOCATION_NOT_KNOWN_YET;
	return look->revoked ? REVOCATION_FOUND : REVOCATION_NONE;
}
