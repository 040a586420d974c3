#include "proxy/fetch/fetch_pauses.h"

#include <stdlib.h>
#include <string.h>

/* Holds always: url and detail are there, or the slot is empty and url is NULL. */
struct slot {
	char *url;
	char *detail;
	enum fetch_failure failure;
	uint64_t failed_at_ms;
	uint64_t pause_ms;
};

struct fetch_pauses {
	uint64_t first_ms;
	uint64_t max_ms;
	struct slot slots[FETCH_PAUSES_MAX_URLS];
};

struct fetch_pauses *fetch_pauses_new(uint64_t first_ms, uint64_t max_ms)
{
	struct fetch_pauses *pauses = calloc(1, sizeof(*pauses));

	if (pauses != NULL) {
		pauses->first_ms = first_ms;
		pauses->max_ms = max_ms;
	}
	return pauses;
}

static void empty(struct slot *slot)
{
	free(slot->url);
	free(slot->detail);
	*slot = (struct slot){0};
}

void fetch_pauses_free(struct fetch_pauses *pauses)
{
	if (pauses == NULL)
		return;
	for (size_t i = 0; i < FETCH_PAUSES_MAX_URLS; i++)
		empty(&pauses->slots[i]);
	free(pauses);
}

static size_t find(const struct fetch_pauses *pauses, const char *url)
{
	size_t i = 0;

	while (i < FETCH_PAUSES_MAX_URLS && (pauses->slots[i].url == NULL || strcmp(pauses->slots[i].url, url) != 0))
		i++;
	return i;
}

static struct slot *slot_to_fill(struct fetch_pauses *pauses)
{
	struct slot *oldest = &pauses->slots[0];

	for (size_t i = 0; i < FETCH_PAUSES_MAX_URLS; i++) {
		struct slot *slot = &pauses->slots[i];
		if (slot->url == NULL)
			return slot;
		if (slot->failed_at_ms < oldest->failed_at_ms)
			oldest = slot;
	}
	empty(oldest);
	return oldest;
}

bool fetch_pauses_find(const struct fetch_pauses *pauses, const char *url, uint64_t now_ms, struct fetch_pause *out)
{
	size_t i = find(pauses, url);

	if (i == FETCH_PAUSES_MAX_URLS)
		return false;
	const struct slot *slot = &pauses->slots[i];
	uint64_t since_ms = now_ms - slot->failed_at_ms;
	if (since_ms >= slot->pause_ms)
		return false;
	*out = (struct fetch_pause){slot->failure, slot->detail, since_ms, slot->pause_ms - since_ms};
	return true;
}

void fetch_pauses_failed(struct fetch_pauses *pauses, const char *url, enum fetch_failure failure, const char *detail,
			 uint64_t now_ms)
{
	char *own_detail = strdup(detail);
	if (own_detail == NULL)
		return;

	size_t i = find(pauses, url);
	struct slot *slot = i < FETCH_PAUSES_MAX_URLS ? &pauses->slots[i] : slot_to_fill(pauses);
	if (slot->url == NULL)
		slot->url = strdup(url);
	if (slot->url == NULL) {
		free(own_detail);
		return;
	}
	free(slot->detail);
	slot->detail = own_detail;
	slot->failure = failure;
	slot->failed_at_ms = now_ms;
	slot->pause_ms = slot->pause_ms > 0 ? 2 * slot->pause_ms : pauses->first_ms;
	if (slot->pause_ms > pauses->max_ms)
		slot->pause_ms = pauses->max_ms;
}

void fetch_pauses_succeeded(struct fetch_pauses *pauses, const char *url)
{
	size_t i = find(pauses, url);

	if (i < FETCH_PAUSES_MAX_URLS)
		empty(&pauses->slots[i]);
}
