#include "proxy/clients/asked_names.h"

/* A clock that was set back makes nothing old. */
static bool is_old(const struct asked_name *item, int64_t now_ms)
{
	return now_ms - item->asked_ms > ASKED_NAMES_MS;
}

/* Finds the name, else a place for it; NULL where there is none. */
static struct asked_name *find_place(struct asked_names *asked, const struct host_name *name, int64_t now_ms)
{
	struct asked_name *place = NULL;

	for (size_t i = 0; i < asked->count; i++) {
		if (host_name_equal(&asked->items[i].name, name))
			return &asked->items[i];
		if (place == NULL && is_old(&asked->items[i], now_ms))
			place = &asked->items[i];
	}
	if (place == NULL && asked->count < ASKED_NAMES_MAX)
		place = &asked->items[asked->count++];
	return place;
}

void asked_names_add(struct asked_names *asked, const char *text, int64_t now_ms)
{
	struct host_name name;

	if (failed(host_name_parse(text, &name)))
		return;
	struct asked_name *place = find_place(asked, &name, now_ms);
	if (place != NULL)
		*place = (struct asked_name){name, now_ms};
}

size_t asked_names_list(const struct asked_names *asked, int64_t now_ms, struct host_name out[ASKED_NAMES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < asked->count; i++) {
		if (!is_old(&asked->items[i], now_ms))
			out[count++] = asked->items[i].name;
	}
	return count;
}
