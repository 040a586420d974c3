#include "proxy/admin/status_json.h"

#include <openssl/base.h>

#include "proxy/admin/reload_json.h"
#include "proxy/admin/site_json.h"
#include "proxy/admin/traffic_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/recent_lines.h"
#include "proxy/log/time_text.h"

static bool set_moment(json_t *object, const char *key, int64_t ms)
{
	char text[TIME_TEXT_MAX];
	return set_text_member(object, key, time_text_print_ms(ms, text));
}

static json_t *program_json(const struct overview *overview)
{
	json_t *object = json_object();
	return keep_if_complete(object, object != NULL && set_text_member(object, "version", CHAINMEND_VERSION) &&
					    set_member(object, "boringssl_api", json_integer(BORINGSSL_API_VERSION)) &&
					    set_text_member(object, "state", overview->state) &&
					    set_member(object, "ready", json_boolean(overview->ready)) &&
					    set_member(object, "workers", json_integer(overview->num_workers)) &&
					    set_moment(object, "started", overview->started_ms));
}

static json_t *totals_json(const struct overview *overview)
{
	struct counter_sums sums;
	json_t *object = json_object();
	bool complete = object != NULL;

	overview_sum_counters(overview, &sums);
#define X(field, ...) complete = complete && set_member(object, #field, json_integer((json_int_t)sums.field));
	COUNTERS(X)
#undef X
	return keep_if_complete(object, complete);
}

static json_t *mends_json(const struct overview *overview)
{
	const struct mend_tally *tally = overview->mends;
	json_t *object = json_object();
	json_t *fetches = json_object();
	bool complete = object != NULL && fetches != NULL;

	for (enum mend_fetch_result i = 0; complete && i < NUM_MEND_FETCH_RESULTS; i++)
		complete = set_member(fetches, mend_fetch_result_name(i), json_integer((json_int_t)tally->fetches[i]));
	for (enum mend_outcome i = 0; complete && i < NUM_MEND_OUTCOMES; i++)
		complete = set_member(object, mend_outcome_name(i), json_integer((json_int_t)tally->mends[i]));
	if (complete)
		complete = json_object_set(object, "fetches", fetches) == 0 &&
			   set_member(object, "issuers_fetched", json_integer((json_int_t)tally->issuers)) &&
			   set_member(object, "seconds", json_real((double)tally->took_ns / 1e9));
	json_decref(fetches);
	return keep_if_complete(object, complete);
}

/* Counts the sites in each state: all of them, whatever part the answer has. */
static json_t *states_json(const struct overview *overview)
{
	size_t counts[NUM_SITE_STATES] = {0};
	json_t *object = json_object();
	bool complete = object != NULL;

	for (size_t i = 0; i < site_set_count(overview->sites); i++) {
		const struct managed_site *site = site_set_get(overview->sites, i);
		struct finding_counts findings;
		struct site_sum sum;

		site_state_count(fix_log_known(overview->fix_log), managed_site_name(site), &findings);
		site_tally_sum(managed_site_tally(site), &sum);
		counts[site_state_of(site, &findings, &sum)]++;
	}
	for (enum site_state i = 0; complete && i < NUM_SITE_STATES; i++)
		complete = set_member(object, site_state_name(i), json_integer((json_int_t)counts[i]));
	return keep_if_complete(object, complete);
}

static json_t *sites_json(const struct overview *overview, size_t from, size_t end)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = from; complete && i < end; i++)
		complete = json_array_append_new(array, site_json(overview, site_set_get(overview->sites, i))) == 0;
	return keep_if_complete(array, complete);
}

json_t *status_json(const struct overview *overview, size_t from)
{
	size_t count = site_set_count(overview->sites);
	json_t *object = json_object();

	if (from > count)
		from = count;
	size_t end = count - from > STATUS_MAX_SITES ? from + STATUS_MAX_SITES : count;
	bool complete = object != NULL && set_moment(object, "now", overview->now_ms) &&
			set_member(object, "program", program_json(overview)) &&
			set_member(object, "totals", totals_json(overview)) &&
			set_member(object, "mends", mends_json(overview)) &&
			set_member(object, "traffic", traffic_json_all(overview->sites)) &&
			set_member(object, "states", states_json(overview)) &&
			set_member(object, "reloads", reload_json(overview->reloads)) &&
			set_member(object, "wrong_files", wrong_files_json(overview->sites)) &&
			set_member(object, "num_sites", json_integer((json_int_t)count)) &&
			set_member(object, "next", end < count ? json_integer((json_int_t)end) : json_null()) &&
			set_member(object, "sites", sites_json(overview, from, end)) &&
			set_member(object, "recent", recent_lines_json(fix_log_recent(overview->fix_log)));

	return keep_if_complete(object, complete);
}
