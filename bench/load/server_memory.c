#include "bench/load/server_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PATH 64
#define MAX_TEXT 8192
#define MAX_KIB (UINT64_MAX / 1024)

static void add_line(struct server_memory *memory, const char *line)
{
	const struct {
		const char *name;
		uint64_t *into;
	} rows[] = {
	    {"Rss:", &memory->rss_bytes},
	    {"Pss:", &memory->pss_bytes},
	    {"Private_Clean:", &memory->private_bytes},
	    {"Private_Dirty:", &memory->private_bytes},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].name);
		if (strncmp(line, rows[i].name, len) != 0)
			continue;
		unsigned long long kib = strtoull(line + len, NULL, 10);
		*rows[i].into += kib < MAX_KIB ? kib * 1024 : 0;
	}
}

bool server_memory_add(struct server_memory *memory, const char *text)
{
	uint64_t before = memory->rss_bytes;

	for (const char *line = text; line != NULL && *line != '\0';) {
		add_line(memory, line);
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return memory->rss_bytes > before;
}

static bool read_one(struct server_memory *memory, pid_t pid)
{
	char path[MAX_PATH], text[MAX_TEXT];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	return server_memory_add(memory, text);
}

struct error server_memory_read(struct server_memory *memory, const pid_t *roots, size_t num_roots, bool children)
{
	struct process_set set;
	struct error error = process_set_gather(&set, roots, num_roots, children);

	*memory = (struct server_memory){0};
	for (size_t i = 0; !failed(error) && i < set.count; i++) {
		if (!read_one(memory, set.pids[i]))
			error = error_of(ERROR_USAGE, 0,
					 "the server's memory cannot be read: run this as the server's user, "
					 "or as root");
	}
	return error;
}
