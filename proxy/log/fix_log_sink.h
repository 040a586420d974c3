/* fix_log_sink - writes the fix log's lines to a file, to stderr, or to the journal that stderr is connected to. */
#ifndef PROXY_LOG_FIX_LOG_SINK_H
#define PROXY_LOG_FIX_LOG_SINK_H

#include "proxy/log/fix_line.h"
#include "proxy/system/journal.h"
#include "proxy/system/line_file.h"

/* Holds always: the journal is open only while the file stands for stderr. */
struct fix_log_sink {
	struct line_file file;
	struct journal journal;
	const char *journal_path; /* borrowed; NULL: stderr is not the journal's */
};

/* fix_log_sink_init opens nothing yet. `journal_path` NULL where stderr is not the journal's. ERROR_MEMORY alone. */
MUST_USE struct error fix_log_sink_init(struct fix_log_sink *sink, const char *path, const char *journal_path);
void fix_log_sink_cleanup(struct fix_log_sink *sink);

/* fix_log_sink_reopen opens the file or the journal's socket anew. */
MUST_USE struct error fix_log_sink_reopen(struct fix_log_sink *sink);

/* fix_log_sink_write writes one line, whole or not at all. Where the journal does not take it, it goes to stderr, after
 * its priority ("<4>"). */
MUST_USE struct error fix_log_sink_write(struct fix_log_sink *sink, const struct fix_line *line);

#endif
