#include "proxy/admin/reload_json.h"

#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

static bool set_last(json_t *object, const struct reload_tally *tally)
{
	char time[TIME_TEXT_MAX];
	const char *name = reload_result_name(tally->last);

	if (tally->counts[tally->last] == 0)
		return set_member(object, "last", json_null()) && set_member(object, "time", json_null());
	return set_text_member(object, "last", name) &&
	       set_text_member(object, "time", time_text_print_ms(tally->last_ms[tally->last], time));
}

json_t *reload_json(const struct reload_tally *tally)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_last(object, tally);

	for (enum reload_result i = 0; complete && i < NUM_RELOAD_RESULTS; i++)
		complete = set_member(object, reload_result_name(i), json_integer((json_int_t)tally->counts[i]));
	return keep_if_complete(object, complete);
}

static json_t *site_json_of(const struct managed_site *site)
{
	json_t *object = json_object();
	bool serves = managed_site_reading(site) == SITE_KEPT;

	return keep_if_complete(object, object != NULL && set_text_member(object, "site", managed_site_name(site)) &&
					    set_member(object, "serves", json_boolean(serves)) &&
					    set_text_member(object, "faults", managed_site_faults(site)));
}

json_t *wrong_files_json(const struct site_set *sites)
{
	json_t *object = json_object();
	json_t *array = json_array();
	bool complete = object != NULL && array != NULL;
	size_t count = 0;

	for (size_t i = 0; complete && i < site_set_count(sites); i++) {
		const struct managed_site *site = site_set_get(sites, i);
		if (managed_site_reading(site) == SITE_READ)
			continue;
		if (count++ < RELOAD_JSON_MAX_SITES)
			complete = json_array_append_new(array, site_json_of(site)) == 0;
	}
	complete = complete && set_member(object, "count", json_integer((json_int_t)count)) &&
		   json_object_set(object, "sites", array) == 0;
	json_decref(array);
	return keep_if_complete(object, complete);
}
