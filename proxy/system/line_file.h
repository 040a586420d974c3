/* line_file - a file that lines are appended to, whole or not at all, by one write(2) each.
 *
 * A line that was cut short (a full disk) is taken back where this process is the only writer. Elsewhere a newline ends
 * it before the next line.
 */
#ifndef PROXY_SYSTEM_LINE_FILE_H
#define PROXY_SYSTEM_LINE_FILE_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

struct line_file {
	char *path; /* owned; "stderr" means file descriptor 2 */
	int fd; /* -1 while it cannot be opened */
	bool torn; /* the last line is there in part */
};

/* line_file_init only remembers the path; the file is opened when a line is written. ERROR_MEMORY alone. */
MUST_USE struct error line_file_init(struct line_file *file, const char *path);

/* line_file_reopen opens the file anew: after it was moved away, say. It is made with mode 0640. A directory that is
 * missing is made too (0755, one level). A symbolic link is followed where it belongs to root or to the user of this
 * process. Where that fails, the file that is open stays so. */
MUST_USE struct error line_file_reopen(struct line_file *file);

/* line_file_follow opens it anew where the path has another file by now, or none: it was moved away, or deleted. */
MUST_USE struct error line_file_follow(struct line_file *file);

/* line_file_write appends `line`, which ends with a newline. A file that is not open is opened first. */
MUST_USE struct error line_file_write(struct line_file *file, struct bytes line);

void line_file_close(struct line_file *file);

#endif
