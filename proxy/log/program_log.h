/* program_log - chainmend's own log on stderr: one line an event, `chainmend: what: why`.
 *
 * Under systemd's journal each line begins with its level ("<4>", sd-daemon(3)). Names and reasons come from clients and
 * servers: control characters in them are written as \xNN. No secret is ever logged.
 */
#ifndef PROXY_LOG_PROGRAM_LOG_H
#define PROXY_LOG_PROGRAM_LOG_H

#include "conf/config.h"

#define PROGRAM_LOG_MAX_LINE 2048 /* bytes; what is longer is cut with "..." */

struct program_log {
	int fd; /* borrowed */
	enum config_log_level level; /* lines below it are not written */
	bool journal;
};

/* program_log_init makes a log that writes to `fd`; the journal is known by $JOURNAL_STREAM (systemd.exec(5)). */
void program_log_init(struct program_log *log, int fd, enum config_log_level level);

/* program_log_write writes one line with one write(2). `why` in printf form; `what` is a site, a file, an address. */
void program_log_write(const struct program_log *log, enum config_log_level level, const char *what, const char *why,
		       ...) __attribute__((format(printf, 4, 5)));

/* program_log_lines writes each line of `text` (newline-terminated, "what: why" each) as a line of its own. */
void program_log_lines(const struct program_log *log, enum config_log_level level, const char *text);

#endif
