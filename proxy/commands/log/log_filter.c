#include "proxy/commands/log/log_filter.h"

#include <stdlib.h>

#include <jansson.h>

#include "chaincache/mend/finding.h"
#include "conf/values.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

const char *log_filter_set_site(struct log_filter *filter, const char *value)
{
	json_t *text = text_json(value);
	char *json = json_dump_whole(text, JSON_ENCODE_ANY);
	size_t len = json != NULL ? strlen(json) : 0;
	const char *wrong = NULL;

	json_decref(text);
	if (json == NULL) {
		wrong = value_no_memory;
	} else if (len < 2 || len - 2 >= sizeof(filter->site)) {
		wrong = "no site has a name like that";
	} else {
		memcpy(filter->site, json + 1, len - 2); /* without its quotes */
		filter->site[len - 2] = '\0';
		filter->has_site = true;
	}
	free(json);
	return wrong;
}

/* Refuses a misspelt code: the empty log that it gives would read like good news. */
const char *log_filter_set_code(struct log_filter *filter, const char *value)
{
	filter->code = value;
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		if (strcmp(finding_code_name((enum finding_code)code), value) == 0)
			return NULL;
	}
	return "there is no such code: the lines of the log show theirs";
}

const char *log_filter_set_severity(struct log_filter *filter, const char *value)
{
	static const char *const words[] = {"error", "warning", "fixed", "info"};
	filter->severity = value;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], value) == 0)
			return NULL;
	}
	return "it is none of error, warning, fixed, info";
}

static const char *parse_moment(const char *value, int64_t *out)
{
	uint64_t ago_ms = 0;
	int64_t now = time_text_now_ms() / 1000;
	if (!failed(time_text_parse(value, out)))
		return NULL;
	if (value_parse_time(value, &ago_ms) != NULL || ago_ms / 1000 > (uint64_t)now)
		return "not a time: write 2h (for two hours ago), 2026-11-20 or 2026-11-20T10:35:41Z";
	*out = now - (int64_t)(ago_ms / 1000);
	return NULL;
}

const char *log_filter_set_since(struct log_filter *filter, const char *value)
{
	filter->has_since = true;
	return parse_moment(value, &filter->since);
}

const char *log_filter_set_until(struct log_filter *filter, const char *value)
{
	filter->has_until = true;
	return parse_moment(value, &filter->until);
}

bool log_filter_is_in_time(const struct log_filter *filter, const struct log_line *line)
{
	char text[TIME_TEXT_MAX];
	struct bytes time = line->members[LOG_TIME];
	int64_t seconds = 0;

	if (!filter->has_since && !filter->has_until)
		return true;
	if (time.len >= sizeof(text))
		return false;
	memcpy(text, time.data, time.len);
	text[time.len] = '\0';
	if (failed(time_text_parse(text, &seconds)))
		return false;
	return (!filter->has_since || seconds >= filter->since) && (!filter->has_until || seconds <= filter->until);
}

bool log_filter_wants(const struct log_filter *filter, const struct log_line *line)
{
	return (filter->code == NULL || log_line_is(line, LOG_CODE, filter->code)) &&
	       (filter->severity == NULL || log_line_is(line, LOG_SEVERITY, filter->severity)) &&
	       (!filter->has_site || log_line_is(line, LOG_SITE, filter->site)) && log_filter_is_in_time(filter, line);
}
