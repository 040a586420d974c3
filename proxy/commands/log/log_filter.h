/* log_filter - selects the lines of a log. */
#ifndef PROXY_COMMANDS_LOG_LOG_FILTER_H
#define PROXY_COMMANDS_LOG_LOG_FILTER_H

#include "proxy/commands/log/log_line.h"

#define LOG_FILTER_MAX_SITE 1024 /* bytes of a site's name as JSON writes it */

/* Zero-initialised wants all. Strings are the caller's. */
struct log_filter {
	const char *code;
	const char *severity;
	bool has_site;
	char site[LOG_FILTER_MAX_SITE]; /* as JSON writes it */
	bool has_since, has_until;
	int64_t since, until; /* seconds since 1970 */
};

/* Each returns NULL, or what is wrong with the value: a clause that completes "--site VALUE: ...". A moment is a time
 * before now ("2h") or one of RFC 3339, or a day. */
const char *log_filter_set_site(struct log_filter *filter, const char *value);
const char *log_filter_set_code(struct log_filter *filter, const char *value);
const char *log_filter_set_severity(struct log_filter *filter, const char *value);
const char *log_filter_set_since(struct log_filter *filter, const char *value);
const char *log_filter_set_until(struct log_filter *filter, const char *value);

/* log_filter_is_in_time looks at the time alone: a line that is not wanted still shows that its run goes on
 * (log_history_see). */
bool log_filter_is_in_time(const struct log_filter *filter, const struct log_line *line);
bool log_filter_wants(const struct log_filter *filter, const struct log_line *line);

#endif
