#include "proxy/admin/site_json.h"

#include "proxy/admin/traffic_json.h"
#include "proxy/log/finding_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

static bool append(json_t *array, json_t *take_value)
{
	return json_array_append_new(array, take_value) == 0;
}

static json_t *count_json(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *listens_json(const struct config_site *config)
{
	char text[CONFIG_ADDRESS_MAX];
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < config->num_listens; i++) {
		const struct config_address *address = &config->listens[i];
		complete = append(array, text_json(config_address_print(address->host, address->port, text)));
	}
	return keep_if_complete(array, complete);
}

/* One certificate of a chain; `other` is the chain beside it. */
static json_t *entry_json(const struct certificate_entry *entry, const struct certificate_list *other,
			  const char *difference)
{
	json_t *object = certificate_json(entry);
	bool differs = !certificate_list_contains(other, entry->certificate);

	return keep_if_complete(object, object != NULL && set_member(object, difference, json_boolean(differs)));
}

static json_t *entries_json(const struct certificate_list *chain, const struct certificate_list *other,
			    const char *difference)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < chain->count; i++)
		complete = append(array, entry_json(&chain->items[i], other, difference));
	return keep_if_complete(array, complete);
}

static json_t *stores_json(const struct chain_verdict *verdict)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < verdict->num_stores; i++) {
		const struct store_verdict *store = &verdict->stores[i];
		json_t *object = json_object();
		bool whole = object != NULL && set_text_member(object, "name", store->name) &&
			     set_member(object, "served_trusted", json_boolean(store->served_trusted)) &&
			     set_member(object, "mended_trusted", json_boolean(store->mended_trusted));
		complete = append(array, keep_if_complete(object, whole));
	}
	return keep_if_complete(array, complete);
}

static json_t *names_json(const struct chain_verdict *verdict)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < verdict->num_names; i++) {
		const struct name_result *name = &verdict->names[i];
		json_t *object = json_object();
		bool whole = object != NULL && set_text_member(object, "name", name->name.text) &&
			     set_member(object, "covered", json_boolean(name->match.verdict == NAME_COVERED)) &&
			     set_text_member(object, "why", name->match.why);
		complete = append(array, keep_if_complete(object, whole));
	}
	return keep_if_complete(array, complete);
}

static json_t *anchor_json(const struct certificate *anchor)
{
	struct certificate_entry entry = {anchor, SOURCE_ROOTS};
	return anchor != NULL ? certificate_json(&entry) : json_null();
}

static json_t *chain_state_json(const struct managed_site *site, size_t index)
{
	const struct chain_verdict *verdict = managed_site_verdict(site, index);
	const struct certificate_list *given = managed_site_given(site, index);
	const struct certificate_list *chain = managed_site_chain(site, index);
	const struct certificate_list *mended = verdict->judged ? &verdict->mended : chain;
	json_t *object = json_object();
	bool complete =
	    object != NULL && set_text_member(object, "state", chain_state_name(site_state_chain(site, index))) &&
	    set_member(object, "served", entries_json(given, mended, "left_out")) &&
	    set_member(object, "mended", entries_json(mended, given, "added")) &&
	    set_member(object, "goes_out",
		       json_string(certificate_list_equal(chain, mended)  ? "mended"
				   : certificate_list_equal(chain, given) ? "served"
									  : "former")) &&
	    set_member(object, "anchor", anchor_json(verdict->anchor)) &&
	    set_member(object, "served_trusted", json_boolean(verdict->served_trusted)) &&
	    set_member(object, "mended_trusted", json_boolean(verdict->mended_trusted)) &&
	    set_member(object, "stores", stores_json(verdict)) && set_member(object, "names", names_json(verdict));

	if (complete && verdict->judged)
		complete = set_time_member(object, "judged", verdict->judged_s);
	return keep_if_complete(object, complete);
}

static json_t *chains_json(const struct managed_site *site)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < managed_site_num_certificates(site); i++)
		complete = append(array, chain_state_json(site, i));
	return keep_if_complete(array, complete);
}

/* The walk over a site's findings. */
struct finding_walk {
	json_t *array;
	size_t num_left_out;
	bool complete;
};

static void add_finding(void *context, const struct finding_group *group, const struct finding *finding,
			int64_t since_ms)
{
	struct finding_walk *walk = context;
	char since[TIME_TEXT_MAX];

	if (json_array_size(walk->array) >= SITE_JSON_MAX_FINDINGS) {
		walk->num_left_out++;
		return;
	}
	json_t *object = finding_json(finding);
	bool whole = object != NULL && set_text_member(object, "subject_of", finding_subject_name(group->subject)) &&
		     set_text_member(object, "since", time_text_print_ms(since_ms, since));
	walk->complete = append(walk->array, keep_if_complete(object, whole)) && walk->complete;
}

static bool set_findings(json_t *object, const struct overview *overview, const char *site)
{
	struct finding_walk walk = {.array = json_array(), .complete = true};

	if (walk.array == NULL)
		return false;
	known_findings_visit(fix_log_known(overview->fix_log), site, add_finding, &walk);
	return set_member(object, "findings", keep_if_complete(walk.array, walk.complete)) &&
	       set_member(object, "findings_left_out", count_json(walk.num_left_out));
}

static json_t *backend_json(const struct managed_site *site, size_t index, const struct site_sum *sum)
{
	const struct config_backend *backend = &managed_site_config(site)->backends[index];
	const struct prober *prober = managed_site_prober(site);
	const struct certificate_list *chain = prober != NULL ? prober_chain(prober, index) : NULL;
	char address[CONFIG_ADDRESS_MAX];
	json_t *object = json_object();
	bool complete = object != NULL && set_member(object, "tls", json_boolean(backend->tls)) &&
			set_text_member(object, "address",
					config_address_print(backend->address.host, backend->address.port, address)) &&
			set_text_member(object, "state", backend_state_name(site_state_backend(site, index, sum)));

#define X(field, ...)                                                                                                  \
	if (index < sum->num_backends)                                                                                 \
		complete = complete && set_member(object, #field, count_json(sum->backends[index].field));
	BACKEND_COUNTERS(X)
#undef X
	if (complete && chain != NULL && chain->count > 0)
		complete = set_text_member(object, "serves", chain->items[0].certificate->subject) &&
			   set_time_member(object, "not_after", chain->items[0].certificate->not_after);
	return keep_if_complete(object, complete);
}

static json_t *backends_json(const struct managed_site *site, const struct site_sum *sum)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < managed_site_config(site)->num_backends; i++)
		complete = append(array, backend_json(site, i, sum));
	return keep_if_complete(array, complete);
}

static json_t *alerts_json(const struct site_sum *sum)
{
	json_t *object = json_object();
	bool complete = object != NULL;

	for (enum tally_alert i = 0; complete && i < NUM_TALLY_ALERTS; i++) {
		if (sum->alerts[i] > 0)
			complete = set_member(object, tally_alert_name(i), count_json(sum->alerts[i]));
	}
	return keep_if_complete(object, complete);
}

static json_t *totals_json(const struct site_sum *sum)
{
	json_t *object = json_object();
	bool complete = object != NULL;

#define X(field, ...) complete = complete && set_member(object, #field, count_json(sum->field));
	SITE_SUMS(X)
	SITE_COUNTERS(X)
#undef X
	return keep_if_complete(object, complete && set_member(object, "alerts", alerts_json(sum)));
}

json_t *site_json(const struct overview *overview, const struct managed_site *site)
{
	const struct config_site *config = managed_site_config(site);
	struct finding_counts findings;
	struct site_sum sum;
	json_t *object = json_object();

	site_state_count(fix_log_known(overview->fix_log), config->name, &findings);
	site_tally_sum(managed_site_tally(site), &sum);
	bool complete = object != NULL && set_text_member(object, "name", config->name) &&
			set_text_member(object, "state", site_state_name(site_state_of(site, &findings, &sum))) &&
			set_text_member(object, "mode", config->mode == MODE_REPORT ? "report" : "mend") &&
			set_member(object, "certificate_is_backend", json_boolean(config->certificate_is_backend)) &&
			set_member(object, "listen", listens_json(config)) &&
			set_member(object, "chains", chains_json(site)) &&
			set_findings(object, overview, config->name) &&
			set_member(object, "rejections", chain_watch_json(overview->watch, config->name)) &&
			set_member(object, "backends", backends_json(site, &sum)) &&
			set_member(object, "totals", totals_json(&sum)) &&
			set_member(object, "traffic", traffic_json(managed_site_tally(site)));

	return keep_if_complete(object, complete);
}
