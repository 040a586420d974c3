#include "proxy/log/recent_lines.h"

#include "proxy/log/finding_json.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

static json_t *line_json(const struct finding_group *group, const struct finding_change *change, int64_t now_ms)
{
	char time[TIME_TEXT_MAX];
	json_t *object = finding_json(change->finding);
	bool complete = object != NULL && set_text_member(object, "time", time_text_print_ms(now_ms, time)) &&
			set_text_member(object, "event", finding_event_name(change->event)) &&
			set_text_member(object, "site", group->site) &&
			set_text_member(object, "subject_of", finding_subject_name(group->subject));

	return keep_if_complete(object, complete);
}

void recent_lines_add(struct recent_lines *lines, const struct finding_group *group,
		      const struct finding_change *change, int64_t now_ms)
{
	json_t *line = line_json(group, change, now_ms);

	if (line == NULL)
		return;
	json_decref(lines->items[lines->next]);
	lines->items[lines->next] = line;
	lines->next = (lines->next + 1) % RECENT_LINES_MAX;
}

void recent_lines_cleanup(struct recent_lines *lines)
{
	for (size_t i = 0; i < RECENT_LINES_MAX; i++)
		json_decref(lines->items[i]);
	*lines = (struct recent_lines){0};
}

json_t *recent_lines_json(const struct recent_lines *lines)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t age = 0; complete && age < RECENT_LINES_MAX; age++) {
		json_t *line = lines->items[(lines->next + RECENT_LINES_MAX - 1 - age) % RECENT_LINES_MAX];
		if (line != NULL)
			complete = json_array_append(array, line) == 0;
	}
	return keep_if_complete(array, complete);
}
