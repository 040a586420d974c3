#include "proxy/mending/backend_verdict.h"

#include <stdio.h>
#include <string.h>

static bool matches_pin(const struct backend_rules *rules, const struct certificate *leaf)
{
	return rules->pin != NULL && memcmp(rules->pin, leaf->spki_sha256, SHA256_BYTES) == 0;
}

/* Says whether at least one trust store accepts it. */
static bool is_accepted(const struct backend_rules *rules, const struct mend_result *result)
{
	for (size_t i = 0; i < result->num_stores; i++) {
		const struct store_verdict *store = &result->stores[i];
		if (rules->verify == BACKEND_VERIFY_STRICT ? store->served_trusted : store->mended_trusted)
			return true;
	}
	return false;
}

/* Returns the message of the gravest finding. */
static const char *why_not(const struct mend_result *result)
{
	const struct finding_list *findings = &result->findings;
	const struct finding *worst = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		if (worst == NULL || findings->items[i].severity > worst->severity)
			worst = &findings->items[i];
	}
	return worst != NULL ? worst->message : "no trust store accepts its chain";
}

bool backend_verdict_judge(const struct backend_rules *rules, const struct mend_result *result,
			   const struct name_result *name, char reason[BACKEND_VERDICT_MAX_REASON])
{
	reason[0] = '\0';
	if (rules->verify == BACKEND_VERIFY_OFF || matches_pin(rules, result->served.items[0].certificate))
		return true;
	if (!is_accepted(rules, result)) {
		snprintf(reason, BACKEND_VERDICT_MAX_REASON, "%s", why_not(result));
		return false;
	}
	if (name->match.verdict == NAME_COVERED)
		return true;
	snprintf(reason, BACKEND_VERDICT_MAX_REASON, "its certificate does not cover %s: %.150s", name->name.text,
		 name->match.why);
	return false;
}
