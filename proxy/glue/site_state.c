#include "proxy/glue/site_state.h"

const char *chain_state_name(enum chain_state state)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    CHAIN_STATES(X)
#undef X
	};
	return names[state];
}

const char *site_state_name(enum site_state state)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    SITE_STATES(X)
#undef X
	};
	return names[state];
}

const char *backend_state_name(enum backend_state state)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    BACKEND_STATES(X)
#undef X
	};
	return names[state];
}

static void count(void *context, const struct finding_group *group, const struct finding *finding, int64_t since_ms)
{
	struct finding_counts *counts = context;
	(void)since_ms;
	counts->by_severity[finding->severity]++;
	/* What a single client complains of, anybody can bring about; what is known of a certificate weighs. */
	if (group->subject != SUBJECT_CLIENTS || finding->certificate != NULL)
		counts->weighing[finding->severity]++;
}

void site_state_count(const struct known_findings *known, const char *site, struct finding_counts *out)
{
	*out = (struct finding_counts){0};
	known_findings_visit(known, site, count, out);
}

enum chain_state site_state_chain(const struct managed_site *site, size_t certificate)
{
	const struct chain_verdict *verdict = managed_site_verdict(site, certificate);
	bool goes_out =
	    !certificate_list_equal(managed_site_chain(site, certificate), managed_site_given(site, certificate));

	if (!verdict->judged || (!verdict->mended_trusted && !verdict->with_fetching))
		return CHAIN_STATE_WAITING;
	if (!verdict->mended_trusted)
		return chain_verdict_any_store(verdict) ? CHAIN_STATE_PARTIAL : CHAIN_STATE_BROKEN;
	if (goes_out)
		return CHAIN_STATE_MENDED;
	return verdict->changed ? CHAIN_STATE_REPORTED : CHAIN_STATE_GOOD;
}

static enum site_state weight_of(enum chain_state state)
{
	static const enum site_state weights[NUM_CHAIN_STATES] = {
	    [CHAIN_STATE_WAITING] = SITE_STATE_WAITING,   [CHAIN_STATE_GOOD] = SITE_STATE_GOOD,
	    [CHAIN_STATE_MENDED] = SITE_STATE_MENDED,     [CHAIN_STATE_REPORTED] = SITE_STATE_ATTENTION,
	    [CHAIN_STATE_PARTIAL] = SITE_STATE_ATTENTION, [CHAIN_STATE_BROKEN] = SITE_STATE_BROKEN,
	};
	return weights[state];
}

enum site_state site_state_of(const struct managed_site *site, const struct finding_counts *findings)
{
	enum site_state worst = SITE_STATE_GOOD;

	if (managed_site_num_certificates(site) == 0)
		worst = SITE_STATE_WAITING;
	for (size_t i = 0; i < managed_site_num_certificates(site); i++) {
		enum site_state state = weight_of(site_state_chain(site, i));
		if (state > worst)
			worst = state;
	}
	if (findings->weighing[SEVERITY_ERROR] > 0)
		return SITE_STATE_BROKEN;
	if (findings->weighing[SEVERITY_WARNING] > 0 && worst < SITE_STATE_ATTENTION)
		return SITE_STATE_ATTENTION;
	return worst;
}

/* The prober looks at tls backends alone, and seldom; the connections are what tells of the rest. */
enum backend_state site_state_backend(const struct managed_site *site, size_t backend, const struct site_sum *sum)
{
	const struct prober *prober = managed_site_prober(site);
	enum prober_state probed = prober != NULL ? prober_backend_state(prober, backend) : PROBER_NOT_YET;
	const struct backend_sum *seen = backend < sum->num_backends ? &sum->backends[backend] : NULL;

	if (probed == PROBER_UNREACHABLE || probed == PROBER_TLS_FAILED)
		return BACKEND_STATE_DOWN;
	if (seen != NULL && seen->failed_ms > seen->good_ms)
		return BACKEND_STATE_DOWN;
	if (probed == PROBER_REACHED || (seen != NULL && seen->good_ms > 0))
		return BACKEND_STATE_UP;
	return BACKEND_STATE_UNKNOWN;
}
