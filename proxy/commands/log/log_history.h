/* log_history - collects the findings of a fix log: each once, with its last line and whether it is still open.
 *
 * A finding is open until it is resolved, or until a later run of the program no longer reports it: each run reports anew
 * what it finds. Runs that overlap (several machines in one log) do not end each other's findings.
 */
#ifndef PROXY_COMMANDS_LOG_LOG_HISTORY_H
#define PROXY_COMMANDS_LOG_LOG_HISTORY_H

#include "chaincache/base/hash_index.h"
#include "proxy/commands/log/log_line.h"

#define LOG_HISTORY_MAX_FINDINGS 200000
#define LOG_HISTORY_MAX_BYTES ((size_t)1024 * 1024 * 1024) /* of the lines that are kept */
#define LOG_HISTORY_MAX_RUNS 100000
#define LOG_HISTORY_TIME_CHARS 32

/* A line that is kept; text is owned and zero-terminated, NULL: none. */
struct log_kept_line {
	char *text;
	size_t len;
	size_t capacity;
};

struct log_finding {
	uint64_t key;
	char first_time[LOG_HISTORY_TIME_CHARS + 1];
	char last_time[LOG_HISTORY_TIME_CHARS + 1];
	uint64_t num_lines;
	uint32_t run; /* of the last line */
	bool resolved;
	struct log_kept_line last; /* the last line that is no `resolved`, else the `resolved` */
	struct log_kept_line fix; /* the last one with the chains of a mend */
	struct log_kept_line rejections; /* the last one with clients' rejections */
};

struct log_run {
	uint64_t key;
	char first_time[LOG_HISTORY_TIME_CHARS + 1];
	char last_time[LOG_HISTORY_TIME_CHARS + 1];
};

struct log_history {
	bool by_event; /* appeared, changed and resolved are apart: the rows of a table */
	struct log_finding *findings; /* in the order in which they appear */
	size_t num_findings, findings_capacity;
	struct hash_index by_key;
	struct log_run *runs;
	size_t num_runs, runs_capacity;
	struct hash_index by_run;
	size_t kept_bytes;
	uint64_t num_lines;
	uint64_t num_not_kept; /* lines for which there was no room */
	char first_time[LOG_HISTORY_TIME_CHARS + 1];
	char last_time[LOG_HISTORY_TIME_CHARS + 1];
};

/* Zero-initialised is a valid empty history. log_history_take takes one line of a finding and returns the finding, until the
 * next call; NULL where there is no room for it, which is counted. */
const struct log_finding *log_history_take(struct log_history *history, const struct log_line *line);

/* log_history_see takes the run of a line alone, so that findings of other lines are known to be gone when their run has
 * ended. */
void log_history_see(struct log_history *history, const struct log_line *line);
void log_history_cleanup(struct log_history *history);

enum log_state { LOG_STATE_OPEN, LOG_STATE_RESOLVED, LOG_STATE_NOT_SEEN_AGAIN };

/* log_history_states gives the state of each finding, in their order; to be freed, NULL when out of memory. */
enum log_state *log_history_states(const struct log_history *history);

#endif
