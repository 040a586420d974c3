#include "proxy/system/file_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chaincache/base/hash_index.h"
#include "proxy/io/alarm.h"

/* A file as a look saw it; all zero when it was not there. */
struct file_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

struct watched_file {
	char *path;
	struct file_state state;
};

struct file_watch {
	struct alarm *alarm;
	void *context;
	void (*on_change)(void *context);
	struct watched_file *files;
	size_t count;
	struct hash_index by_path; /* of files */
	bool changing; /* the last look saw something new */
};

static struct file_state look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return (struct file_state){0};
	return (struct file_state){status.st_dev, status.st_ino, status.st_size, status.st_mtim};
}

static bool same_state(const struct file_state *a, const struct file_state *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

bool file_watch_look(struct file_watch *watch)
{
	bool changed = false;

	for (size_t i = 0; i < watch->count; i++) {
		struct file_state state = look_at(watch->files[i].path);
		changed = changed || !same_state(&state, &watch->files[i].state);
		watch->files[i].state = state;
	}
	bool complete = watch->changing && !changed;
	watch->changing = changed;
	return complete;
}

static void set_alarm(struct file_watch *watch)
{
	if (watch->count > 0)
		alarm_set(watch->alarm, FILE_WATCH_LOOK_MS + watch->count / FILE_WATCH_LOOKS_A_MS);
}

static void on_alarm(void *context)
{
	struct file_watch *watch = context;
	bool complete = file_watch_look(watch);

	set_alarm(watch);
	if (complete)
		watch->on_change(watch->context);
}

struct file_watch *file_watch_new(struct loop *loop, void *context, void (*on_change)(void *context))
{
	struct file_watch *watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return NULL;
	watch->context = context;
	watch->on_change = on_change;
	watch->alarm = alarm_new(loop, watch, on_alarm);
	if (watch->alarm != NULL)
		return watch;
	free(watch);
	return NULL;
}

static void forget(struct file_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		free(watch->files[i].path);
	free(watch->files);
	watch->files = NULL;
	watch->count = 0;
	hash_index_cleanup(&watch->by_path);
	watch->changing = false;
}

void file_watch_free(struct file_watch *watch)
{
	if (watch == NULL)
		return;
	forget(watch);
	alarm_free(watch->alarm);
	free(watch);
}

static const struct watched_file *find(const struct file_watch *watch, const char *path, uint32_t hash)
{
	uint32_t at = hash_index_first(&watch->by_path, hash);

	while (at != HASH_INDEX_END && strcmp(watch->files[at].path, path) != 0)
		at = hash_index_next(&watch->by_path, at);
	return at != HASH_INDEX_END ? &watch->files[at] : NULL;
}

/* Appends the path to `next`, with its state in `watch` if it is known there. False when out of memory. */
static bool add(struct file_watch *next, const struct file_watch *watch, const char *path)
{
	struct watched_file *file = &next->files[next->count];
	uint32_t hash = hash_index_text(HASH_INDEX_NO_TEXT, path);
	const struct watched_file *known = find(watch, path, hash);

	file->path = strdup(path);
	if (file->path == NULL || failed(hash_index_reserve(&next->by_path))) {
		free(file->path);
		return false;
	}
	file->state = known != NULL ? known->state : look_at(path);
	hash_index_add(&next->by_path, hash);
	next->count++;
	return true;
}

bool file_watch_set(struct file_watch *watch, const char *const *paths, size_t count)
{
	struct file_watch next = *watch;

	next.files = calloc(count + 1, sizeof(*next.files));
	next.count = 0;
	next.changing = false;
	next.by_path = (struct hash_index){0};
	bool complete = next.files != NULL;
	for (size_t i = 0; complete && i < count; i++)
		complete = add(&next, watch, paths[i]);
	if (!complete) {
		forget(&next);
		return false;
	}
	forget(watch);
	alarm_stop(watch->alarm);
	*watch = next;
	set_alarm(watch);
	return true;
}
