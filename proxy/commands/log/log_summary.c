#include "proxy/commands/log/log_summary.h"

#include <stdio.h>
#include <stdlib.h>

#define CLIENT_REJECTED_WEIGHT 5

/* Ranks findings that hurt clients today first: errors, then rejections, then those that chainmend mends meanwhile. */
static unsigned weight_of(const struct log_line *line, enum finding_severity severity)
{
	static const unsigned weights[] = {
	    [SEVERITY_ERROR] = 6, [SEVERITY_FIXED] = 4, [SEVERITY_WARNING] = 3, [SEVERITY_INFO] = 1};
	bool rejected = log_line_is(line, LOG_CODE, "client_rejected") && severity == SEVERITY_WARNING;
	return rejected ? CLIENT_REJECTED_WEIGHT : weights[severity];
}

static enum finding_severity severity_of(const struct log_line *line)
{
	for (int i = LOG_NUM_SEVERITIES - 1; i > 0; i--) {
		if (log_line_is(line, LOG_SEVERITY, finding_severity_name((enum finding_severity)i)))
			return (enum finding_severity)i;
	}
	return SEVERITY_INFO;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
	if (order == 0)
		order = a.len < b.len ? -1 : a.len > b.len;
	return order;
}

/* By site, then what is open, then by weight, then the newest first. */
static int compare_items(const void *a, const void *b)
{
	const struct log_item *left = a;
	const struct log_item *right = b;
	int order = compare_bytes(left->line.members[LOG_SITE], right->line.members[LOG_SITE]);
	if (order == 0)
		order = (left->state != LOG_STATE_OPEN) - (right->state != LOG_STATE_OPEN);
	if (order == 0)
		order = (int)right->weight - (int)left->weight;
	if (order == 0)
		order = strcmp(right->finding->last_time, left->finding->last_time);
	return order != 0 ? order : (left->finding < right->finding ? -1 : left->finding > right->finding);
}

static unsigned site_weight(const struct log_site *site)
{
	return site->num_open > 0 ? site->items[0].weight : 0;
}

static int compare_sites(const void *a, const void *b)
{
	const struct log_site *left = a;
	const struct log_site *right = b;
	int order = (int)site_weight(right) - (int)site_weight(left);
	return order != 0 ? order : compare_bytes(left->name, right->name);
}

static void take_items(struct log_summary *summary, const enum log_state *states)
{
	for (size_t i = 0; i < summary->history->num_findings; i++) {
		const struct log_finding *finding = &summary->history->findings[i];
		struct log_item *item = &summary->items[summary->num_items];
		if (finding->last.text == NULL ||
		    log_line_scan(bytes_of(finding->last.text, finding->last.len), &item->line) != LOG_LINE_FINDING)
			continue;
		item->finding = finding;
		item->state = states[i];
		item->severity = severity_of(&item->line);
		item->weight = weight_of(&item->line, item->severity);
		summary->num_items++;
	}
}

/* By all that is said, so that the same of certificate and backend stands together, the certificate's first. */
static int compare_facts(const void *a, const void *b)
{
	static const enum log_member members[] = {LOG_SITE, LOG_CODE, LOG_SEVERITY,   LOG_MESSAGE,
						  LOG_NAME, LOG_URL,  LOG_CERTIFICATE};
	const struct log_item *left = a;
	const struct log_item *right = b;
	int order = (int)left->state - (int)right->state;
	for (size_t i = 0; order == 0 && i < sizeof(members) / sizeof(members[0]); i++)
		order = compare_bytes(left->line.members[members[i]], right->line.members[members[i]]);
	return order;
}

static int compare_sides(const void *a, const void *b)
{
	const struct log_item *left = a;
	const struct log_item *right = b;
	int order = compare_facts(a, b);
	if (order == 0)
		order = log_line_is(&left->line, LOG_SUBJECT_OF, "backend") -
			log_line_is(&right->line, LOG_SUBJECT_OF, "backend");
	return order != 0 ? order : (left->finding < right->finding ? -1 : left->finding > right->finding);
}

/* A certificate that the backend sends too, as with `certificate = backend`, is at fault on both sides: one repair, one
 * item. */
static void fold_sides(struct log_summary *summary)
{
	size_t kept = 0;
	struct log_item *items = summary->items;

	qsort(items, summary->num_items, sizeof(*items), compare_sides);
	for (size_t i = 0; i < summary->num_items; i++) {
		struct log_item *last = kept > 0 ? &items[kept - 1] : NULL;
		bool folds = last != NULL && compare_facts(last, &items[i]) == 0 &&
			     log_line_is(&last->line, LOG_SUBJECT_OF, "certificate") &&
			     log_line_is(&items[i].line, LOG_SUBJECT_OF, "backend");
		if (folds)
			last->on_both_sides = true;
		else
			items[kept++] = items[i];
	}
	summary->num_items = kept;
}

static void count_item(struct log_site *site, const struct log_item *item)
{
	site->num_items++;
	site->num_resolved += item->state == LOG_STATE_RESOLVED;
	site->num_not_seen_again += item->state == LOG_STATE_NOT_SEEN_AGAIN;
	if (item->state != LOG_STATE_OPEN)
		return;
	site->num_open++;
	site->open_by_severity[item->severity]++;
}

static void take_sites(struct log_summary *summary)
{
	for (size_t i = 0; i < summary->num_items; i++) {
		const struct log_item *item = &summary->items[i];
		struct bytes name = item->line.members[LOG_SITE];
		if (summary->num_sites == 0 || !bytes_equal(summary->sites[summary->num_sites - 1].name, name))
			summary->sites[summary->num_sites++] = (struct log_site){.name = name, .items = item};
		count_item(&summary->sites[summary->num_sites - 1], item);
	}
}

struct error log_summary_make(const struct log_history *history, struct log_summary *out)
{
	enum log_state *states = log_history_states(history);
	*out = (struct log_summary){.history = history};
	out->items = calloc(history->num_findings + 1, sizeof(*out->items));
	out->sites = calloc(history->num_findings + 1, sizeof(*out->sites));
	if (states == NULL || out->items == NULL || out->sites == NULL) {
		free(states);
		log_summary_cleanup(out);
		return error_of(ERROR_MEMORY, 0, "sum the log up");
	}
	take_items(out, states);
	free(states);
	fold_sides(out);
	qsort(out->items, out->num_items, sizeof(*out->items), compare_items);
	take_sites(out);
	qsort(out->sites, out->num_sites, sizeof(*out->sites), compare_sites);
	return error_none();
}

void log_summary_cleanup(struct log_summary *summary)
{
	free(summary->items);
	free(summary->sites);
	*summary = (struct log_summary){0};
}

json_t *log_summary_item_json(const struct log_item *item)
{
	return json_loadb(item->finding->last.text, item->finding->last.len, 0, NULL);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

void log_summary_item_message(const struct log_item *item, const json_t *line, char *out, size_t size)
{
	if (item->on_both_sides)
		snprintf(out, size, "Here and on the backend: %s", text_of(line, "message"));
	else
		log_line_message(text_of(line, "subject_of"), text_of(line, "message"), out, size);
}

json_t *log_summary_rejections(const struct log_site *site, bool *out_of_memory)
{
	const struct log_finding *latest = NULL;
	for (size_t i = 0; i < site->num_items; i++) {
		const struct log_finding *finding = site->items[i].finding;
		if (finding->rejections.text != NULL &&
		    (latest == NULL || strcmp(finding->last_time, latest->last_time) > 0))
			latest = finding;
	}
	*out_of_memory = false;
	if (latest == NULL)
		return NULL;
	json_t *line = json_loadb(latest->rejections.text, latest->rejections.len, 0, NULL);
	*out_of_memory = line == NULL; /* the line was scanned, and is JSON */
	return line;
}
