#include "bench/load/process_set.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PATH 64
#define MAX_STAT 1024

static bool has(const struct process_set *set, pid_t pid)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->pids[i] == pid)
			return true;
	}
	return false;
}

static bool add(struct process_set *set, pid_t pid)
{
	if (has(set, pid))
		return true;
	if (set->count == PROCESS_SET_MAX)
		return false;
	set->pids[set->count++] = pid;
	return true;
}

/* proc(5): "pid (name) state ppid ..."; the name may hold anything, so that the last bracket ends it. */
static pid_t parent_of(pid_t pid)
{
	char path[MAX_PATH], text[MAX_STAT];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	size_t len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	const char *behind = strrchr(text, ')');
	if (behind == NULL || strlen(behind) < sizeof(") S "))
		return -1;
	return (pid_t)strtol(behind + sizeof(") S ") - 1, NULL, 10);
}

/* One pass over /proc: *out_grown when a child was found that the set did not have. */
static struct error add_children(struct process_set *set, bool *out_grown)
{
	DIR *proc = opendir("/proc");
	size_t before = set->count;
	bool full = false;

	if (proc == NULL)
		return error_system("read /proc");
	for (struct dirent *entry; !full && (entry = readdir(proc)) != NULL;) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (!has(set, pid) && has(set, parent_of(pid)))
			full = !add(set, pid);
	}
	closedir(proc);
	*out_grown = set->count > before;
	return full ? error_of(ERROR_LIMIT, 0, "the server has more than 512 processes") : error_none();
}

struct error process_set_gather(struct process_set *set, const pid_t *roots, size_t num_roots, bool children)
{
	struct error error = error_none();

	set->count = 0;
	for (size_t i = 0; i < num_roots; i++) {
		if (parent_of(roots[i]) < 0)
			return error_of(ERROR_USAGE, 0, "--server-pid: no such process is running");
		if (!add(set, roots[i]))
			return error_of(ERROR_LIMIT, 0, "the server has more than 512 processes");
	}
	for (bool grown = children; !failed(error) && grown;)
		error = add_children(set, &grown);
	return error;
}
