#include "proxy/worker/backend_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define IDLE_OF(member_pointer, member)                                                                                \
	((struct idle_backend *)(void *)((char *)(member_pointer)-offsetof(struct idle_backend, member)))

enum { READ_BYTES = 4096, PLAIN_BYTES = 16 };

/* Holds always: in the list of its site with an open side and an armed timer; or spare, with neither. */
struct idle_backend {
	struct side side;
	struct timer timer;
	struct backend_pool *pool;
	struct idle_list *list; /* NULL: spare */
	TAILQ_ENTRY(idle_backend) link;
	struct idle_backend *next_spare;
	uint64_t since_ms;
	uint8_t address;
};

struct idle_list {
	TAILQ_HEAD(idle_ring, idle_backend) idle; /* the one that was put last comes first */
	size_t count;
};

void backend_pool_init(struct backend_pool *pool, struct poller *poller, struct timer_wheel *timers)
{
	*pool = (struct backend_pool){.poller = poller, .timers = timers};
}

/* Takes it out of its list; it may be freed between two turns only, and is kept for the next one. */
static void retire(struct idle_backend *idle)
{
	struct backend_pool *pool = idle->pool;

	TAILQ_REMOVE(&idle->list->idle, idle, link);
	idle->list->count--;
	idle->list = NULL;
	timer_disarm(pool->timers, &idle->timer);
	idle->next_spare = pool->spare;
	pool->spare = idle;
}

/* Ends TLS before TCP (RFC 8446 6.1). */
static void close_idle(struct idle_backend *idle)
{
	struct tls_pump *pump = &idle->side.pump;

	if (pump->ssl != NULL) {
		tls_pump_end(pump);
		tls_channel_flush(pump->channel);
	}
	side_cleanup(&idle->side);
	retire(idle);
}

void backend_pool_empty(struct backend_pool *pool)
{
	for (size_t i = 0; i < pool->num_sites && pool->lists != NULL; i++)
		while (!TAILQ_EMPTY(&pool->lists[i].idle))
			close_idle(TAILQ_FIRST(&pool->lists[i].idle));
	free(pool->lists);
	pool->lists = NULL;
}

void backend_pool_serve(struct backend_pool *pool, size_t num_sites)
{
	backend_pool_empty(pool);
	pool->num_sites = num_sites;
}

void backend_pool_cleanup(struct backend_pool *pool)
{
	backend_pool_empty(pool);
	while (pool->spare != NULL) {
		struct idle_backend *idle = pool->spare;

		pool->spare = idle->next_spare;
		free(idle);
	}
}

/* Says whether what was read is of TLS alone, and no content or end. */
static bool is_without_content(struct side *side, struct tls_input *input)
{
	uint8_t plain[PLAIN_BYTES];
	struct bytes content;

	return side->pump.ssl != NULL && side_take(side, input, plain, sizeof(plain), &content) == TLS_WANT_INPUT &&
	       content.len == 0;
}

/* Reads what has come. Content would be taken for the answer to the next request, which may be another client's. */
static bool is_still_idle(struct side *side)
{
	uint8_t received[READ_BYTES];
	struct tls_input input;

	for (int i = 0; i < BACKEND_POOL_MAX_READS; i++) {
		enum stream_result result = side_read(side, received, sizeof(received), &input);

		if (result == STREAM_BLOCKED) {
			if (side->pump.ssl != NULL)
				tls_channel_flush(side->pump.channel); /* the answer to a key update */
			return side_is_quiet(side);
		}
		if (result != STREAM_BYTES || !is_without_content(side, &input))
			return false;
	}
	return false;
}

static void on_ready(struct pollable *pollable, uint32_t events)
{
	struct idle_backend *idle = IDLE_OF(pollable, side);

	stream_note(&idle->side.stream, events);
	if (!is_still_idle(&idle->side))
		close_idle(idle);
}

static void on_due(struct timer *timer)
{
	close_idle(IDLE_OF(timer, timer));
}

static bool make_lists(struct backend_pool *pool)
{
	if (pool->lists != NULL)
		return true;
	pool->lists = calloc(pool->num_sites, sizeof(*pool->lists));
	for (size_t i = 0; i < pool->num_sites && pool->lists != NULL; i++)
		TAILQ_INIT(&pool->lists[i].idle);
	return pool->lists != NULL;
}

/* Makes one, or takes a spare one; NULL when memory is short. */
static struct idle_backend *idle_new(struct backend_pool *pool)
{
	struct idle_backend *idle = pool->spare;

	if (idle != NULL)
		pool->spare = idle->next_spare;
	else
		idle = malloc(sizeof(*idle));
	if (idle == NULL)
		return NULL;
	*idle = (struct idle_backend){.pool = pool, .timer = {.on_due = on_due}};
	side_init(&idle->side, pool->poller, on_ready);
	return idle;
}

static uint64_t due_ms(struct backend_pool_times times)
{
	uint64_t idle_ms = times.now_ms + times.max_idle_ms;
	uint64_t old_ms = times.since_ms + BACKEND_POOL_MAX_AGE_MS;

	return idle_ms < old_ms ? idle_ms : old_ms;
}

bool backend_pool_put(struct backend_pool *pool, const struct backend_pool_key *key, struct side *side,
		      struct backend_pool_times times)
{
	uint64_t deadline_ms = due_ms(times);

	if (key->site >= pool->num_sites || deadline_ms <= times.now_ms || !make_lists(pool))
		return false;
	struct idle_list *list = &pool->lists[key->site];
	if (list->count == BACKEND_POOL_MAX_IDLE)
		close_idle(TAILQ_LAST(&list->idle, idle_ring));
	struct idle_backend *idle = idle_new(pool);
	if (idle == NULL)
		return false;
	if (side->pump.ssl != NULL)
		SSL_set_app_data(side->pump.ssl, NULL); /* its connection's, which goes */
	idle->list = list;
	idle->address = key->address;
	idle->since_ms = times.since_ms;
	TAILQ_INSERT_HEAD(&list->idle, idle, link);
	list->count++;
	timer_arm(pool->timers, &idle->timer, deadline_ms);
	if (failed(side_move(side, &idle->side, on_ready)))
		close_idle(idle);
	return true;
}

static bool fits(const struct idle_backend *idle, const struct backend_pool_key *key)
{
	const char *asked = NULL;

	if (idle->address != key->address)
		return false;
	if (key->name == NULL || idle->side.pump.ssl == NULL)
		return key->name == NULL && idle->side.pump.ssl == NULL;
	asked = SSL_get_servername(idle->side.pump.ssl, TLSEXT_NAMETYPE_host_name);
	return strcmp(asked != NULL ? asked : "", key->name) == 0;
}

/* Finds the newest that fits and is still idle, and closes those before it that are not. */
static struct idle_backend *find(struct backend_pool *pool, const struct backend_pool_key *key)
{
	struct idle_backend *idle, *next;

	if (key->site >= pool->num_sites || pool->lists == NULL)
		return NULL;
	for (idle = TAILQ_FIRST(&pool->lists[key->site].idle); idle != NULL; idle = next) {
		next = TAILQ_NEXT(idle, link);
		if (!fits(idle, key))
			continue;
		idle->side.stream.readable = true; /* asks the socket itself: the event may still be on its way */
		if (is_still_idle(&idle->side))
			return idle;
		close_idle(idle);
	}
	return NULL;
}

bool backend_pool_take(struct backend_pool *pool, const struct backend_pool_key *key, struct side *out,
		       uint64_t *out_since_ms)
{
	struct idle_backend *idle = find(pool, key);

	if (idle == NULL)
		return false;
	*out_since_ms = idle->since_ms;
	struct error error = side_move(&idle->side, out, out->stream.pollable.on_ready);
	retire(idle);
	return !failed(error);
}
