#include <stdlib.h>
#include <string.h>

#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"

#define FIRST_CAPACITY 64

static bool make_room(struct cache_contents *contents)
{
	if (contents->count < contents->capacity)
		return true;
	size_t capacity = contents->capacity > 0 ? 2 * contents->capacity : FIRST_CAPACITY;
	struct cache_item *items = realloc(contents->items, capacity * sizeof(*items));
	if (items == NULL)
		return false;
	contents->items = items;
	contents->capacity = capacity;
	return true;
}

static void on_record(void *context, const struct cache_record *record)
{
	struct cache_contents *contents = context;
	char *source = strdup(record->source);
	char *fetched = strdup(record->fetched);
	if (source == NULL || fetched == NULL || !make_room(contents)) {
		free(source);
		free(fetched);
		contents->out_of_memory = true;
		return;
	}
	contents->items[contents->count++] = (struct cache_item){
	    .certificate = certificate_ref(record->certificate),
	    .source = source,
	    .fetched = fetched,
	};
}

static void on_bad_file(void *context, const char *file_name, struct error why)
{
	struct cache_contents *contents = context;
	char text[ERROR_MAX_TEXT];
	bool content = why.kind != ERROR_SYSTEM;
	contents->num_bad++;
	complain("cache: %s: %s%s", file_name, error_print(why, text, sizeof(text)),
		 content ? ": it is not used, and set aside as .bad where the directory can be written" : "");
}

bool cache_contents_read(struct cache_dir *dir, struct cache_contents *out)
{
	*out = (struct cache_contents){0};
	struct cache_dir_visitor visitor = {.context = out, .on_record = on_record, .on_bad_file = on_bad_file};
	char text[ERROR_MAX_TEXT];
	struct error error = cache_dir_visit(dir, &visitor);
	if (!failed(error) && out->out_of_memory)
		error = error_of(ERROR_MEMORY, 0, "");
	if (failed(error))
		complain("cache %s: %s", dir->path, error_print(error, text, sizeof(text)));
	return !failed(error);
}

void cache_contents_cleanup(struct cache_contents *contents)
{
	for (size_t i = 0; i < contents->count; i++) {
		certificate_unref(contents->items[i].certificate);
		free(contents->items[i].source);
		free(contents->items[i].fetched);
	}
	free(contents->items);
	*contents = (struct cache_contents){0};
}
