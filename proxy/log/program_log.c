#include "proxy/log/program_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/printable.h"

/* The priorities of syslog(3), as sd-daemon(3) reads them. */
static const char *const journal_prefixes[] = {
    [LOG_LEVEL_ERROR] = "<3>",
    [LOG_LEVEL_WARNING] = "<4>",
    [LOG_LEVEL_INFO] = "<6>",
    [LOG_LEVEL_DEBUG] = "<7>",
};

/* $JOURNAL_STREAM is the device and inode of the journal's socket: stderr may have been redirected since. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[sizeof("18446744073709551615:18446744073709551615")];
	struct stat status;

	if (stream == NULL || fstat(fd, &status) != 0)
		return false;
	snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
	return strcmp(stream, own) == 0;
}

void program_log_init(struct program_log *log, int fd, enum config_log_level level)
{
	*log = (struct program_log){.fd = fd, .level = level, .journal = is_journal(fd)};
}

/* Appends `text` to line[*len], control characters escaped; false when it had to be cut. */
static bool append(char *line, size_t *len, const char *text)
{
	const size_t room = PROGRAM_LOG_MAX_LINE - (sizeof("...\n") - 1);
	struct bytes bytes = bytes_of_string(text);
	bool is_whole = printable_copy(bytes, PRINTABLE_LINE, line + *len, room - *len) == bytes.len;

	*len += strlen(line + *len);
	return is_whole;
}

static void write_parts(const struct program_log *log, enum config_log_level level, const char *what, const char *why)
{
	const char *parts[] = {log->journal ? journal_prefixes[level] : "", "chainmend: ", what,
			       what[0] != '\0' ? ": " : "", why};
	char line[PROGRAM_LOG_MAX_LINE];
	size_t len = 0;
	bool whole = true;

	for (size_t i = 0; whole && i < sizeof(parts) / sizeof(parts[0]); i++)
		whole = append(line, &len, parts[i]);
	for (int i = 0; !whole && i < 3; i++)
		line[len++] = '.';
	line[len++] = '\n';
	/* There is no other place to report that stderr cannot be written. */
	ssize_t written = write(log->fd, line, len);
	(void)written;
}

void program_log_write(const struct program_log *log, enum config_log_level level, const char *what, const char *why,
		       ...)
{
	char text[PROGRAM_LOG_MAX_LINE];
	va_list arguments;

	if (level > log->level)
		return;
	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	write_parts(log, level, what, text);
}

void program_log_lines(const struct program_log *log, enum config_log_level level, const char *text)
{
	char line[PROGRAM_LOG_MAX_LINE];

	if (level > log->level)
		return;
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1), text);
		if (len > 0)
			write_parts(log, level, "", line);
		text += len + (text[len] == '\n');
	}
}
