#include "proxy/commands/check/audit_json.h"

#include "proxy/log/finding_json.h"
#include "proxy/log/json_member.h"

static json_t *name_json(const struct name_result *name)
{
	json_t *object = json_object();
	bool covered = name->match.verdict == NAME_COVERED;
	return keep_if_complete(
	    object, object != NULL && set_text_member(object, "name", name->name.text) &&
			set_member(object, "covered", json_boolean(covered)) &&
			set_member(object, "matched_by", covered ? text_json(name->match.matched_by) : json_null()) &&
			set_text_member(object, "why", name->match.why));
}

static json_t *names_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_names; i++)
		complete = json_array_append_new(array, name_json(&result->names[i])) == 0;
	return keep_if_complete(array, complete);
}

static json_t *store_json(const struct store_verdict *store)
{
	json_t *object = json_object();
	return keep_if_complete(object, object != NULL && set_text_member(object, "name", store->name) &&
					    set_member(object, "served_trusted", json_boolean(store->served_trusted)) &&
					    set_member(object, "mended_trusted", json_boolean(store->mended_trusted)) &&
					    set_member(object, "served_judged", json_boolean(store->served_judged)) &&
					    set_member(object, "mended_judged", json_boolean(store->mended_judged)));
}

static json_t *stores_json(const struct mend_result *result)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < result->num_stores; i++)
		complete = json_array_append_new(array, store_json(&result->stores[i])) == 0;
	return keep_if_complete(array, complete);
}

static json_t *anchor_json(const struct mend_result *result)
{
	if (result->anchor == NULL)
		return json_null();
	struct certificate_entry entry = {result->anchor, SOURCE_ROOTS};
	return certificate_json(&entry);
}

static bool set_facts(json_t *object, const struct audit_json_facts *facts)
{
	return set_text_member(object, "target", facts->target) && set_text_member(object, "address", facts->address) &&
	       set_text_member(object, "tls_version", facts->tls_version) &&
	       set_text_member(object, "cipher", facts->cipher) && set_time_member(object, "time", facts->time);
}

static bool set_result(json_t *object, const struct mend_result *result)
{
	return set_member(object, "names", names_json(result)) &&
	       set_member(object, "served", chain_json(&result->served)) &&
	       set_member(object, "mended", chain_json(&result->mended)) &&
	       set_member(object, "anchor", anchor_json(result)) &&
	       set_member(object, "changed", json_boolean(result->changed)) &&
	       set_member(object, "stores", stores_json(result)) &&
	       set_member(object, "served_trusted", json_boolean(result->served_trusted)) &&
	       set_member(object, "mended_trusted", json_boolean(result->mended_trusted)) &&
	       set_time_member(object, "first_expiry", result->first_expiry) &&
	       set_member(object, "findings", finding_list_json(&result->findings)) &&
	       set_member(object, "findings_dropped", json_integer((json_int_t)result->findings.num_dropped)) &&
	       set_member(object, "runners_up", runners_up_json(result));
}

/* Makes one list of the entries of all chains; `add` appends those of one chain. */
static json_t *gather(const struct checked_chain *chains, size_t num_chains,
		      bool (*add)(json_t *array, const struct checked_chain *chain, size_t index))
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < num_chains; i++)
		complete = add(array, &chains[i], i);
	return keep_if_complete(array, complete);
}

static bool add_names(json_t *array, const struct checked_chain *chain, size_t index)
{
	for (size_t i = 0; i < chain->result->num_names; i++) {
		json_t *name = name_json(&chain->result->names[i]);
		bool complete = name != NULL && set_member(name, "chain", json_integer((json_int_t)index));
		if (json_array_append_new(array, name) != 0 || !complete)
			return false;
	}
	return true;
}

static json_t *asked_for_json(const struct checked_chain *chain)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < chain->num_names; i++)
		complete = json_array_append_new(array, text_json(chain->names[i].text)) == 0;
	return keep_if_complete(array, complete);
}

static bool add_findings(json_t *array, const struct checked_chain *chain, size_t index)
{
	const struct finding_list *findings = &chain->result->findings;
	(void)index;
	for (size_t i = 0; i < findings->count; i++) {
		json_t *finding = finding_json(&findings->items[i]);
		bool complete = finding != NULL && set_member(finding, "asked_for", asked_for_json(chain));
		if (json_array_append_new(array, finding) != 0 || !complete)
			return false;
	}
	return true;
}

static bool add_chain(json_t *array, const struct checked_chain *chain, size_t index)
{
	const struct survey_look *look = chain->look;
	json_t *object = json_object();
	bool complete = object != NULL && set_text_member(object, "address", look->address) &&
			set_text_member(object, "tls_version", look->tls_version) &&
			set_text_member(object, "cipher", look->cipher) && set_result(object, chain->result) &&
			set_member(object, "exit_status", json_integer((json_int_t)chain->status));
	(void)index;
	return json_array_append_new(array, object) == 0 && complete;
}

/* A store accepts them when it accepts every one. The stores are the same for each chain, in the same order. */
static json_t *common_stores_json(const struct checked_chain *chains, size_t num_chains)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < chains[0].result->num_stores; i++) {
		struct store_verdict verdict = chains[0].result->stores[i];
		for (size_t k = 1; k < num_chains && i < chains[k].result->num_stores; k++) {
			verdict.served_trusted = verdict.served_trusted && chains[k].result->stores[i].served_trusted;
			verdict.mended_trusted = verdict.mended_trusted && chains[k].result->stores[i].mended_trusted;
			verdict.served_judged = verdict.served_judged && chains[k].result->stores[i].served_judged;
			verdict.mended_judged = verdict.mended_judged && chains[k].result->stores[i].mended_judged;
		}
		complete = json_array_append_new(array, store_json(&verdict)) == 0;
	}
	return keep_if_complete(array, complete);
}

static json_t *not_checked_json(const struct survey *survey)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < survey->num_names; i++) {
		const struct survey_look *look = survey_look_of(survey, &survey->names[i]);
		if (look->chain != SURVEY_NO_CHAIN)
			continue;
		json_t *object = json_object();
		complete = object != NULL && set_text_member(object, "name", survey->names[i].text) &&
			   set_text_member(object, "error", look->reason);
		complete = json_array_append_new(array, object) == 0 && complete;
	}
	return keep_if_complete(array, complete);
}

/* Holds for all chains together. */
struct summary {
	bool changed, served_trusted, mended_trusted;
	int64_t first_expiry;
	size_t num_dropped;
};

static struct summary summary_of(const struct checked_chain *chains, size_t num_chains)
{
	struct summary summary = {.served_trusted = true, .mended_trusted = true, .first_expiry = INT64_MAX};
	for (size_t i = 0; i < num_chains; i++) {
		const struct mend_result *result = chains[i].result;
		summary.changed = summary.changed || result->changed;
		summary.served_trusted = summary.served_trusted && result->served_trusted;
		summary.mended_trusted = summary.mended_trusted && result->mended_trusted;
		summary.num_dropped += result->findings.num_dropped;
		if (result->first_expiry < summary.first_expiry)
			summary.first_expiry = result->first_expiry;
	}
	return summary;
}

static bool set_many(json_t *object, const struct checked_chain *chains, size_t num_chains)
{
	const struct mend_result *first = chains[0].result;
	struct summary summary = summary_of(chains, num_chains);
	return set_member(object, "names", gather(chains, num_chains, add_names)) &&
	       set_member(object, "served", chain_json(&first->served)) &&
	       set_member(object, "mended", chain_json(&first->mended)) &&
	       set_member(object, "anchor", anchor_json(first)) &&
	       set_member(object, "changed", json_boolean(summary.changed)) &&
	       set_member(object, "stores", common_stores_json(chains, num_chains)) &&
	       set_member(object, "served_trusted", json_boolean(summary.served_trusted)) &&
	       set_member(object, "mended_trusted", json_boolean(summary.mended_trusted)) &&
	       set_time_member(object, "first_expiry", summary.first_expiry) &&
	       set_member(object, "findings", gather(chains, num_chains, add_findings)) &&
	       set_member(object, "findings_dropped", json_integer((json_int_t)summary.num_dropped)) &&
	       set_member(object, "runners_up", runners_up_json(first)) &&
	       set_member(object, "chains", gather(chains, num_chains, add_chain));
}

bool audit_json_print(const struct audit_json_facts *facts, const struct mend_result *result, FILE *file)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_facts(object, facts) && set_result(object, result) &&
			set_text_member(object, "pem", facts->pem) &&
			set_member(object, "exit_status", json_integer(facts->exit_status));
	return json_write(keep_if_complete(object, complete), file);
}

static bool print_many(const struct audit_json_facts *facts, const struct check_report *report, FILE *file)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_facts(object, facts) &&
			set_many(object, report->chains, report->num_chains) &&
			set_member(object, "not_checked", not_checked_json(report->survey)) &&
			set_member(object, "exit_status", json_integer(facts->exit_status));
	return json_write(keep_if_complete(object, complete), file);
}

static const char *known(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

struct audit_json_facts audit_json_facts_of(const char *target, const struct survey_look *look)
{
	if (look == NULL)
		return (struct audit_json_facts){.target = target};
	return (struct audit_json_facts){
	    .target = target,
	    .address = known(look->address),
	    .tls_version = known(look->tls_version),
	    .cipher = known(look->cipher),
	};
}

bool audit_json_print_report(const struct check_report *report, FILE *file)
{
	struct audit_json_facts facts = audit_json_facts_of(report->target, report->chains[0].look);
	facts.time = report->now;
	facts.exit_status = check_report_status(report);
	if (report->survey == NULL || (report->survey->num_looks == 1 && report->num_chains == 1))
		return audit_json_print(&facts, report->chains[0].result, file);
	return print_many(&facts, report, file);
}

/* The members that each document has, empty. */
static bool set_nothing(json_t *object)
{
	static const char *const lists[] = {"names", "served", "mended", "stores", "findings"};
	bool complete = true;
	for (size_t i = 0; complete && i < sizeof(lists) / sizeof(lists[0]); i++)
		complete = set_member(object, lists[i], json_array());
	return complete && set_member(object, "served_trusted", json_false()) &&
	       set_member(object, "mended_trusted", json_false());
}

bool audit_json_print_error(const struct audit_json_facts *facts, const char *error, FILE *file)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_facts(object, facts) && set_text_member(object, "error", error) &&
			set_nothing(object) && set_member(object, "exit_status", json_integer(facts->exit_status));
	return json_write(keep_if_complete(object, complete), file);
}
