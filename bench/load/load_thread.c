#include "bench/load/load_thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "bench/load/client_context.h"
#include "proxy/io/loop.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define MAX_WAIT_MS 50 /* then it looks at the clock and at `stop` */
#define REST_MS 20

uint64_t load_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void send_to_stream(void *to, struct bytes bytes)
{
	stream_write(to, bytes);
}

static void on_tick(struct pollable *pollable, uint32_t events)
{
	struct load_thread *thread =
	    (struct load_thread *)(void *)((char *)pollable - offsetof(struct load_thread, ticker));
	uint64_t count;

	(void)events;
	if (read(thread->ticker_fd, &count, sizeof(count)) < 0)
		return; /* the starts are due by the clock, not by this count */
}

/* BoringSSL hands the session over when this returns 1. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct transaction *transaction = SSL_get_app_data(ssl);
	struct load_thread *thread = transaction->thread;

	thread->tally.tickets++;
	SSL_SESSION_free(thread->sessions[transaction->name]);
	thread->sessions[transaction->name] = session;
	return 1;
}

/* `total` things dealt out to the plan's threads: how many this one has. */
static uint64_t share_of(const struct load_thread *thread, uint64_t total)
{
	unsigned threads = thread->plan->threads;

	return total / threads + (thread->index < total % threads ? 1 : 0);
}

static size_t num_names(const struct load_thread *thread)
{
	return thread->plan->names.count > 0 ? thread->plan->names.count : 1;
}

static struct error make_connections(struct load_thread *thread)
{
	const struct load_plan *plan = thread->plan;
	uint64_t wanted = plan->idle > plan->connections ? plan->idle : plan->connections;

	thread->num_transactions = (size_t)share_of(thread, wanted);
	thread->transactions = calloc(thread->num_transactions + 1, sizeof(*thread->transactions));
	thread->sessions = calloc(num_names(thread), sizeof(SSL_SESSION *));
	thread->received = malloc(LOAD_READ_BYTES);
	thread->plain = malloc(LOAD_READ_BYTES);
	if (thread->transactions == NULL || thread->sessions == NULL || thread->received == NULL ||
	    thread->plain == NULL)
		return error_of(ERROR_MEMORY, 0, "make room for the connections");
	for (size_t i = thread->num_transactions; i-- > 0;) {
		struct transaction *transaction = &thread->transactions[i];
		transaction->thread = thread;
		transaction->stream.fd = -1;
		transaction->next_free = thread->free_list;
		thread->free_list = transaction;
	}
	return error_none();
}

static void on_wake(void *context)
{
	(void)context; /* the next turn looks at stop and let_go */
}

static void close_loop(struct load_thread *thread)
{
	wake_close(thread->wake);
	loop_free(thread->loop);
}

/* A loop on which nothing stands would never let the poller sleep. */
static struct error open_loop(struct load_thread *thread)
{
	struct error error = loop_new(&thread->loop);
	if (failed(error))
		return error;
	error = wake_open(thread->loop, thread, on_wake, &thread->wake);
	if (failed(error))
		loop_free(thread->loop);
	return error;
}

static struct error open_poller(struct load_thread *thread)
{
	struct error error = open_loop(thread);
	if (failed(error))
		return error;
	error = poller_open(&thread->poller, thread->loop);
	if (failed(error)) {
		close_loop(thread);
		return error;
	}
	thread->ticker.on_ready = on_tick;
	thread->ticker_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (thread->ticker_fd < 0)
		error = error_system("make a timer");
	else
		error = poller_add(&thread->poller, &thread->ticker, thread->ticker_fd, POLLER_READABLE);
	if (!failed(error))
		return error;
	if (thread->ticker_fd >= 0)
		close(thread->ticker_fd);
	poller_close(&thread->poller);
	close_loop(thread);
	return error;
}

struct error load_thread_init(struct load_thread *thread, const struct load_plan *plan, unsigned index,
			      const struct sockaddr *address, socklen_t address_len, const _Atomic bool *stop,
			      const _Atomic bool *let_go)
{
	memset(thread, 0, sizeof(*thread));
	thread->plan = plan;
	thread->index = index;
	memcpy(&thread->address, address, address_len);
	thread->address_len = address_len;
	thread->stop = stop;
	thread->let_go = let_go;
	timer_wheel_init(&thread->timers, load_clock_ns() / NS_PER_MS);
	struct error error = open_poller(thread);
	if (failed(error)) {
		thread->plan = NULL;
		return error;
	}
	error = make_connections(thread);
	if (!failed(error))
		error = tls_channel_init(&thread->channel, send_to_stream);
	if (!failed(error))
		error = client_context_new(plan, &thread->tally.compressed, &thread->ctx);
	if (failed(error)) {
		load_thread_cleanup(thread);
		return error;
	}
	if (plan->resume)
		SSL_CTX_sess_set_new_cb(thread->ctx, on_session);
	return error_none();
}

void load_thread_cleanup(struct load_thread *thread)
{
	if (thread->plan == NULL)
		return;
	for (size_t i = 0; i < num_names(thread) && thread->sessions != NULL; i++)
		SSL_SESSION_free(thread->sessions[i]);
	free(thread->sessions);
	free(thread->transactions);
	free(thread->received);
	free(thread->plain);
	SSL_CTX_free(thread->ctx);
	if (thread->channel.method != NULL)
		tls_channel_cleanup(&thread->channel);
	close(thread->ticker_fd);
	poller_close(&thread->poller);
	close_loop(thread);
	thread->plan = NULL;
}

void load_thread_shook_hands(struct load_thread *thread)
{
	atomic_fetch_add_explicit(&thread->gauge.handshakes, 1, memory_order_relaxed);
}

void load_thread_succeeded(struct load_thread *thread)
{
	atomic_fetch_add_explicit(&thread->gauge.transactions, 1, memory_order_relaxed);
}

void load_thread_failed(struct load_thread *thread)
{
	uint64_t failures = atomic_fetch_add_explicit(&thread->gauge.failures, 1, memory_order_relaxed) + 1;

	if (failures >= LOAD_MAX_FIRST_FAILURES &&
	    atomic_load_explicit(&thread->gauge.handshakes, memory_order_relaxed) == 0)
		atomic_store(&thread->gauge.gave_up, true);
}

void load_thread_held(struct load_thread *thread, bool held)
{
	if (held)
		atomic_fetch_add_explicit(&thread->gauge.held, 1, memory_order_relaxed);
	else
		atomic_fetch_sub_explicit(&thread->gauge.held, 1, memory_order_relaxed);
}

void load_thread_ended(struct load_thread *thread, struct transaction *transaction)
{
	transaction->next_free = thread->free_list;
	thread->free_list = transaction;
	thread->num_active--;
}

bool load_thread_holds(const struct load_thread *thread)
{
	return thread->phase.kind == PHASE_HOLD;
}

/* A ticket comes with the server's first write, and where nothing is asked of it that is its end. */
enum close_manner load_thread_close_manner(const struct load_thread *thread)
{
	return thread->phase.kind == PHASE_PRIME ? CLOSE_WAIT : thread->plan->close;
}

const char *load_thread_name(const struct load_thread *thread, size_t name)
{
	return thread->plan->names.count > 0 ? thread->plan->names.items[name] : thread->plan->host;
}

SSL_SESSION *load_thread_session(const struct load_thread *thread, size_t name)
{
	return thread->sessions[name];
}

static bool may_start(const struct load_thread *thread, uint64_t now_ns)
{
	return thread->left > 0 && now_ns < thread->end_ns && !atomic_load(&thread->gauge.gave_up);
}

/* Held connections are no load: those that are under way alone count against the plan's number. */
static bool has_room(const struct load_thread *thread, uint64_t now_ns)
{
	size_t held = (size_t)atomic_load_explicit(&thread->gauge.held, memory_order_relaxed);

	return thread->free_list != NULL && thread->num_active - held < share_of(thread, thread->plan->connections) &&
	       now_ns >= thread->not_before_ns;
}

static void start_due(struct load_thread *thread, uint64_t now_ns)
{
	/* One round of connections at most: what fails at once must not keep the others waiting. */
	for (size_t i = 0; i < thread->num_transactions && has_room(thread, now_ns) && may_start(thread, now_ns); i++) {
		uint64_t intended_ns;
		if (!schedule_take(&thread->schedule, now_ns, &intended_ns))
			return;
		struct transaction *transaction = thread->free_list;
		thread->free_list = transaction->next_free;
		thread->num_active++;
		thread->left--;
		transaction_start(transaction, (size_t)(thread->num_started++ % num_names(thread)), intended_ns);
		if (thread->schedule.interval_ns <= 0)
			now_ns = load_clock_ns();
	}
}

/* Wakes the loop for the next start; what is due already waits for a connection to end, and needs no waking. */
static void set_ticker(struct load_thread *thread, uint64_t now_ns)
{
	uint64_t next_ns = schedule_next_ns(&thread->schedule, now_ns);
	struct itimerspec when = {.it_value = {(time_t)(next_ns / NS_PER_S), (long)(next_ns % NS_PER_S)}};

	if (thread->schedule.interval_ns > 0 && next_ns > now_ns && next_ns < thread->end_ns)
		timerfd_settime(thread->ticker_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void begin_phase(struct load_thread *thread, const struct load_phase *phase, uint64_t begin_ns)
{
	const struct load_plan *plan = thread->plan;

	thread->phase = *phase;
	memset(&thread->tally, 0, sizeof(thread->tally));
	atomic_store(&thread->gauge.handshakes, 0);
	atomic_store(&thread->gauge.transactions, 0);
	atomic_store(&thread->gauge.failures, 0);
	atomic_store(&thread->gauge.held, 0);
	atomic_store(&thread->gauge.held_all, false);
	atomic_store(&thread->gauge.gave_up, false);
	/* Each thread has sessions of its own, so that each primes every name. */
	if (phase->kind == PHASE_PRIME)
		thread->left = num_names(thread);
	else
		thread->left = phase->count > 0 ? share_of(thread, phase->count) : UINT64_MAX;
	thread->end_ns = phase->duration_ms > 0 ? begin_ns + phase->duration_ms * NS_PER_MS : UINT64_MAX;
	thread->num_started = 0;
	double rate = phase->kind == PHASE_PRIME || phase->kind == PHASE_HOLD ? 0 : plan->rate;
	schedule_init(&thread->schedule, begin_ns, rate, thread->index, plan->threads);
}

static void stop_all(struct load_thread *thread)
{
	for (size_t i = 0; i < thread->num_transactions; i++)
		transaction_stop(&thread->transactions[i]);
}

static bool turn(struct load_thread *thread)
{
	uint64_t now_ns = load_clock_ns();

	thread->now_ms = now_ns / NS_PER_MS;
	start_due(thread, now_ns);
	set_ticker(thread, now_ns);
	atomic_store_explicit(&thread->gauge.active, thread->num_active, memory_order_relaxed);
	bool more = may_start(thread, now_ns);
	if (thread->phase.kind == PHASE_HOLD && !more &&
	    thread->num_active == atomic_load_explicit(&thread->gauge.held, memory_order_relaxed))
		atomic_store(&thread->gauge.held_all, true);
	if (atomic_load(thread->stop) || atomic_load(thread->let_go))
		stop_all(thread);
	return thread->num_active > 0 || (more && !atomic_load(thread->stop) && !atomic_load(thread->let_go));
}

static int wait_ms(const struct load_thread *thread)
{
	uint64_t now_ns = load_clock_ns();
	uint64_t until_ns = now_ns + MAX_WAIT_MS * NS_PER_MS;

	if (has_room(thread, now_ns) && may_start(thread, now_ns) &&
	    schedule_next_ns(&thread->schedule, now_ns) <= now_ns)
		return 0; /* a start that failed at once leaves no event behind */
	if (thread->not_before_ns > now_ns && thread->not_before_ns < until_ns)
		until_ns = thread->not_before_ns;
	if (thread->end_ns > now_ns && thread->end_ns < until_ns)
		until_ns = thread->end_ns;
	return (int)((until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

void load_thread_rest(struct load_thread *thread)
{
	thread->not_before_ns = load_clock_ns() + REST_MS * NS_PER_MS;
}

struct error load_thread_run(struct load_thread *thread, const struct load_phase *phase, uint64_t begin_ns)
{
	struct error error = error_none();

	begin_phase(thread, phase, begin_ns);
	while (!failed(error) && turn(thread)) {
		error = poller_wait(&thread->poller, wait_ms(thread));
		poller_dispatch(&thread->poller);
		thread->now_ms = load_clock_ns() / NS_PER_MS;
		timer_wheel_advance(&thread->timers, thread->now_ms);
	}
	stop_all(thread);
	if (thread->end_ns != UINT64_MAX && !atomic_load(thread->stop))
		thread->tally.missed = schedule_missed(&thread->schedule, thread->end_ns);
	return error;
}
