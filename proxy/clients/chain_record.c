#include "proxy/clients/chain_record.h"

#include <stdlib.h>

#include "proxy/log/fix_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

struct chain_record *chain_record_new(struct credential *credential, uint64_t generation, int64_t now_ms)
{
	struct chain_record *record = calloc(1, sizeof(*record));

	if (record == NULL)
		return NULL;
	record->credential = credential_ref(credential);
	record->generation = generation;
	record->since_ms = now_ms;
	record->done_before = chain_tally_sum(credential->tally);
	return record;
}

void chain_record_free(struct chain_record *record)
{
	if (record == NULL)
		return;
	credential_unref(record->credential);
	name_sketch_cleanup(&record->names);
	free(record->networks);
	free(record);
}

void chain_record_use(struct chain_record *record, struct credential *credential)
{
	struct credential *former = record->credential;

	if (former == credential)
		return;
	record->credential = credential_ref(credential);
	if (former->tally != credential->tally)
		record->done_before = chain_tally_sum(credential->tally);
	credential_unref(former);
}

static void add_network(struct chain_record *record, uint64_t network)
{
	if (network == NETWORK_UNKNOWN)
		return;
	if (record->networks == NULL)
		record->networks = calloc(1, sizeof(*record->networks));
	if (record->networks != NULL)
		network_set_add(record->networks, network);
}

void chain_record_add(struct chain_record *record, const struct rejection *rejection)
{
	if (rejection->alert == NUM_TALLY_ALERTS) {
		record->vanished += rejection->count;
		return;
	}
	record->alerts[rejection->alert] += rejection->count;
	if (rejection->late)
		record->late += rejection->count;
	add_network(record, rejection->network);
	if (rejection->name[0] != '\0')
		(void)name_sketch_add(&record->names, rejection->name, rejection->count, 0);
}

uint64_t chain_record_rejected(const struct chain_record *record)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < NUM_TALLY_ALERTS; i++)
		sum += record->alerts[i];
	return sum;
}

/* A late alert's handshake was counted when it was done. */
uint64_t chain_record_handshakes(const struct chain_record *record)
{
	uint64_t done = chain_tally_sum(record->credential->tally) - record->done_before;
	uint64_t rejected = chain_record_rejected(record);
	uint64_t sum = done + rejected - record->late;

	/* Handshakes and alerts are counted on two threads: for a moment the one may be ahead of the other. */
	return sum > rejected ? sum : rejected;
}

struct rejection_side chain_record_side(const struct chain_record *record)
{
	return (struct rejection_side){
	    .handshakes = chain_record_handshakes(record),
	    .rejected = chain_record_rejected(record),
	    .networks = record->networks != NULL ? record->networks->count : 0,
	};
}

static json_t *alerts_json(const struct chain_record *record)
{
	json_t *object = json_object();
	bool complete = object != NULL;

	for (unsigned i = 0; complete && i < NUM_TALLY_ALERTS; i++) {
		if (record->alerts[i] > 0)
			complete = set_member(object, tally_alert_name((enum tally_alert)i),
					      json_integer((json_int_t)record->alerts[i]));
	}
	return keep_if_complete(object, complete);
}

static json_t *name_json(const struct name_count *name)
{
	json_t *object = json_object();
	return keep_if_complete(object, object != NULL && set_text_member(object, "name", name->name) &&
					    set_member(object, "count", json_integer((json_int_t)name->count)) &&
					    set_member(object, "error", json_integer((json_int_t)name->error)));
}

static json_t *names_json(const struct chain_record *record)
{
	struct name_count names[CHAIN_RECORD_NAMES_REPORTED];
	size_t count = name_sketch_top(&record->names, names, CHAIN_RECORD_NAMES_REPORTED);
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < count; i++)
		complete = json_array_append_new(array, name_json(&names[i])) == 0;
	return keep_if_complete(array, complete);
}

json_t *chain_record_json(const struct chain_record *record)
{
	char since[TIME_TEXT_MAX];
	struct rejection_side side = chain_record_side(record);
	bool more = record->networks != NULL && record->networks->full;
	json_t *object = json_object();
	bool complete =
	    object != NULL && set_member(object, "generation", json_integer((json_int_t)record->generation)) &&
	    set_member(object, "chain", fix_json_chain(&record->credential->chain)) &&
	    set_text_member(object, "since", time_text_print_ms(record->since_ms, since)) &&
	    set_member(object, "handshakes", json_integer((json_int_t)side.handshakes)) &&
	    set_member(object, "rejected", json_integer((json_int_t)side.rejected)) &&
	    set_member(object, "late", json_integer((json_int_t)record->late)) &&
	    set_member(object, "suspected", json_integer((json_int_t)record->vanished)) &&
	    set_member(object, "networks", json_integer((json_int_t)side.networks)) &&
	    set_member(object, "networks_or_more", json_boolean(more)) &&
	    set_member(object, "alerts", alerts_json(record)) && set_member(object, "names", names_json(record));

	return keep_if_complete(object, complete);
}
