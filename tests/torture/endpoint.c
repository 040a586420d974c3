#include "tests/torture/endpoint.h"

#include <string.h>

#include "tests/torture/shakes.h"

static const char banner[] = ENDPOINT_BANNER;

enum { MAX_ROUNDS = 16 }; /* of reading or writing, before others have their turn */

void endpoint_close(struct endpoint *endpoint, enum endpoint_outcome outcome, bool reset)
{
	if (endpoint->state == ENDPOINT_CLOSED)
		return;
	if (reset)
		link_reset(&endpoint->link);
	else
		link_close(&endpoint->link);
	endpoint->state = ENDPOINT_CLOSED;
	endpoint->outcome = outcome;
}

static uint64_t bytes_to_send(const struct endpoint *endpoint)
{
	return endpoint->is_client ? endpoint->plan.up_bytes : endpoint->plan.down_bytes;
}

static uint64_t bytes_to_receive(const struct endpoint *endpoint)
{
	return endpoint->is_client ? endpoint->plan.down_bytes : endpoint->plan.up_bytes;
}

static const struct plan_side *side_of(const struct endpoint *endpoint)
{
	return endpoint->is_client ? &endpoint->plan.client : &endpoint->plan.backend;
}

static bool is_breaker(const struct endpoint *endpoint)
{
	enum plan_fate fate = endpoint->plan.fate;

	if (!endpoint->knows_plan)
		return false;
	if (endpoint->is_client)
		return fate == PLAN_CLIENT_RESETS || fate == PLAN_CLIENT_VANISHES;
	return fate == PLAN_BACKEND_RESETS || fate == PLAN_BACKEND_VANISHES;
}

/* True when it has broken off, as planned. */
static bool break_off(struct endpoint *endpoint)
{
	const struct plan *plan = &endpoint->plan;
	uint64_t at = plan->breaks_by_sent ? endpoint->sent : endpoint->received;

	if (!is_breaker(endpoint) || at < plan->breaks_at)
		return false;
	endpoint_close(endpoint, ENDPOINT_BROKEN_OFF,
		       plan->fate == PLAN_CLIENT_RESETS || plan->fate == PLAN_BACKEND_RESETS);
	return true;
}

void endpoint_learn_plan(struct endpoint *endpoint)
{
	const struct plan_side *side = side_of(endpoint);

	endpoint->knows_plan = true;
	endpoint->next_send_pause = side->send.bytes_a_pause;
	endpoint->next_receive_pause = side->receive.bytes_a_pause;
}

static bool take_wrong(struct endpoint *endpoint)
{
	endpoint_close(endpoint, ENDPOINT_WRONG, false);
	return false;
}

/* The header, as far as it is in `bytes`; false when it is none. */
static bool take_header(struct endpoint *endpoint, const uint8_t *bytes, size_t len, size_t *out_taken)
{
	struct endpoint_world *world = endpoint->world;
	size_t room = PLAN_HEADER_BYTES - (size_t)endpoint->received;
	uint64_t number = 0;

	*out_taken = len < room ? len : room;
	memcpy(endpoint->header + endpoint->received, bytes, *out_taken);
	endpoint->received += *out_taken;
	if (endpoint->received < PLAN_HEADER_BYTES)
		return true;
	if (!plan_read_header(endpoint->header, world->seed, &number) || number >= world->num_plans)
		return take_wrong(endpoint);
	plan_make(&endpoint->plan, world->seed, number);
	if (endpoint->plan.route != endpoint->route)
		return take_wrong(endpoint);
	endpoint_learn_plan(endpoint);
	return true;
}

static bool take_banner(struct endpoint *endpoint, const uint8_t *bytes, size_t len, size_t *out_taken)
{
	size_t room = ENDPOINT_BANNER_BYTES - endpoint->banner_at;

	*out_taken = len < room ? len : room;
	if (memcmp(bytes, &banner[endpoint->banner_at], *out_taken) != 0)
		return take_wrong(endpoint);
	endpoint->banner_at += *out_taken;
	return true;
}

static bool take_stream(struct endpoint *endpoint, const uint8_t *bytes, size_t len)
{
	struct endpoint_world *world = endpoint->world;
	const struct plan *plan = &endpoint->plan;
	uint64_t key = endpoint->is_client ? plan->down_key : plan->up_key;

	if (len > bytes_to_receive(endpoint) - endpoint->received ||
	    memcmp(bytes, pattern_at(&world->pattern, key, endpoint->received), len) != 0)
		return take_wrong(endpoint);
	endpoint->received += len;
	*(endpoint->is_client ? &world->bytes_down : &world->bytes_up) += len;
	return true;
}

static bool take(struct endpoint *endpoint, const uint8_t *bytes, size_t len)
{
	size_t taken = 0;

	if (endpoint->is_client && endpoint->route == ROUTE_BANNER && endpoint->banner_at < ENDPOINT_BANNER_BYTES &&
	    !take_banner(endpoint, bytes, len, &taken))
		return false;
	if (!endpoint->is_client && endpoint->received < PLAN_HEADER_BYTES &&
	    !take_header(endpoint, bytes, len, &taken))
		return false;
	return len == taken || take_stream(endpoint, bytes + taken, len - taken);
}

static void wake_by(struct endpoint *endpoint, uint64_t time_ms)
{
	if (time_ms < endpoint->wake_ms)
		endpoint->wake_ms = time_ms;
}

static size_t least(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

/* All must have come by the time the other side ends, or this one ends too. */
static void take_end(struct endpoint *endpoint)
{
	/* A client that ends without close_notify has its backend see just that. */
	bool is_right = endpoint->link.clean_end || (!endpoint->is_client && endpoint->plan.ends_without_notify);

	endpoint->end_seen = true;
	if (endpoint->knows_plan && endpoint->received == bytes_to_receive(endpoint) && is_right)
		return;
	endpoint_close(endpoint, ENDPOINT_CUT, false);
}

static void receive(struct endpoint *endpoint, uint64_t now_ms)
{
	const struct plan_pace *pace = &side_of(endpoint)->receive;
	uint8_t bytes[PLAN_MAX_CHUNK_BYTES];
	size_t len = 0;

	for (int round = 0; round < MAX_ROUNDS && !endpoint->end_seen; round++) {
		if (endpoint->may_receive_ms > now_ms) {
			wake_by(endpoint, endpoint->may_receive_ms);
			return;
		}
		size_t size = endpoint->knows_plan
				  ? least(pace->chunk_bytes, endpoint->next_receive_pause - endpoint->received)
				  : PLAN_HEADER_BYTES;
		switch (link_read(&endpoint->link, bytes, size, &len)) {
		case LINK_BYTES:
			break;
		case LINK_BLOCKED:
			endpoint->wants_read = true;
			return;
		case LINK_END:
			take_end(endpoint);
			return;
		case LINK_BROKEN:
			endpoint_close(endpoint, ENDPOINT_CUT, false);
			return;
		}
		if (!take(endpoint, bytes, len) || break_off(endpoint))
			return;
		if (endpoint->knows_plan && endpoint->received >= endpoint->next_receive_pause) {
			endpoint->next_receive_pause = endpoint->received + pace->bytes_a_pause;
			endpoint->may_receive_ms = now_ms + pace->pause_ms;
		}
	}
	if (!endpoint->end_seen)
		wake_by(endpoint, now_ms);
}

static bool may_send(const struct endpoint *endpoint)
{
	if (!endpoint->knows_plan)
		return false;
	if (endpoint->is_client)
		return endpoint->route != ROUTE_BANNER || endpoint->banner_at == ENDPOINT_BANNER_BYTES;
	if (endpoint->plan.order == ORDER_REPLY)
		return endpoint->received == endpoint->plan.up_bytes;
	return endpoint->plan.order != ORDER_REPLY_TO_END || endpoint->end_seen;
}

/* The next bytes to send; the same ones again until some of them are sent. */
static const uint8_t *next_bytes(const struct endpoint *endpoint, size_t *out_len)
{
	const struct plan *plan = &endpoint->plan;
	const struct plan_pace *pace = &side_of(endpoint)->send;
	uint64_t left = least(bytes_to_send(endpoint), endpoint->next_send_pause) - endpoint->sent;

	*out_len = least(left, pace->chunk_bytes);
	if (!endpoint->is_client)
		return pattern_at(&endpoint->world->pattern, plan->down_key, endpoint->sent);
	if (endpoint->sent >= PLAN_HEADER_BYTES)
		return pattern_at(&endpoint->world->pattern, plan->up_key, endpoint->sent);
	*out_len = least(*out_len, PLAN_HEADER_BYTES - endpoint->sent);
	return endpoint->header + endpoint->sent;
}

/* True when the turn is over: what was written did not go out. */
static bool has_to_wait(struct endpoint *endpoint, enum link_result result)
{
	if (result == LINK_BROKEN)
		endpoint_close(endpoint, ENDPOINT_CUT, false);
	endpoint->wants_write = result == LINK_BLOCKED;
	return result == LINK_BLOCKED || result == LINK_BROKEN;
}

static void update_keys(struct endpoint *endpoint)
{
	const struct plan *plan = &endpoint->plan;

	if (endpoint->keys_updated || endpoint->sent < bytes_to_send(endpoint) / 2 ||
	    !(endpoint->is_client ? plan->client_updates_keys : plan->backend_updates_keys))
		return;
	endpoint->keys_updated = true;
	link_update_keys(&endpoint->link);
}

static void send_stream(struct endpoint *endpoint, uint64_t now_ms)
{
	const struct plan_pace *pace = &side_of(endpoint)->send;

	for (int round = 0; round < MAX_ROUNDS && endpoint->sent < bytes_to_send(endpoint); round++) {
		size_t len = 0;
		if (endpoint->may_send_ms > now_ms) {
			wake_by(endpoint, endpoint->may_send_ms);
			return;
		}
		const uint8_t *bytes = next_bytes(endpoint, &len);
		if (has_to_wait(endpoint, link_write(&endpoint->link, bytes, len, &len)))
			return;
		endpoint->sent += len;
		if (break_off(endpoint))
			return;
		update_keys(endpoint);
		if (endpoint->sent >= endpoint->next_send_pause) {
			endpoint->next_send_pause = endpoint->sent + pace->bytes_a_pause;
			endpoint->may_send_ms = now_ms + pace->pause_ms;
		}
	}
	if (endpoint->sent < bytes_to_send(endpoint))
		wake_by(endpoint, now_ms);
}

static void send_end(struct endpoint *endpoint)
{
	if (endpoint->end_sent || endpoint->sent < bytes_to_send(endpoint))
		return;
	if (endpoint->is_client && endpoint->plan.order == ORDER_CLIENT_ENDS_LAST && !endpoint->end_seen)
		return;
	bool without_notify = endpoint->is_client && endpoint->plan.ends_without_notify;
	if (!has_to_wait(endpoint, link_end(&endpoint->link, without_notify)))
		endpoint->end_sent = true;
}

static void send_banner(struct endpoint *endpoint)
{
	size_t len = 0;

	if (endpoint->is_client || endpoint->route != ROUTE_BANNER || endpoint->banner_at == ENDPOINT_BANNER_BYTES)
		return;
	if (!has_to_wait(endpoint, link_write(&endpoint->link, (const uint8_t *)&banner[endpoint->banner_at],
					      ENDPOINT_BANNER_BYTES - endpoint->banner_at, &len)))
		endpoint->banner_at += len;
}

static void exchange(struct endpoint *endpoint, uint64_t now_ms)
{
	if (break_off(endpoint))
		return;
	send_banner(endpoint);
	if (endpoint->state == ENDPOINT_OPEN)
		receive(endpoint, now_ms);
	if (endpoint->state == ENDPOINT_OPEN && may_send(endpoint))
		send_stream(endpoint, now_ms);
	if (endpoint->state == ENDPOINT_OPEN && may_send(endpoint))
		send_end(endpoint);
	if (endpoint->state == ENDPOINT_OPEN && endpoint->end_sent && endpoint->end_seen)
		endpoint_close(endpoint, ENDPOINT_COMPLETE, false);
}

static void await_end(struct endpoint *endpoint)
{
	uint8_t bytes[PLAN_MAX_CHUNK_BYTES];
	size_t len = 0;

	for (;;) {
		switch (link_read(&endpoint->link, bytes, sizeof(bytes), &len)) {
		case LINK_BYTES:
			continue;
		case LINK_BLOCKED:
			endpoint->wants_read = true;
			return;
		case LINK_END:
		case LINK_BROKEN:
			endpoint_close(endpoint, ENDPOINT_CUT, false);
			return;
		}
	}
}

void endpoint_work(struct endpoint *endpoint, uint64_t now_ms)
{
	endpoint->wake_ms = ENDPOINT_NEVER;
	endpoint->wants_read = endpoint->wants_write = false;
	if (endpoint->state < ENDPOINT_OPEN)
		shakes_work(endpoint, now_ms);
	if (endpoint->state == ENDPOINT_OPEN)
		exchange(endpoint, now_ms);
	if (endpoint->state == ENDPOINT_AWAITING_END)
		await_end(endpoint);
}
