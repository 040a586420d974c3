/* fix_log - what was found and what was mended, for people and scripts to read: JSON Lines, one finding a line.
 *
 * A line has `time` (RFC 3339, UTC, milliseconds), `event` (appeared, changed or resolved; the finding keeps its
 * own severity in all three), `site`, `subject_of` (certificate, backend or clients), the finding's own fields
 * and, where a chain was changed, `before` and `after` ({subject, sha256, source} each), `applied` (false in `mode
 * = report`) and `runners_up` ({path, why}). It is written when the finding appears, changes or goes away, not
 * again and again. A log that cannot be written is told in the program log once; the finding is then told again by
 * the next look.
 */
#ifndef PROXY_GLUE_FIX_LOG_H
#define PROXY_GLUE_FIX_LOG_H

#include "chaincache/mend.h"
#include "proxy/glue/known_findings.h"
#include "proxy/glue/program_log.h"

#define FIX_LOG_MAX_LINE ((size_t)1024 * 1024) /* bytes; a longer line goes without its chains */

struct fix_log;

/* fix_log_open opens `path` (or "stderr"). `log` is borrowed. Only ERROR_MEMORY fails: a file that cannot be opened is
 * told in `log`, and tried again with each line. */
MUST_USE struct error fix_log_open(const char *path, const struct program_log *log, struct fix_log **out);
void fix_log_close(struct fix_log *fix_log);

/* fix_log_reopen opens the file anew; fix_log_set_path another one, where the path is another one. */
void fix_log_reopen(struct fix_log *fix_log);
void fix_log_set_path(struct fix_log *fix_log, const char *path);

/* What one look at one thing gave, chains included. All borrowed. */
struct fix_report {
	struct finding_group group;
	const struct finding_list *findings;
	const struct mend_result *result; /* for before, after and the runners-up; NULL: no chain was mended */
	bool applied; /* the mended chain is what goes out */
};

/* fix_log_report writes what is new in it. `now_ms` is the wall clock in milliseconds since 1970. */
void fix_log_report(struct fix_log *fix_log, const struct fix_report *report, int64_t now_ms);

/* fix_log_keep resolves the findings of each group that `is_kept` refuses: a site, certificate or backend that is
 * gone. */
void fix_log_keep(struct fix_log *fix_log, bool (*is_kept)(void *context, const struct finding_group *group),
		  void *context, int64_t now_ms);

#endif
