#include "proxy/commands/cache/cache_writer.h"

#include <stdio.h>
#include <unistd.h>

#include "proxy/cli/output.h"
#include "proxy/log/time_text.h"

#define PROGRESS_STEP 100 /* certificates */

static void on_bad_file(void *context, const char *file_name, struct error why)
{
	char text[ERROR_MAX_TEXT];
	complain("cache %s: %s was set aside: %s", (const char *)context, file_name,
		 error_print(why, text, sizeof(text)));
}

bool cache_writer_open(struct cache_writer *writer, struct cache_dir *dir)
{
	char text[ERROR_MAX_TEXT];
	struct cache_dir_visitor visitor = {.context = dir->path, .on_bad_file = on_bad_file};
	*writer = (struct cache_writer){
	    .dir = dir,
	    .there = issuer_store_new(),
	    .now = time_text_now_ms() / 1000,
	    .show_progress = isatty(STDERR_FILENO) == 1,
	};
	struct error error =
	    writer->there != NULL ? cache_dir_load(dir, writer->there, &visitor) : error_of(ERROR_MEMORY, 0, "");
	writer->broken = failed(error);
	if (writer->broken)
		complain("cache %s: %s", dir->path, error_print(error, text, sizeof(text)));
	return !writer->broken;
}

void cache_writer_close(struct cache_writer *writer)
{
	issuer_store_unref(writer->there);
	*writer = (struct cache_writer){0};
}

static void show_progress(const struct cache_writer *writer)
{
	size_t done = writer->num_new + writer->num_there + writer->num_not_ca;
	if (writer->show_progress && done % PROGRESS_STEP == 0)
		fprintf(stderr, "\r%zu certificates read, %zu new ", done, writer->num_new);
}

static struct error take_one(struct cache_writer *writer, const struct certificate *certificate, const char *source)
{
	if (!certificate->is_ca) {
		writer->num_not_ca++;
		return error_none();
	}
	if (issuer_store_contains(writer->there, certificate)) {
		writer->num_there++;
		return error_none();
	}
	struct error error = cache_dir_put(writer->dir, certificate, source, writer->now);
	if (!failed(error))
		error = issuer_store_add(writer->there, certificate, SOURCE_CACHE);
	if (!failed(error))
		writer->num_new++;
	return error;
}

bool cache_writer_put(struct cache_writer *writer, const struct certificate_list *list, const char *source)
{
	char text[ERROR_MAX_TEXT];
	for (size_t i = 0; i < list->count; i++) {
		struct error error = take_one(writer, list->items[i].certificate, source);
		if (failed(error)) {
			complain("cache %s: %s: what came before is kept; give a directory that can be written with "
				 "--cache",
				 writer->dir->path, error_print(error, text, sizeof(text)));
			writer->broken = true;
			return false;
		}
		show_progress(writer);
	}
	return true;
}

void cache_writer_clear_progress(const struct cache_writer *writer)
{
	if (writer->show_progress && writer->num_new + writer->num_there + writer->num_not_ca >= PROGRESS_STEP)
		fprintf(stderr, "\r\033[K");
}

void cache_writer_print(const struct cache_writer *writer)
{
	cache_writer_clear_progress(writer);
	printf("%zu new, %zu there already", writer->num_new, writer->num_there);
	if (writer->num_not_ca > 0)
		printf(", %zu passed over: not CA certificates", writer->num_not_ca);
	if (writer->num_unreadable > 0)
		printf(", %zu passed over: unreadable", writer->num_unreadable);
	printf("; the cache is %s\n", writer->dir->path);
}
