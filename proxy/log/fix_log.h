/* fix_log - writes findings, and what was mended, as JSON Lines: one finding a line (docs/fix-log.md).
 *
 * A line is written when its finding appears, changes or goes away: whole, in order, by the control thread alone. It goes
 * to a file, to stderr, or, where stderr is the journal's, there as an entry with fields. A log that cannot be written is
 * reported once in the program log. Its lines wait until it can be written; the program log then says how many waited and
 * how many were lost.
 */
#ifndef PROXY_LOG_FIX_LOG_H
#define PROXY_LOG_FIX_LOG_H

#include "proxy/log/fix_line.h"
#include "proxy/log/program_log.h"

#define FIX_LOG_MAX_WAITING 1000 /* lines; one that does not fit is lost, and the next look reports its finding again */
#define FIX_LOG_MAX_WAITING_BYTES ((size_t)8 * 1024 * 1024)

struct recent_lines;

struct fix_log;

struct fix_log_options {
	const char *path; /* or "stderr" */
	const char *journal; /* the journal's socket, where `log` says that stderr is the journal's */
	const struct program_log *log; /* borrowed as long as the fix log is there */
	int64_t now_ms; /* the wall clock in milliseconds since 1970, which names this run */
};

/* fix_log_open: ERROR_MEMORY alone. A file that cannot be opened is reported in `log`, and tried again. */
MUST_USE struct error fix_log_open(const struct fix_log_options *options, struct fix_log **out);

/* fix_log_close writes the lines that wait, and reports how many are lost. */
void fix_log_close(struct fix_log *fix_log);

/* fix_log_reopen opens the file anew; fix_log_set_path another one, where the path is another one. */
void fix_log_reopen(struct fix_log *fix_log);
void fix_log_set_path(struct fix_log *fix_log, const char *path);

/* fix_log_tick, called every second or so, writes the lines that wait, and changes to a new file where the path has one. */
void fix_log_tick(struct fix_log *fix_log);

/* fix_log_report writes the findings that are new or changed. `now_ms` is the wall clock in milliseconds since 1970. */
void fix_log_report(struct fix_log *fix_log, const struct fix_report *report, int64_t now_ms);

/* fix_log_known returns the open findings, fix_log_recent the lines that were written last. */
const struct known_findings *fix_log_known(const struct fix_log *fix_log);
const struct recent_lines *fix_log_recent(const struct fix_log *fix_log);

/* fix_log_keep resolves the findings of each group that `is_kept` refuses: a site, certificate or backend that is
 * gone. */
void fix_log_keep(struct fix_log *fix_log, bool (*is_kept)(void *context, const struct finding_group *group),
		  void *context, int64_t now_ms);

#endif
