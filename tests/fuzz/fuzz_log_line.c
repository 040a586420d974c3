/* Compares the scan of a log line with a JSON library: both see the same members. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proxy/commands/log/log_history.h"
#include "proxy/commands/log/log_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool is_so)
{
	if (!is_so)
		abort();
}

/* The last one of a name counts, for both. */
static void compare(const json_t *object, struct bytes raw, const char *key)
{
	const json_t *value = json_object_get(object, key);
	need((value != NULL) == (raw.data != NULL));
	if (json_is_string(value) && memchr(raw.data, '\\', raw.len) == NULL)
		need(json_string_length(value) == raw.len && memcmp(json_string_value(value), raw.data, raw.len) == 0);
}

static void take_lines(const uint8_t *data, size_t size)
{
	struct log_history history = {.by_event = size % 2 == 0};
	for (const uint8_t *end = data + size; data < end;) {
		const uint8_t *feed = memchr(data, '\n', (size_t)(end - data));
		const uint8_t *stop = feed != NULL ? feed : end;
		struct log_line line;
		if (log_line_scan(bytes_of(data, (size_t)(stop - data)), &line) == LOG_LINE_FINDING)
			(void)log_history_take(&history, &line);
		data = stop + (feed != NULL);
	}
	enum log_state *states = log_history_states(&history);
	need(states != NULL && history.num_not_kept == 0);
	free(states);
	log_history_cleanup(&history);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of just this size, so that a read beyond it is noticed. */
	uint8_t *copy = malloc(size > 0 ? size : 1);
	struct log_line line;
	need(copy != NULL);
	memcpy(copy, data, size);
	enum log_line_verdict verdict = log_line_scan(bytes_of(copy, size), &line);
	if (verdict == LOG_LINE_FINDING && memchr(line.json.data, '\n', line.json.len) == NULL) {
		json_t *object = json_loadb((const char *)line.json.data, line.json.len, 0, NULL);
		need(json_is_object(object));
		compare(object, line.members[LOG_SITE], "site");
		compare(object, line.members[LOG_CODE], "code");
		compare(object, line.members[LOG_EVENT], "event");
		(void)log_line_key(&line);
		json_decref(object);
	}
	take_lines(copy, size);
	free(copy);
	return 0;
}
