/* log_summary - sorts a log's findings by site and weight: which are open, which are gone, what to do next. */
#ifndef PROXY_COMMANDS_LOG_LOG_SUMMARY_H
#define PROXY_COMMANDS_LOG_LOG_SUMMARY_H

#include <jansson.h>

#include "chaincache/mend/finding.h"
#include "proxy/commands/log/log_history.h"

#define LOG_NUM_SEVERITIES (SEVERITY_ERROR + 1)

/* Borrowed from the history. */
struct log_item {
	const struct log_finding *finding;
	enum log_state state;
	struct log_line line; /* of the finding's last line */
	enum finding_severity severity;
	unsigned weight; /* the higher, the sooner to be done */
	bool on_both_sides; /* of the site's certificate, and told of the backend in the same words */
};

struct log_site {
	struct bytes name; /* as JSON writes it */
	const struct log_item *items; /* open ones first, the weightiest first */
	size_t num_items, num_open, num_resolved, num_not_seen_again;
	size_t open_by_severity[LOG_NUM_SEVERITIES];
};

struct log_summary {
	const struct log_history *history; /* borrowed */
	struct log_item *items; /* owned; site after site */
	size_t num_items;
	struct log_site *sites; /* owned; the site with the weightiest finding first */
	size_t num_sites;
};

/* log_summary_make: cleaned up on error. The history must not change as long as the summary is there. */
MUST_USE struct error log_summary_make(const struct log_history *history, struct log_summary *out);
void log_summary_cleanup(struct log_summary *summary);

/* log_summary_item_json parses the item's last line again, whole; a new reference, NULL when it cannot be. */
json_t *log_summary_item_json(const struct log_item *item);

/* log_summary_item_message writes the message of the item's line, and where it holds: on the backend, or on both sides. */
void log_summary_item_message(const struct log_item *item, const json_t *line, char *out, size_t size);

/* log_summary_rejections is the latest line of the site with clients' rejections, as JSON; NULL where there is none, and
 * where memory runs out. */
json_t *log_summary_rejections(const struct log_site *site, bool *out_of_memory);

#endif
