#include "proxy/mending/keeper_inherit.h"

#include <time.h>

/* Says whether a mend would ask the same as the last one before the reload, and that one lacked nothing. */
static bool asks_the_same(const struct certificate_keeper *keeper, const struct certificate_keeper *former)
{
	const struct keeper_options *a = &keeper->options, *b = &former->options;

	return former->settled && former->verdict.judged && !former->verdict.held_back && !former->withdrawn &&
	       a->services->same_as_former && a->config->mode == b->config->mode &&
	       a->config->max_chain_bytes == b->config->max_chain_bytes && a->leaf_place == b->leaf_place &&
	       a->part == b->part && keeper->log.quiet == former->log.quiet &&
	       certificate_list_equal(&keeper->given, &former->given) &&
	       certificate_list_equal(&keeper->others, &former->others) &&
	       certificate_list_equal(&keeper->extra, &former->extra) &&
	       certificate_list_equal(&keeper->first, &former->chain) &&
	       site_material_judges_as(a->material, b->material);
}

/* Goes on with the chain from before a reload while it is valid. */
static const struct certificate_list *first_of(const struct certificate_keeper *keeper,
					       const struct certificate_keeper *former)
{
	bool goes_on = former != NULL && keeper->options.config->mode == MODE_MEND && former->chain.count > 0 &&
		       certificate_equal(former->chain.items[0].certificate, keeper->given.items[0].certificate) &&
		       certificate_list_valid_at(&former->chain, (int64_t)time(NULL));
	return goes_on ? &former->chain : &keeper->given;
}

void keeper_inherit_verdict(struct certificate_keeper *keeper, const struct certificate_keeper *former)
{
	if (former == NULL || !asks_the_same(keeper, former))
		return;
	chain_verdict_copy(&keeper->verdict, &former->verdict, keeper->options.material->stores);
	keeper->is_inherited = keeper->verdict.judged;
	keeper->trusted = former->trusted;
	keeper->log.logged_untrusted = former->log.logged_untrusted;
	keeper->log.logged_changed = former->log.logged_changed;
	keeper->due_ms = former->due_ms;
}

struct error keeper_inherit_chains(struct certificate_keeper *keeper, const struct certificate_list *chain,
				   const struct certificate_keeper *former)
{
	struct error error = certificate_list_copy(&keeper->given, chain);
	if (!failed(error))
		error = site_material_list_others(keeper->options.material, keeper->options.part, &keeper->others);
	if (failed(error))
		return error;
	/* Other backends than before: their chains are no candidates. */
	if (former != NULL && config_same_backends(former->options.config, keeper->options.config))
		error = certificate_list_copy(&keeper->extra, &former->extra);
	if (failed(error))
		return error;
	return certificate_list_copy(&keeper->first, first_of(keeper, former));
}
