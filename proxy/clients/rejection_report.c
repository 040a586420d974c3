#include "proxy/clients/rejection_report.h"

#include <stdio.h>

#include "chaincache/certificate/certificate_words.h"
#include "proxy/log/fix_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

static const char *verdict_name(const struct chain_sides *sides)
{
	if (sides->rolled_back)
		return "rolled_back";
	return sides->verdict == REJECTIONS_STEADY ? "steady" : "risen";
}

static void print_side(const struct chain_record *record, char *out, size_t size)
{
	struct rejection_side side = chain_record_side(record);
	bool more = record->networks != NULL && record->networks->full;

	int len = snprintf(out, size, "%llu of %llu handshakes were rejected", (unsigned long long)side.rejected,
			   (unsigned long long)side.handshakes);
	if (side.networks > 0 && len > 0 && (size_t)len < size)
		snprintf(out + len, size - (size_t)len, ", by clients of %zu%s network%s", side.networks,
			 more ? " or more" : "", side.networks == 1 ? "" : "s");
}

/* Leaves out a former chain that no client saw, as that of the first moment after a start. */
const char *rejection_report_words(const struct chain_sides *sides, char out[CHAIN_SIDES_MAX_WORDS])
{
	char since[TIME_TEXT_MAX];
	char now[96];
	char before[96];

	out[0] = '\0';
	if (sides->former == NULL || chain_record_handshakes(sides->former) == 0)
		return out;
	print_side(sides->present, now, sizeof(now));
	print_side(sides->former, before, sizeof(before));
	if (sides->rolled_back)
		snprintf(out, CHAIN_SIDES_MAX_WORDS,
			 "With the chain that went out from %s and was withdrawn, %s; with the former one, which goes "
			 "out again, %s.",
			 time_text_print(sides->former->since_ms / 1000, since), before, now);
	else
		snprintf(out, CHAIN_SIDES_MAX_WORDS, "Since the chain was changed at %s, %s; before, %s.",
			 time_text_print(sides->present->since_ms / 1000, since), now, before);
	return out;
}

static void add_roll_back(struct finding_list *list, const struct chain_sides *sides)
{
	char withdrawn[96];
	char since[TIME_TEXT_MAX];
	const struct certificate *leaf = sides->present->credential->chain.items[0].certificate;

	print_side(sides->former, withdrawn, sizeof(withdrawn));
	struct finding *finding = finding_list_add(
	    list, FINDING_CLIENT_REJECTED,
	    "The chain of %s that was served from %s is withdrawn, and the former one is served again (`rollback = "
	    "on`), "
	    "because %s, far more than before. This stays so until an operator decides.",
	    certificate_words_subject(leaf).text, time_text_print(sides->former->since_ms / 1000, since), withdrawn);
	finding_set_certificate(finding, leaf);
	finding_set_action(finding, ACTION_REPLACED);
	finding_set_advice(
	    finding, "%s",
	    "Compare the chains in this line and find out which clients reject `before` (their alerts and the names "
	    "that "
	    "they asked for stand beside it). Then reload (SIGHUP) or restart to have the withdrawn chain go out "
	    "again; "
	    "or give the chain that shall stay in the certificate file, set `mode = report`, and reload.");
}

static void add_rise(struct finding_list *list, const struct chain_sides *sides)
{
	char words[CHAIN_SIDES_MAX_WORDS];
	const struct certificate *leaf = sides->present->credential->chain.items[0].certificate;
	struct finding *finding =
	    finding_list_add(list, FINDING_CLIENT_REJECTED, "More clients reject the certificate %s than before. %s",
			     certificate_words_subject(leaf).text, rejection_report_words(sides, words));

	finding_set_certificate(finding, leaf);
	finding_set_advice(finding, "%s",
			   "Compare the two chains in this line (`present` and `former`) and look at which roots these "
			   "clients trust; with `rollback = on` the former chain would come back once enough of them "
			   "reject it.");
}

void rejection_report_add(struct finding_list *list, const struct chain_sides *sides)
{
	if (sides->rolled_back)
		add_roll_back(list, sides);
	else if (sides->verdict != REJECTIONS_STEADY)
		add_rise(list, sides);
}

json_t *rejection_report_json(unsigned part, const struct chain_sides *sides)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_member(object, "certificate", json_integer((json_int_t)part)) &&
			set_text_member(object, "verdict", verdict_name(sides)) &&
			set_member(object, "present", chain_record_json(sides->present)) &&
			(sides->former == NULL || set_member(object, "former", chain_record_json(sides->former)));

	return keep_if_complete(object, complete);
}

static bool set_chains(json_t *object, const struct certificate_list *before, const struct certificate_list *after)
{
	json_int_t bytes_before = (json_int_t)certificate_list_bytes(before);
	json_int_t bytes_after = (json_int_t)certificate_list_bytes(after);

	return set_member(object, "applied", json_true()) && set_member(object, "before", fix_json_chain(before)) &&
	       set_member(object, "after", fix_json_chain(after)) &&
	       set_member(object, "bytes_before", json_integer(bytes_before)) &&
	       set_member(object, "bytes_after", json_integer(bytes_after)) &&
	       set_member(object, "bytes_added", json_integer(bytes_after - bytes_before));
}

json_t *rejection_report_members(unsigned part, const struct chain_sides *sides)
{
	json_t *object = json_object();
	json_t *array = json_array();
	bool complete =
	    object != NULL && array != NULL && json_array_append_new(array, rejection_report_json(part, sides)) == 0;

	if (complete && sides->rolled_back)
		complete = set_chains(object, &sides->former->credential->chain, &sides->present->credential->chain);
	if (complete)
		return keep_if_complete(object, set_member(object, "rejections", array));
	json_decref(array);
	json_decref(object);
	return NULL;
}
