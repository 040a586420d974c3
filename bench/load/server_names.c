#include "bench/load/server_names.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "conf/values.h"

static const char *grow(struct server_names *names)
{
	size_t capacity = names->capacity == 0 ? 16 : 2 * names->capacity;
	char **items = realloc(names->items, capacity * sizeof(*items));
	if (items == NULL)
		return "out of memory";
	names->items = items;
	names->capacity = capacity;
	return NULL;
}

const char *server_names_add(struct server_names *names, const char *name)
{
	const char *wrong = value_check_hostname(name);
	if (wrong != NULL)
		return wrong;
	if (strchr(name, '*') != NULL)
		return "a client asks for a name, not for a wildcard";
	if (names->count >= SERVER_NAMES_MAX)
		return "there are more than 100000 names";
	if (names->count == names->capacity && (wrong = grow(names)) != NULL)
		return wrong;
	names->items[names->count] = strdup(name);
	if (names->items[names->count] == NULL)
		return "out of memory";
	names->count++;
	return NULL;
}

static const char *add_line(struct server_names *names, char *line)
{
	line[strcspn(line, "#\r")] = '\0';
	line += strspn(line, " \t");
	line[strcspn(line, " \t")] = '\0';
	return *line != '\0' ? server_names_add(names, line) : NULL;
}

const char *server_names_add_file(struct server_names *names, const char *path)
{
	struct buffer text;
	const char *wrong = NULL;

	buffer_init(&text, SERVER_NAMES_MAX_FILE_BYTES);
	if (failed(file_read_all(path, SERVER_NAMES_MAX_FILE_BYTES, &text))) {
		wrong = "the file cannot be read";
		goto out;
	}
	size_t before = names->count;
	char *rest = text.len > 0 ? (char *)text.data : NULL;
	if (rest != NULL)
		text.data[text.len] = '\0';
	for (char *line; wrong == NULL && (line = strsep(&rest, "\n")) != NULL;)
		wrong = add_line(names, line);
	if (wrong == NULL && names->count == before)
		wrong = "the file has no name";
out:
	buffer_cleanup(&text);
	return wrong;
}

void server_names_cleanup(struct server_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct server_names){0};
}
