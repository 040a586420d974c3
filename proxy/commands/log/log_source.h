/* log_source - reads the bytes of a log: a file or standard input, plain or gzip (by its first bytes). */
#ifndef PROXY_COMMANDS_LOG_LOG_SOURCE_H
#define PROXY_COMMANDS_LOG_LOG_SOURCE_H

#include <stdio.h>
#include <sys/types.h>
#include <zlib.h>

#include "chaincache/base/error.h"

#define LOG_SOURCE_CHUNK ((size_t)128 * 1024) /* of compressed bytes */

struct log_source {
	const char *path; /* borrowed; "-": standard input */
	int fd;
	dev_t device; /* of the file that is open, to see it replaced */
	ino_t inode;
	unsigned char head[2]; /* the first bytes, until they are handed out */
	size_t num_head;
	bool sniffed;
	bool compressed;
	bool member_ended; /* of the compressed parts: one is at its end */
	z_stream inflate;
	unsigned char *chunk; /* owned */
};

MUST_USE struct error log_source_open(struct log_source *source, const char *path);
void log_source_close(struct log_source *source);

/* log_source_read reads up to `size` bytes; *out_len 0: the end of what is there by now. Waits only for standard input.
 * ERROR_FORMAT for compressed bytes that are cut short or broken. */
MUST_USE struct error log_source_read(struct log_source *source, void *out, size_t size, size_t *out_len);

enum log_source_change {
	LOG_SOURCE_SAME,
	LOG_SOURCE_REPLACED, /* the path has another file by now: what is left of this one comes first */
	LOG_SOURCE_CUT, /* the file is shorter than what was read of it */
};

/* log_source_look compares the path with what is open; standard input is always the same. */
enum log_source_change log_source_look(const struct log_source *source);

/* log_source_follow opens the path anew, from its start; false, and all as it was, when it cannot be opened. */
bool log_source_follow(struct log_source *source);

#endif
