#include "proxy/io/web_visits.h"

#include <stddef.h>

void web_visits_add(struct web_visits *visits, struct web_visit *visit)
{
	visit->previous = NULL;
	visit->next = visits->first;
	if (visit->next != NULL)
		visit->next->previous = visit;
	visits->first = visit;
	visits->count += visit->state != VISIT_LEAVING;
}

void web_visits_remove(struct web_visits *visits, struct web_visit *visit)
{
	if (visit->previous != NULL)
		visit->previous->next = visit->next;
	else
		visits->first = visit->next;
	if (visit->next != NULL)
		visit->next->previous = visit->previous;
	visits->count -= visit->state != VISIT_LEAVING;
}

void web_visits_set(struct web_visits *visits, struct web_visit *visit, enum web_visit_state state, uint64_t now_ms,
		    uint64_t pause_ms)
{
	if (visit->state == VISIT_LEAVING)
		return;
	visits->count -= state == VISIT_LEAVING;
	visit->state = state;
	visit->since_ms = now_ms;
	visit->until_ms = now_ms + pause_ms;
}

static bool may_go(const struct web_visit *visit, uint64_t now_ms)
{
	switch (visit->state) {
	case VISIT_READING:
	case VISIT_HELD:
	case VISIT_WAITED:
		return true;
	case VISIT_ANSWERING:
		return now_ms >= visit->since_ms + WEB_VISITS_ANSWER_GRACE_MS;
	case VISIT_LEAVING:
		break;
	}
	return false;
}

static unsigned count_of_peer(const struct web_visits *visits, const struct web_peer *peer)
{
	unsigned count = 0;

	for (const struct web_visit *visit = visits->first; visit != NULL; visit = visit->next)
		count += visit->state != VISIT_LEAVING && web_peer_same(&visit->peer, peer);
	return count;
}

/* One visit with what decides whether it goes. */
struct candidate {
	struct web_visit *visit; /* NULL: none */
	unsigned num_of_peer;
};

static bool goes_before(const struct candidate *one, const struct candidate *other)
{
	if (other->visit == NULL || one->num_of_peer != other->num_of_peer)
		return other->visit == NULL || one->num_of_peer > other->num_of_peer;
	bool answered = one->visit->state == VISIT_ANSWERING;
	if (answered != (other->visit->state == VISIT_ANSWERING))
		return !answered;
	return one->visit->since_ms <= other->visit->since_ms;
}

/* Walks from the newest to the oldest: of several that began in the same millisecond, the last one goes. */
struct web_visit *web_visits_who_goes(const struct web_visits *visits, uint64_t now_ms)
{
	struct candidate found = {0};

	for (struct web_visit *visit = visits->first; visit != NULL; visit = visit->next) {
		if (!may_go(visit, now_ms))
			continue;
		struct candidate one = {.visit = visit, .num_of_peer = count_of_peer(visits, &visit->peer)};
		if (goes_before(&one, &found))
			found = one;
	}
	return found.visit;
}

uint64_t web_visits_next_held_ms(const struct web_visits *visits, uint64_t now_ms, uint64_t most_ms)
{
	uint64_t least_ms = most_ms;

	for (const struct web_visit *visit = visits->first; visit != NULL; visit = visit->next) {
		if (visit->state != VISIT_HELD)
			continue;
		uint64_t left_ms = visit->until_ms > now_ms ? visit->until_ms - now_ms : 0;
		least_ms = left_ms < least_ms ? left_ms : least_ms;
	}
	return least_ms;
}
