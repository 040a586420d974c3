#include "proxy/worker/backend_choice.h"

#include <stdlib.h>
#include <string.h>

void backend_choice_cleanup(struct backend_choice *choice)
{
	free(choice->resting);
	*choice = (struct backend_choice){0};
}

static struct backend_rest *find(struct backend_choice *choice, const struct backend_address *address)
{
	for (size_t i = 0; i < choice->num_resting; i++) {
		struct backend_rest *rest = &choice->resting[i];

		if (rest->address_len == address->address_len &&
		    memcmp(&rest->address, &address->address, address->address_len) == 0)
			return rest;
	}
	return NULL;
}

/* Returns 0 for one that does not rest. */
static uint64_t rests_until(struct backend_choice *choice, const struct backend_address *address, uint64_t now_ms)
{
	const struct backend_rest *rest = find(choice, address);

	return rest != NULL && rest->until_ms > now_ms ? rest->until_ms : 0;
}

/* Takes the first one that does not rest, or else the one whose rest ends first: it may be back. */
bool backend_choice_next(struct backend_choice *choice, const struct site *site, uint32_t tried, uint64_t now_ms,
			 size_t *out_index)
{
	const struct backend_list *list = site->backends;
	size_t count = backend_list_is_known(list) ? list->count : 0;
	uint64_t best_until = UINT64_MAX;
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (tried & (1U << i))
			continue;
		uint64_t until = rests_until(choice, &list->addresses[i], now_ms);
		if (until >= best_until)
			continue;
		best_until = until;
		*out_index = i;
		found = true;
	}
	return found;
}

static struct backend_rest *make_place(struct backend_choice *choice)
{
	if (choice->resting == NULL)
		choice->resting = calloc(BACKEND_CHOICE_MAX_RESTING, sizeof(*choice->resting));
	if (choice->resting == NULL)
		return NULL; /* out of memory: it is only tried sooner */
	if (choice->num_resting < BACKEND_CHOICE_MAX_RESTING)
		return &choice->resting[choice->num_resting++];
	struct backend_rest *oldest = &choice->resting[0];
	for (size_t i = 1; i < choice->num_resting; i++)
		if (choice->resting[i].until_ms < oldest->until_ms)
			oldest = &choice->resting[i];
	return oldest;
}

void backend_choice_rest(struct backend_choice *choice, const struct backend_address *address, uint64_t now_ms)
{
	struct backend_rest *rest = find(choice, address);

	if (rest == NULL)
		rest = make_place(choice);
	if (rest == NULL)
		return;
	rest->address = address->address;
	rest->address_len = address->address_len;
	rest->until_ms = now_ms + BACKEND_REST_MS;
}

void backend_choice_forget(struct backend_choice *choice, const struct backend_address *address)
{
	if (choice->num_resting == 0)
		return;
	struct backend_rest *rest = find(choice, address);
	if (rest != NULL)
		*rest = choice->resting[--choice->num_resting];
}
