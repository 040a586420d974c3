#include "tests/torture/arena.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { MAX_EVENTS = 256, CLIENT_IS_WHOLE = 1, BACKEND_IS_WHOLE = 2, BOTH_ARE_WHOLE = 3, GARBAGE_BYTES = 64 };
enum { SLOW_BACKEND_OF = 4, MAX_BACKEND_DELAY_MS = 300 };

struct arena {
	struct endpoint_world *world;
	const struct arena_options *options;
	struct arena_result *result;
	int epoll_fd;
	struct endpoint *endpoints; /* all open ones */
	struct endpoint *closed;
	uint64_t num_clients; /* open */
	uint64_t next_number;
	uint64_t now_ms;
	uint64_t next_reload_ms;
	uint64_t num_flaky;
	uint64_t num_accepted;
	uint8_t *whole; /* a plan each, from options->first on: CLIENT_IS_WHOLE, BACKEND_IS_WHOLE */
};

static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void fail(struct arena *arena, const struct plan *plan, const char *side, const char *what, const char *why)
{
	char text[PLAN_MAX_TEXT];

	if (arena->result->num_failures++ < ARENA_MAX_FAILURES)
		fprintf(stderr, "torture: %s: %s%s%s: plan %s\n", side, what, why != NULL ? ": " : "",
			why != NULL ? why : "", plan_print(plan, text));
}

static const char *words_of(const struct arena *arena, const struct endpoint *endpoint, char *out, size_t size)
{
	snprintf(out, size, "after %" PRIu64 " ms, sent %" PRIu64 ", received %" PRIu64 ", state %d, end %s and %s%s%s",
		 arena->now_ms - endpoint->born_ms, endpoint->sent, endpoint->received, (int)endpoint->state,
		 endpoint->end_sent ? "sent" : "not sent",
		 endpoint->end_seen ? (endpoint->link.clean_end ? "seen" : "seen, without close_notify") : "not seen",
		 endpoint->link.reason != NULL ? ", " : "", endpoint->link.reason != NULL ? endpoint->link.reason : "");
	return out;
}

/* Checks one endpoint by itself. */
static void judge(struct arena *arena, struct endpoint *endpoint)
{
	const struct plan *plan = &endpoint->plan;
	const char *side = endpoint->is_client ? "client" : "backend";
	char words[256];

	words_of(arena, endpoint, words, sizeof(words));
	if (endpoint->outcome == ENDPOINT_WRONG)
		fail(arena, plan, side, "other bytes than were sent", words);
	if (!endpoint->knows_plan) {
		arena->result->num_strangers++;
		return;
	}
	if (endpoint->outcome == ENDPOINT_COMPLETE)
		arena->whole[plan->number - arena->options->first] |=
		    endpoint->is_client ? CLIENT_IS_WHOLE : BACKEND_IS_WHOLE;
	else if (plan_is_whole(plan))
		fail(arena, plan, side, "it was cut", words);
	/* A backend must be able to tell that something is missing. */
	if (!endpoint->is_client && plan->fate == PLAN_CLIENT_RESETS && endpoint->outcome == ENDPOINT_CUT &&
	    endpoint->link.clean_end && endpoint->received < plan->up_bytes)
		fail(arena, plan, side, "a request that was broken off ended as if it were whole", words);
	if (!endpoint->is_client)
		return;
	if (plan->fate == PLAN_NO_BACKEND && endpoint->received > 0)
		fail(arena, plan, side, "bytes came from nowhere", words);
	/* So must a client. */
	if (plan->fate == PLAN_BACKEND_RESETS && endpoint->outcome == ENDPOINT_CUT && endpoint->link.clean_end &&
	    endpoint->received < plan->down_bytes)
		fail(arena, plan, side, "an answer that was broken off ended as if it were whole", words);
}

static void unlink_endpoint(struct arena *arena, struct endpoint *endpoint)
{
	if (endpoint->previous != NULL)
		endpoint->previous->next = endpoint->next;
	else
		arena->endpoints = endpoint->next;
	if (endpoint->next != NULL)
		endpoint->next->previous = endpoint->previous;
}

static void set_events(struct arena *arena, struct endpoint *endpoint)
{
	struct epoll_event event = {.data = {.ptr = endpoint}};
	int operation = endpoint->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	event.events =
	    (endpoint->wants_read ? (uint32_t)EPOLLIN : 0U) | (endpoint->wants_write ? (uint32_t)EPOLLOUT : 0U);
	if (event.events == endpoint->events)
		return;
	if (event.events == 0)
		operation = EPOLL_CTL_DEL;
	epoll_ctl(arena->epoll_fd, operation, endpoint->link.fd, &event);
	endpoint->events = event.events;
}

static void work(struct arena *arena, struct endpoint *endpoint)
{
	uint64_t moved = endpoint->sent + endpoint->received;

	endpoint_work(endpoint, arena->now_ms);
	if (endpoint->sent + endpoint->received > moved)
		endpoint->moved_ms = arena->now_ms;
	if (endpoint->state != ENDPOINT_CLOSED) {
		set_events(arena, endpoint);
		return;
	}
	judge(arena, endpoint);
	unlink_endpoint(arena, endpoint);
	if (endpoint->is_client)
		arena->num_clients--;
	endpoint->next = arena->closed;
	arena->closed = endpoint;
}

static void add(struct arena *arena, struct endpoint *endpoint)
{
	endpoint->born_ms = endpoint->moved_ms = arena->now_ms;
	endpoint->next = arena->endpoints;
	if (endpoint->next != NULL)
		endpoint->next->previous = endpoint;
	arena->endpoints = endpoint;
	work(arena, endpoint);
}

static bool start_client(struct arena *arena)
{
	struct endpoint *endpoint = malloc(sizeof(*endpoint));
	uint64_t number = arena->next_number++;
	struct plan plan;

	plan_make(&plan, arena->world->seed, number);
	arena->result->fates[plan.fate]++;
	if (endpoint == NULL ||
	    !endpoint_start_client(endpoint, arena->world, number, arena->options->proxy_ports[plan.route])) {
		fprintf(stderr, "torture: a client cannot be started: %s\n", strerror(errno));
		free(endpoint);
		return false;
	}
	arena->num_clients++;
	add(arena, endpoint);
	return true;
}

/* A backend that breaks off before it has said a word that makes sense. */
static void take_flaky(struct arena *arena, struct link *link, enum plan_route route)
{
	const uint8_t *noise = pattern_at(&arena->world->pattern, arena->num_flaky, 0);
	size_t len = 0;

	if (arena->num_flaky++ % 3 == 0) {
		link_reset(link);
		return;
	}
	if (route == ROUTE_FLAKY_TLS && arena->num_flaky % 3 == 0)
		(void)link_write(link, noise, GARBAGE_BYTES, &len);
	link_close(link);
}

/* Some TLS backends take their time, so that things happen while their handshake is awaited. */
static uint64_t backend_delay_ms(struct arena *arena)
{
	uint64_t noise = pattern_mix(arena->world->seed + arena->num_accepted++);

	return noise % SLOW_BACKEND_OF == 0 ? noise / SLOW_BACKEND_OF % MAX_BACKEND_DELAY_MS : 0;
}

static bool accept_all(struct arena *arena, enum plan_route route)
{
	struct link link;

	while (link_accept(&link, arena->options->listeners[route])) {
		if (route >= ROUTE_FLAKY_TCP) {
			take_flaky(arena, &link, route);
			continue;
		}
		struct endpoint *endpoint = malloc(sizeof(*endpoint));
		uint64_t shake_ms = arena->now_ms + backend_delay_ms(arena);
		if (endpoint == NULL || !endpoint_start_backend(endpoint, arena->world, route, &link, shake_ms))
			return false;
		add(arena, endpoint);
	}
	return true;
}

static void give_up_on(struct arena *arena, struct endpoint *endpoint)
{
	char words[256];

	fail(arena, &endpoint->plan, endpoint->is_client ? "client" : "backend", "it does not come to an end",
	     words_of(arena, endpoint, words, sizeof(words)));
	endpoint->outcome = ENDPOINT_BROKEN_OFF;
	link_reset(&endpoint->link);
	unlink_endpoint(arena, endpoint);
	if (endpoint->is_client)
		arena->num_clients--;
	endpoint->next = arena->closed;
	arena->closed = endpoint;
}

/* Continues the endpoints whose pause is over, and reports stuck ones. Returns the time until the next one. */
static int run_due(struct arena *arena)
{
	uint64_t next_ms = arena->now_ms + 1000;
	struct endpoint *next = NULL;

	for (struct endpoint *at = arena->endpoints; at != NULL; at = next) {
		next = at->next;
		if (at->moved_ms + ARENA_STUCK_MS < arena->now_ms)
			give_up_on(arena, at);
		else if (at->wake_ms <= arena->now_ms)
			work(arena, at);
		if (at->state != ENDPOINT_CLOSED && at->link.fd >= 0 && at->wake_ms < next_ms)
			next_ms = at->wake_ms;
	}
	return next_ms > arena->now_ms ? (int)(next_ms - arena->now_ms) : 0;
}

static void free_closed(struct arena *arena)
{
	while (arena->closed != NULL) {
		struct endpoint *endpoint = arena->closed;
		arena->closed = endpoint->next;
		free(endpoint);
	}
}

static void reload(struct arena *arena)
{
	if (arena->options->reload_pid == 0 || arena->now_ms < arena->next_reload_ms)
		return;
	arena->next_reload_ms = arena->now_ms + arena->options->reload_ms;
	kill(arena->options->reload_pid, SIGHUP);
	arena->result->num_reloads++;
}

static bool turn(struct arena *arena)
{
	struct epoll_event events[MAX_EVENTS];
	bool good = true;

	arena->now_ms = clock_ms();
	while (good && arena->num_clients < arena->options->at_a_time && arena->next_number < arena->options->end)
		good = start_client(arena);
	int wait_ms = run_due(arena);
	int count = epoll_wait(arena->epoll_fd, events, MAX_EVENTS, wait_ms);
	arena->now_ms = clock_ms();
	for (int i = 0; good && i < count; i++) {
		const int *listener = events[i].data.ptr;
		if (listener >= arena->options->listeners && listener < arena->options->listeners + NUM_PLAN_ROUTES)
			good = accept_all(arena, (enum plan_route)(listener - arena->options->listeners));
		else if (((struct endpoint *)events[i].data.ptr)->link.fd >= 0)
			work(arena, events[i].data.ptr);
	}
	free_closed(arena);
	reload(arena);
	return good;
}

static bool watch_listeners(struct arena *arena)
{
	for (size_t i = 0; i < NUM_PLAN_ROUTES; i++) {
		const int *listener = &arena->options->listeners[i];
		struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = (void *)(uintptr_t)listener}};
		if (epoll_ctl(arena->epoll_fd, EPOLL_CTL_ADD, *listener, &event) != 0)
			return false;
	}
	return true;
}

/* Of a plan that had to come through, both ends must have. */
static void count_whole(struct arena *arena)
{
	struct plan plan;

	for (uint64_t number = arena->options->first; number < arena->options->end; number++) {
		plan_make(&plan, arena->world->seed, number);
		if (!plan_is_whole(&plan))
			continue;
		unsigned whole = arena->whole[number - arena->options->first];
		if (whole == BOTH_ARE_WHOLE)
			arena->result->num_whole++;
		else
			fail(arena, &plan, "both",
			     whole == 0                 ? "lost"
			     : whole == CLIENT_IS_WHOLE ? "lost at the backend"
							: "lost at the client",
			     NULL);
	}
}

bool arena_run(struct endpoint_world *world, const struct arena_options *options, struct arena_result *out)
{
	struct arena arena = {.world = world, .options = options, .result = out, .next_number = options->first};

	*out = (struct arena_result){0};
	arena.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	arena.whole = calloc(options->end - options->first + 1, 1);
	arena.next_reload_ms = clock_ms() + options->reload_ms;
	bool good = arena.epoll_fd >= 0 && arena.whole != NULL && watch_listeners(&arena);
	if (!good)
		fprintf(stderr, "torture: it cannot be set up: %s\n", strerror(errno));
	while (good && (arena.next_number < options->end || arena.endpoints != NULL))
		good = turn(&arena);
	free_closed(&arena);
	if (good)
		count_whole(&arena);
	free(arena.whole);
	return good;
}
