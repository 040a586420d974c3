#include "chaincache/mend/repair_plan.h"

#include "chaincache/certificate/issuer_match.h"

static void put(struct repair_plan *plan, enum repair_group group, const struct certificate *certificate,
		const struct certificate *issuer)
{
	struct repair_items *items = &plan->groups[group];

	if (items->count < REPAIR_PLAN_MAX_ITEMS)
		items->items[items->count++] = (struct repair_item){certificate, issuer};
}

static bool holds(const struct repair_items *items, const struct certificate *certificate)
{
	for (size_t i = 0; i < items->count; i++)
		if (certificate_equal(items->items[i].certificate, certificate))
			return true;
	return false;
}

bool repair_plan_has(const struct repair_plan *plan, enum repair_group group)
{
	return plan->groups[group].count > 0;
}

bool repair_plan_adds(const struct repair_plan *plan, const struct certificate *certificate)
{
	return holds(&plan->groups[REPAIR_ADDED], certificate);
}

/* Says whether the audit replaced it: it is valid, but clients end at a root that they do not trust. */
static bool is_given_up(const struct mend_result *result, const struct certificate *certificate)
{
	for (size_t i = 0; i < result->findings.count; i++) {
		const struct finding *finding = &result->findings.items[i];
		if (finding->certificate != NULL && finding->action == ACTION_REPLACED &&
		    certificate_equal(finding->certificate, certificate))
			return true;
	}
	return false;
}

/* Leaves out self-issued ones: they are roots for somebody, and no server sends a certificate for the reason that it is
 * in its store. */
static bool is_stale(const struct mend_result *result, const struct certificate *certificate, int64_t now)
{
	if (!certificate->is_ca || certificate->self_issued || certificate_list_contains(&result->mended, certificate))
		return false;
	return !certificate_valid_at(certificate, now) || is_given_up(result, certificate);
}

/* Returns the served certificate that issued `child` by its name and that the mended chain does without; NULL: none. */
static const struct certificate *former_issuer(const struct mend_result *result, const struct certificate *child)
{
	if (child->self_issued || !certificate_list_contains(&result->served, child))
		return NULL;
	for (size_t i = 1; i < result->served.count; i++) {
		const struct certificate *served = result->served.items[i].certificate;
		if (issuer_match_names(served, child) && !certificate_list_contains(&result->mended, served))
			return served;
	}
	return NULL;
}

static void plan_links(struct repair_plan *plan)
{
	const struct certificate_list *mended = &plan->result->mended;

	for (size_t i = 0; i < mended->count; i++) {
		const struct certificate *child = mended->items[i].certificate;
		const struct certificate *former = former_issuer(plan->result, child);
		if (former != NULL)
			put(plan, REPAIR_UNLINKED, child, former);
		if (i + 1 == mended->count)
			break;
		const struct certificate *next = mended->items[i + 1].certificate;
		if (former != NULL || repair_plan_adds(plan, child) || repair_plan_adds(plan, next))
			put(plan, REPAIR_LINKED, child, next);
	}
}

void repair_plan_make(const struct mend_result *result, int64_t now, struct repair_plan *out)
{
	*out = (struct repair_plan){.result = result};
	if (result->mended.count == 0)
		return;
	put(out, REPAIR_LEAF, result->mended.items[0].certificate, NULL);
	for (size_t i = 1; i < result->mended.count; i++) {
		const struct certificate *issuer = result->mended.items[i].certificate;
		put(out, REPAIR_ISSUERS, issuer, NULL);
		if (!certificate_list_contains(&result->served, issuer))
			put(out, REPAIR_ADDED, issuer, NULL);
	}
	for (size_t i = 1; i < result->served.count; i++) {
		const struct certificate *served = result->served.items[i].certificate;
		if (is_stale(result, served, now) && !holds(&out->groups[REPAIR_STALE], served))
			put(out, REPAIR_STALE, served, NULL);
	}
	/* An intermediate that a store trusts ends the chain too, and belongs to no server's roots for that. */
	if (result->anchor != NULL && result->anchor->self_issued &&
	    !certificate_equal(result->anchor, result->mended.items[0].certificate))
		put(out, REPAIR_ROOT, result->anchor, NULL);
	plan_links(out);
}
