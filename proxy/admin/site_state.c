#include "proxy/admin/site_state.h"

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
	/* Anybody can bring about a client's complaint: it weighs only with what is known of a certificate. */
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

static void take_later(uint64_t *latest_ms, uint64_t ms)
{
	if (ms > *latest_ms)
		*latest_ms = ms;
}

enum backend_state site_state_of_evidence(enum prober_state probed, uint64_t probed_ms, const struct backend_sum *seen)
{
	uint64_t good_ms = seen != NULL ? seen->good_ms : 0;
	uint64_t failed_ms = seen != NULL ? seen->failed_ms : 0;

	if (probed == PROBER_REACHED)
		take_later(&good_ms, probed_ms);
	else if (probed != PROBER_NOT_YET)
		take_later(&failed_ms, probed_ms);
	if (good_ms == 0 && failed_ms == 0)
		return BACKEND_STATE_UNKNOWN;
	return failed_ms > good_ms ? BACKEND_STATE_DOWN : BACKEND_STATE_UP;
}

/* The prober looks at tls backends alone, and seldom; connections show the rest. */
enum backend_state site_state_backend(const struct managed_site *site, size_t backend, const struct site_sum *sum)
{
	const struct prober *prober = managed_site_prober(site);

	return site_state_of_evidence(prober != NULL ? prober_backend_state(prober, backend) : PROBER_NOT_YET,
				      prober != NULL ? prober_backend_time(prober, backend) : 0,
				      backend < sum->num_backends ? &sum->backends[backend] : NULL);
}

enum site_state site_state_of_backends(size_t num_backends, size_t num_down)
{
	if (num_down == 0)
		return SITE_STATE_GOOD;
	return num_down == num_backends ? SITE_STATE_BROKEN : SITE_STATE_ATTENTION;
}

static enum site_state of_backends(const struct managed_site *site, const struct site_sum *sum)
{
	size_t num_backends = managed_site_config(site)->num_backends;
	size_t num_down = 0;

	for (size_t i = 0; i < num_backends; i++)
		num_down += site_state_backend(site, i, sum) == BACKEND_STATE_DOWN;
	return site_state_of_backends(num_backends, num_down);
}

enum site_state site_state_of(const struct managed_site *site, const struct finding_counts *findings,
			      const struct site_sum *sum)
{
	enum site_state worst = of_backends(site, sum);

	if (managed_site_num_certificates(site) == 0 && worst < SITE_STATE_WAITING)
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
