#include "proxy/commands/log/log_history.h"

#include <stdlib.h>

#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)
#define FIRST_CAPACITY 64

static uint64_t hash_of(struct bytes text)
{
	uint64_t hash = FNV_START;
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ text.data[i]) * FNV_PRIME;
	return hash;
}

static uint32_t fold(uint64_t key)
{
	return (uint32_t)(key ^ key >> 32);
}

/* Keeps the earliest and the latest: clocks are set back, and files are read in another order. */
static void span_time(char first[LOG_HISTORY_TIME_CHARS + 1], char last[LOG_HISTORY_TIME_CHARS + 1], struct bytes time)
{
	char text[LOG_HISTORY_TIME_CHARS + 1];
	size_t len = time.len < LOG_HISTORY_TIME_CHARS ? time.len : LOG_HISTORY_TIME_CHARS;

	memcpy(text, time.data, len);
	text[len] = '\0';
	if (first[0] == '\0' || strcmp(text, first) < 0)
		memcpy(first, text, len + 1);
	if (strcmp(text, last) > 0)
		memcpy(last, text, len + 1);
}

/* Makes room for one more item, by doubling the array; false at the maximum or when out of memory. */
static bool grow(void **items, size_t size, size_t count, size_t *capacity, size_t max)
{
	size_t wanted = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
	if (count < *capacity || count >= max)
		return count < max;
	void *grown = realloc(*items, wanted * size);
	if (grown == NULL)
		return false;
	*items = grown;
	*capacity = wanted;
	return true;
}

static struct log_finding *find(const struct log_history *history, uint64_t key)
{
	uint32_t at = hash_index_first(&history->by_key, fold(key));
	while (at != HASH_INDEX_END && history->findings[at].key != key)
		at = hash_index_next(&history->by_key, at);
	return at != HASH_INDEX_END ? &history->findings[at] : NULL;
}

static struct log_finding *add(struct log_history *history, uint64_t key)
{
	void *items = history->findings;
	bool room = grow(&items, sizeof(*history->findings), history->num_findings, &history->findings_capacity,
			 LOG_HISTORY_MAX_FINDINGS);
	history->findings = items;
	if (!room || failed(hash_index_reserve(&history->by_key)))
		return NULL;
	hash_index_add(&history->by_key, fold(key));
	struct log_finding *finding = &history->findings[history->num_findings++];
	*finding = (struct log_finding){.key = key};
	return finding;
}

static uint32_t find_run(struct log_history *history, struct bytes run)
{
	uint64_t key = hash_of(run);
	void *items = history->runs;

	uint32_t at = hash_index_first(&history->by_run, fold(key));
	while (at != HASH_INDEX_END && history->runs[at].key != key)
		at = hash_index_next(&history->by_run, at);
	if (at != HASH_INDEX_END)
		return at;
	bool room =
	    grow(&items, sizeof(*history->runs), history->num_runs, &history->runs_capacity, LOG_HISTORY_MAX_RUNS);
	history->runs = items;
	if (!room || failed(hash_index_reserve(&history->by_run)))
		return UINT32_MAX;
	hash_index_add(&history->by_run, fold(key));
	history->runs[history->num_runs] = (struct log_run){.key = key};
	return (uint32_t)history->num_runs++;
}

static bool keep(struct log_history *history, struct log_kept_line *kept, struct bytes text)
{
	if (text.len + 1 > kept->capacity) {
		size_t capacity = text.len + text.len / 8 + 1; /* counts grow by a digit, and the line with them */
		if (history->kept_bytes - kept->capacity + capacity > LOG_HISTORY_MAX_BYTES)
			return false;
		char *grown = realloc(kept->text, capacity);
		if (grown == NULL)
			return false;
		history->kept_bytes += capacity - kept->capacity;
		kept->text = grown;
		kept->capacity = capacity;
	}
	memcpy(kept->text, text.data, text.len);
	kept->text[text.len] = '\0';
	kept->len = text.len;
	return true;
}

static bool keep_lines(struct log_history *history, struct log_finding *finding, const struct log_line *line)
{
	bool kept = true;

	if (!finding->resolved || finding->last.text == NULL)
		kept = keep(history, &finding->last, line->json);
	if (line->members[LOG_STORES].data != NULL)
		kept = keep(history, &finding->fix, line->json) && kept;
	if (line->members[LOG_REJECTIONS].data != NULL)
		kept = keep(history, &finding->rejections, line->json) && kept;
	return kept;
}

/* Returns the place of the line's run; UINT32_MAX where there is no room for it. */
static uint32_t note_run(struct log_history *history, const struct log_line *line)
{
	uint32_t place = find_run(history, line->members[LOG_RUN]);

	if (place != UINT32_MAX)
		span_time(history->runs[place].first_time, history->runs[place].last_time, line->members[LOG_TIME]);
	return place;
}

void log_history_see(struct log_history *history, const struct log_line *line)
{
	(void)note_run(history, line);
}

const struct log_finding *log_history_take(struct log_history *history, const struct log_line *line)
{
	uint64_t key = log_line_key(line) ^ (history->by_event ? hash_of(line->members[LOG_EVENT]) : 0);
	struct log_finding *finding = find(history, key);

	history->num_lines++;
	span_time(history->first_time, history->last_time, line->members[LOG_TIME]);
	if (finding == NULL)
		finding = add(history, key);
	if (finding == NULL) {
		history->num_not_kept++;
		return NULL;
	}
	span_time(finding->first_time, finding->last_time, line->members[LOG_TIME]);
	finding->num_lines++;
	finding->resolved = log_line_is(line, LOG_EVENT, "resolved");
	finding->run = note_run(history, line);
	history->num_not_kept += !keep_lines(history, finding, line);
	return finding;
}

void log_history_cleanup(struct log_history *history)
{
	for (size_t i = 0; i < history->num_findings; i++) {
		free(history->findings[i].last.text);
		free(history->findings[i].fix.text);
		free(history->findings[i].rejections.text);
	}
	free(history->findings);
	free(history->runs);
	hash_index_cleanup(&history->by_key);
	hash_index_cleanup(&history->by_run);
	*history = (struct log_history){0};
}

/* Returns when the last of the runs began to write. */
static const char *last_beginning(const struct log_history *history)
{
	const char *last = "";
	for (size_t i = 0; i < history->num_runs; i++) {
		if (strcmp(history->runs[i].first_time, last) > 0)
			last = history->runs[i].first_time;
	}
	return last;
}

enum log_state *log_history_states(const struct log_history *history)
{
	enum log_state *states = calloc(history->num_findings + 1, sizeof(*states));
	const char *last = last_beginning(history);

	for (size_t i = 0; states != NULL && i < history->num_findings; i++) {
		const struct log_finding *finding = &history->findings[i];
		bool outlived = finding->run != UINT32_MAX && strcmp(history->runs[finding->run].last_time, last) < 0;
		if (finding->resolved)
			states[i] = LOG_STATE_RESOLVED;
		else
			states[i] = outlived ? LOG_STATE_NOT_SEEN_AGAIN : LOG_STATE_OPEN;
	}
	return states;
}
