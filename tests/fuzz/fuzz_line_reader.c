/* Whatever the file: each line comes once, in order, as a plain look for line feeds finds it; a packed one ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proxy/commands/log/line_reader.h"

#define MAX_LINES 1000000 /* of what is unpacked: more than any input here gives */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool is_so)
{
	if (!is_so)
		abort();
}

static void expect_line(const struct line_reader *reader, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *feed = memchr(*at, '\n', (size_t)(end - *at));
	size_t len = (size_t)((feed != NULL ? feed : end) - *at);
	need(*at < end && reader->len == len && memcmp(reader->line, *at, len) == 0 && reader->line[len] == '\0');
	*at += len + (feed != NULL);
}

static void read_file(const char *path, const uint8_t *data, size_t size)
{
	struct line_reader reader;
	const uint8_t *at = data;
	bool packed = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
	uint64_t count = 0;

	need(!failed(line_reader_open(&reader, path)));
	while (line_reader_next(&reader, true) && count < MAX_LINES) {
		if (!packed)
			expect_line(&reader, &at, data + size);
		need(reader.number == ++count);
	}
	need(packed || (at == data + size && !failed(reader.error)));
	line_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("fuzz_line_reader", MFD_CLOEXEC);

	need(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_file(path, data, size);
	close(fd);
	return 0;
}
