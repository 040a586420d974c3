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

bool cache_intake_open(struct cache_intake *intake, struct cache_dir *dir)
{
	char text[ERROR_MAX_TEXT];
	struct cache_dir_visitor visitor = {.context = dir->path, .on_bad_file = on_bad_file};
	*intake = (struct cache_intake){
	    .dir = dir,
	    .there = issuer_store_new(),
	    .now = time_text_now_ms() / 1000,
	    .show_progress = isatty(STDERR_FILENO) == 1,
	};
	struct error error =
	    intake->there != NULL ? cache_dir_load(dir, intake->there, &visitor) : error_of(ERROR_MEMORY, 0, "");
	if (failed(error))
		complain("cache %s: %s", dir->path, error_print(error, text, sizeof(text)));
	return !failed(error);
}

void cache_intake_close(struct cache_intake *intake)
{
	issuer_store_unref(intake->there);
	*intake = (struct cache_intake){0};
}

static void show_progress(const struct cache_intake *intake)
{
	size_t done = intake->num_new + intake->num_there + intake->num_not_ca;
	if (intake->show_progress && done % PROGRESS_STEP == 0)
		fprintf(stderr, "\r%zu certificates read, %zu new ", done, intake->num_new);
}

static struct error take_one(struct cache_intake *intake, const struct certificate *certificate, const char *source)
{
	if (!certificate->is_ca) {
		intake->num_not_ca++;
		return error_none();
	}
	if (issuer_store_contains(intake->there, certificate)) {
		intake->num_there++;
		return error_none();
	}
	struct error error = cache_dir_put(intake->dir, certificate, source, intake->now);
	if (!failed(error))
		error = issuer_store_add(intake->there, certificate, SOURCE_CACHE);
	if (!failed(error))
		intake->num_new++;
	return error;
}

bool cache_intake_take(struct cache_intake *intake, const struct certificate_list *list, const char *source)
{
	char text[ERROR_MAX_TEXT];
	for (size_t i = 0; i < list->count; i++) {
		struct error error = take_one(intake, list->items[i].certificate, source);
		if (failed(error)) {
			complain("cache %s: %s: what came before is kept; give a directory that can be written with "
				 "--cache",
				 intake->dir->path, error_print(error, text, sizeof(text)));
			intake->broken = true;
			return false;
		}
		show_progress(intake);
	}
	return true;
}

void cache_intake_clear_progress(const struct cache_intake *intake)
{
	if (intake->show_progress && intake->num_new + intake->num_there + intake->num_not_ca >= PROGRESS_STEP)
		fprintf(stderr, "\r\033[K");
}

void cache_intake_print(const struct cache_intake *intake)
{
	cache_intake_clear_progress(intake);
	printf("%zu new, %zu there already", intake->num_new, intake->num_there);
	if (intake->num_not_ca > 0)
		printf(", %zu passed over: not CA certificates", intake->num_not_ca);
	if (intake->num_unreadable > 0)
		printf(", %zu passed over: unreadable", intake->num_unreadable);
	printf("; the cache is %s\n", intake->dir->path);
}
