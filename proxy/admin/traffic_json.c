#include "proxy/admin/traffic_json.h"

#include "proxy/log/json_member.h"

enum { NUM_POINTS = TRAFFIC_HISTORY_MINUTES + 1 };

static void add_sample(struct traffic_sample *sum, struct traffic_sample sample)
{
	sum->handshakes += sample.handshakes;
	sum->rejected += sample.rejected;
	sum->failed += sample.failed;
}

/* The oldest first, the running minute last. */
static void add_points(struct traffic_sample points[NUM_POINTS], struct site_tally *tally)
{
	const struct traffic_history *history = site_tally_history(tally);

	for (size_t i = 0; i < TRAFFIC_HISTORY_MINUTES; i++)
		add_sample(&points[i], traffic_history_get(history, TRAFFIC_HISTORY_MINUTES - 1 - i));
	add_sample(&points[TRAFFIC_HISTORY_MINUTES], traffic_history_running(history, site_tally_sample(tally)));
}

static bool append_number(json_t *array, uint64_t number)
{
	return json_array_append_new(array, json_integer((json_int_t)number)) == 0;
}

static json_t *points_json(const struct traffic_sample points[NUM_POINTS])
{
	json_t *object = json_object();
	json_t *handshakes = json_array();
	json_t *rejected = json_array();
	json_t *failed = json_array();
	bool complete = object != NULL && handshakes != NULL && rejected != NULL && failed != NULL;

	for (size_t i = 0; complete && i < NUM_POINTS; i++)
		complete = append_number(handshakes, points[i].handshakes) &&
			   append_number(rejected, points[i].rejected) && append_number(failed, points[i].failed);
	if (complete)
		complete = set_member(object, "minutes", json_integer(NUM_POINTS)) &&
			   json_object_set(object, "handshakes", handshakes) == 0 &&
			   json_object_set(object, "rejected", rejected) == 0 &&
			   json_object_set(object, "failed", failed) == 0;
	json_decref(handshakes);
	json_decref(rejected);
	json_decref(failed);
	return keep_if_complete(object, complete);
}

json_t *traffic_json(struct site_tally *tally)
{
	struct traffic_sample points[NUM_POINTS] = {0};

	add_points(points, tally);
	return points_json(points);
}

json_t *traffic_json_all(const struct site_set *sites)
{
	struct traffic_sample points[NUM_POINTS] = {0};

	for (size_t i = 0; i < site_set_count(sites); i++)
		add_points(points, managed_site_tally(site_set_get(sites, i)));
	return points_json(points);
}
