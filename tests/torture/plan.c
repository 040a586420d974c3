#include "tests/torture/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/torture/pattern.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)

enum { MAX_PAUSES = 4, MIN_PAUSE_MS = 10, MAX_PAUSE_MS = 250, MAX_CHUNKS = 1500, MAX_PIECES = 60 };

#define SMALL_STREAM_BYTES (4 * MIB) /* 4 KiB at a time are slow */

struct weight {
	unsigned of_1000;
	uint64_t low, high; /* both included */
};

/* Small for the most part. */
static const struct weight sizes[] = {
    {20, 0, 0},
    {60, 1, 1},
    {350, 2, 512},
    {350, 513, 16 * KIB},
    {180, 16 * KIB, 128 * KIB},
    {33, 128 * KIB, MIB},
    {6, MIB, 8 * MIB},
    {1, PLAN_MAX_STREAM_BYTES, PLAN_MAX_STREAM_BYTES},
};

static const struct weight fates[] = {
    {600, PLAN_WHOLE, PLAN_WHOLE},
    {20, PLAN_SLOW_HELLO, PLAN_SLOW_HELLO},
    {220, PLAN_CLIENT_RESETS, PLAN_BACKEND_VANISHES},
    {120, PLAN_KNOCKS, PLAN_REFUSES},
    {40, PLAN_NO_BACKEND, PLAN_NO_BACKEND},
};

struct dice {
	uint64_t state;
};

static uint64_t roll(struct dice *dice, uint64_t low, uint64_t high)
{
	dice->state++;
	return low + pattern_mix(dice->state) % (high - low + 1);
}

static bool chance(struct dice *dice, unsigned of_100)
{
	return roll(dice, 1, 100) <= of_100;
}

static uint64_t weighed(struct dice *dice, const struct weight *weights, size_t count)
{
	uint64_t at = roll(dice, 0, 999);

	for (size_t i = 0; i + 1 < count; i++) {
		if (at < weights[i].of_1000)
			return roll(dice, weights[i].low, weights[i].high);
		at -= weights[i].of_1000;
	}
	return roll(dice, weights[count - 1].low, weights[count - 1].high);
}

/* Most are fast; the others go by small pieces, or pause. */
static struct plan_pace pace_of(struct dice *dice, uint64_t stream_bytes)
{
	struct plan_pace pace = {.chunk_bytes = PLAN_MAX_CHUNK_BYTES, .bytes_a_pause = UINT64_MAX};

	if (chance(dice, 25)) {
		uint64_t least = stream_bytes / MAX_CHUNKS + 1;
		pace.chunk_bytes = (size_t)roll(dice, least, least + 40 < 2 * least ? 2 * least : least + 40);
	}
	if (pace.chunk_bytes > PLAN_MAX_CHUNK_BYTES)
		pace.chunk_bytes = PLAN_MAX_CHUNK_BYTES;
	if (chance(dice, 15)) {
		pace.bytes_a_pause = stream_bytes / roll(dice, 1, MAX_PAUSES) + 1;
		pace.pause_ms = (unsigned)roll(dice, MIN_PAUSE_MS, MAX_PAUSE_MS);
	}
	return pace;
}

static enum plan_route route_of(struct dice *dice, enum plan_fate fate)
{
	if (fate == PLAN_NO_BACKEND)
		return chance(dice, 50) ? ROUTE_FLAKY_TCP : ROUTE_FLAKY_TLS;
	if (chance(dice, 6))
		return ROUTE_BANNER;
	return chance(dice, 50) ? ROUTE_TCP : ROUTE_TLS;
}

void plan_make(struct plan *plan, uint64_t seed, uint64_t number)
{
	struct dice dice = {.state = pattern_mix(seed) ^ (number << 20)};

	*plan = (struct plan){.number = number};
	plan->fate = (enum plan_fate)weighed(&dice, fates, sizeof(fates) / sizeof(fates[0]));
	plan->route = route_of(&dice, plan->fate);
	plan->order = (enum plan_order)roll(&dice, 0, NUM_PLAN_ORDERS - 1);
	plan->up_bytes = PLAN_HEADER_BYTES + weighed(&dice, sizes, sizeof(sizes) / sizeof(sizes[0]));
	plan->down_bytes = weighed(&dice, sizes, sizeof(sizes) / sizeof(sizes[0]));
	plan->up_key = pattern_mix(dice.state);
	plan->down_key = pattern_mix(~dice.state);
	plan->client.send = pace_of(&dice, plan->up_bytes);
	plan->client.receive = pace_of(&dice, plan->down_bytes);
	plan->backend.send = pace_of(&dice, plan->down_bytes);
	plan->backend.receive = pace_of(&dice, plan->up_bytes);
	plan->has_small_buffers = plan->up_bytes + plan->down_bytes < SMALL_STREAM_BYTES && chance(&dice, 15);
	plan->tls12 = chance(&dice, 25);
	plan->resumes = chance(&dice, 40);
	plan->client_updates_keys = chance(&dice, 15);
	plan->backend_updates_keys = chance(&dice, 15);
	plan->ends_without_notify = chance(&dice, 15);
	plan->breaks_by_sent = chance(&dice, 50);
	bool is_client = plan->fate == PLAN_CLIENT_RESETS || plan->fate == PLAN_CLIENT_VANISHES;
	plan->breaks_at = roll(&dice, 0, plan->breaks_by_sent == is_client ? plan->up_bytes : plan->down_bytes);
	plan->hello_bytes = (size_t)roll(&dice, 1, 200);
	plan->hello_pieces = (size_t)roll(&dice, 2, MAX_PIECES);
}

bool plan_is_whole(const struct plan *plan)
{
	return plan->fate == PLAN_WHOLE || plan->fate == PLAN_SLOW_HELLO;
}

bool plan_shakes_hands(const struct plan *plan)
{
	return plan->fate <= PLAN_BACKEND_VANISHES || plan->fate == PLAN_NO_BACKEND;
}

void plan_put_header(const struct plan *plan, uint64_t seed, uint8_t out[PLAN_HEADER_BYTES])
{
	uint64_t words[2] = {plan->number, pattern_mix(plan->number ^ seed)};

	memcpy(out, words, PLAN_HEADER_BYTES);
}

bool plan_read_header(const uint8_t header[PLAN_HEADER_BYTES], uint64_t seed, uint64_t *out_number)
{
	uint64_t words[2];

	memcpy(words, header, sizeof(words));
	*out_number = words[0];
	return words[1] == pattern_mix(words[0] ^ seed);
}

#define X(name, text) text,
static const char *const fate_names[] = {PLAN_FATES(X)};
static const char *const route_names[] = {PLAN_ROUTES(X)};
static const char *const order_names[] = {PLAN_ORDERS(X)};
#undef X

const char *plan_fate_name(enum plan_fate fate)
{
	return fate_names[fate];
}

const char *plan_print(const struct plan *plan, char out[PLAN_MAX_TEXT])
{
	snprintf(out, PLAN_MAX_TEXT,
		 "%" PRIu64 " (%s by %s, %s; up %" PRIu64 ", down %" PRIu64
		 "; chunks %zu %zu %zu %zu; pauses %u %u %u %u ms; %s%s%s%s%sbreaks when it has %s %" PRIu64 ")",
		 plan->number, fate_names[plan->fate], route_names[plan->route], order_names[plan->order],
		 plan->up_bytes, plan->down_bytes, plan->client.send.chunk_bytes, plan->client.receive.chunk_bytes,
		 plan->backend.send.chunk_bytes, plan->backend.receive.chunk_bytes, plan->client.send.pause_ms,
		 plan->client.receive.pause_ms, plan->backend.send.pause_ms, plan->backend.receive.pause_ms,
		 plan->tls12 ? "TLS 1.2, " : "", plan->resumes ? "resumes, " : "",
		 plan->client_updates_keys ? "the client updates keys, " : "",
		 plan->backend_updates_keys ? "the backend updates keys, " : "",
		 plan->ends_without_notify ? "ends without close_notify, " : "",
		 plan->breaks_by_sent ? "sent" : "received", plan->breaks_at);
	return out;
}
