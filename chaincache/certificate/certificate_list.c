#include "chaincache/certificate/certificate_list.h"

#include <stdlib.h>

#include "chaincache/base/buffer.h"

enum { FIRST_CAPACITY = 8 };

const char *certificate_source_name(enum certificate_source source)
{
	static const char *const words[] = {
#define X(name, word) word,
	    CERTIFICATE_SOURCES(X)
#undef X
	};

	return words[source];
}

static struct error make_room(struct certificate_list *list)
{
	if (list->count < list->capacity)
		return error_none();
	size_t capacity = list->capacity > 0 ? list->capacity * 2 : FIRST_CAPACITY;
	struct certificate_entry *items = realloc(list->items, capacity * sizeof(*items));
	if (items == NULL)
		return error_of(ERROR_MEMORY, 0, "grow a list of certificates");
	list->items = items;
	list->capacity = capacity;
	return error_none();
}

struct error certificate_list_append(struct certificate_list *list, const struct certificate *certificate,
				     enum certificate_source source)
{
	struct error error = make_room(list);
	if (failed(error))
		return error;
	list->items[list->count++] = (struct certificate_entry){certificate_ref(certificate), source};
	return error_none();
}

struct error certificate_list_copy(struct certificate_list *out, const struct certificate_list *list)
{
	*out = (struct certificate_list){0};
	for (size_t i = 0; i < list->count; i++) {
		struct error error = certificate_list_append(out, list->items[i].certificate, list->items[i].source);
		if (failed(error)) {
			certificate_list_cleanup(out);
			return error;
		}
	}
	return error_none();
}

struct error certificate_list_replace(struct certificate_list *list, const struct certificate_list *by)
{
	struct certificate_list copy;
	struct error error = certificate_list_copy(&copy, by);
	if (failed(error))
		return error;
	certificate_list_cleanup(list);
	*list = copy;
	return error_none();
}

void certificate_list_cleanup(struct certificate_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		certificate_unref(list->items[i].certificate);
	free(list->items);
	*list = (struct certificate_list){0};
}

bool certificate_list_contains(const struct certificate_list *list, const struct certificate *certificate)
{
	for (size_t i = 0; i < list->count; i++)
		if (certificate_equal(list->items[i].certificate, certificate))
			return true;
	return false;
}

bool certificate_list_equal(const struct certificate_list *a, const struct certificate_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!certificate_equal(a->items[i].certificate, b->items[i].certificate))
			return false;
	return true;
}

size_t certificate_list_bytes(const struct certificate_list *list)
{
	size_t sum = 0;

	for (size_t i = 0; i < list->count; i++)
		sum += list->items[i].certificate->der.len;
	return sum;
}

struct error certificate_list_write_pem(const struct certificate_list *list, struct buffer *out)
{
	struct error error = error_none();

	for (size_t i = 0; i < list->count && !failed(error); i++)
		error = certificate_write_pem(list->items[i].certificate, out);
	return error;
}

bool certificate_list_valid_at(const struct certificate_list *list, int64_t now)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!certificate_valid_at(list->items[i].certificate, now))
			return false;
	}
	return true;
}
