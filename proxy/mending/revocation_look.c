#include "proxy/mending/revocation_look.h"

static void on_answer(void *context, const struct mender_outcome *outcome)
{
	struct revocation_look *look = context;

	look->mender = NULL;
	if (outcome->result != NULL)
		look->revoked = mender_is_revoked(&look->chain, outcome->result);
	else
		certificate_list_cleanup(&look->chain); /* memory ran out: it is asked anew */
}

void revocation_look_cleanup(struct revocation_look *look)
{
	if (look->mender != NULL)
		mender_cancel(look->mender);
	certificate_list_cleanup(&look->chain);
	*look = (struct revocation_look){0};
}

/* Leaves look->chain empty when out of memory: the next call asks again. */
static void begin(struct revocation_look *look, struct mend_services *services, const struct mender_question *question,
		  const struct certificate_list *chain)
{
	struct mender_question own = *question;

	revocation_look_cleanup(look);
	if (failed(certificate_list_copy(&look->chain, chain))) {
		certificate_list_cleanup(&look->chain);
		return;
	}
	own.served = &look->chain;
	own.offline = true;
	if (services->threads == NULL) {
		mender_now(services, &own, look, on_answer);
		return;
	}
	look->mender = mender_start(services, &own, look, on_answer);
	if (look->mender == NULL)
		certificate_list_cleanup(&look->chain);
}

enum revocation_answer revocation_look_ask(struct revocation_look *look, struct mend_services *services,
					   const struct mender_question *question, const struct certificate_list *chain)
{
	if (!certificate_list_equal(&look->chain, chain))
		begin(look, services, question, chain);
	if (look->mender != NULL || look->chain.count == 0)
		return REVOCATION_NOT_KNOWN_YET;
	return look->revoked ? REVOCATION_FOUND : REVOCATION_NONE;
}
