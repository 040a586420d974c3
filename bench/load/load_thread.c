#include "bench/load/load_thread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "proxy/io/loop.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define MAX_WAIT_MS 50 /* then it looks at the clock and at `stop` */

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
	struct load_context *context = transaction->context;

	context->tally.tickets++;
	SSL_SESSION_free(context->sessions[transaction->name]);
	context->sessions[transaction->name] = session;
	return 1;
}

/* Returns this thread's part of `total`. */
static uint64_t share_of(const struct load_thread *thread, uint64_t total)
{
	unsigned threads = thread->context.plan->threads;

	return total / threads + (thread->index < total % threads ? 1 : 0);
}

static void on_ended(struct transaction *transaction)
{
	struct load_thread *thread = (struct load_thread *)(void *)transaction->context;

	transaction->next_free = thread->free_list;
	thread->free_list = transaction;
	thread->num_active--;
}

static struct error make_connections(struct load_thread *thread)
{
	const struct load_plan *plan = thread->context.plan;
	uint64_t wanted = plan->idle > plan->connections ? plan->idle : plan->connections;

	thread->num_transactions = (size_t)share_of(thread, wanted);
	thread->transactions = calloc(thread->num_transactions + 1, sizeof(*thread->transactions));
	if (thread->transactions == NULL)
		return error_of(ERROR_MEMORY, 0, "make room for the connections");
	for (size_t i = thread->num_transactions; i-- > 0;) {
		struct transaction *transaction = &thread->transactions[i];
		transaction->context = &thread->context;
		transaction->on_ended = on_ended;
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

/* Opens a loop with a wake: without a handle it would never let the poller sleep. */
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

static struct error open_ticker(struct load_thread *thread)
{
	thread->ticker.on_ready = on_tick;
	thread->ticker_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (thread->ticker_fd < 0)
		return error_system("make a timer");
	return poller_add(&thread->context.poller, &thread->ticker, thread->ticker_fd, POLLER_READABLE);
}

struct error load_thread_init(struct load_thread *thread, const struct load_plan *plan, unsigned index,
			      const struct sockaddr *address, socklen_t address_len, const _Atomic bool *stop,
			      const _Atomic bool *let_go)
{
	memset(thread, 0, sizeof(*thread));
	thread->index = index;
	thread->stop = stop;
	thread->let_go = let_go;
	thread->ticker_fd = -1;
	struct error error = open_loop(thread);
	if (failed(error))
		return error;
	error = load_context_init(&thread->context, plan, address, address_len, thread->loop);
	if (failed(error)) {
		close_loop(thread);
		return error;
	}
	error = open_ticker(thread);
	if (!failed(error))
		error = make_connections(thread);
	if (failed(error)) {
		load_thread_cleanup(thread);
		return error;
	}
	if (plan->resume)
		SSL_CTX_sess_set_new_cb(thread->context.ctx, on_session);
	return error_none();
}

void load_thread_cleanup(struct load_thread *thread)
{
	if (thread->context.plan == NULL)
		return;
	free(thread->transactions);
	if (thread->ticker_fd >= 0)
		close(thread->ticker_fd);
	load_context_cleanup(&thread->context);
	close_loop(thread);
}

static bool may_start(const struct load_thread *thread, uint64_t now_ns)
{
	return thread->left > 0 && now_ns < thread->end_ns && !atomic_load(&thread->context.gauge.gave_up);
}

/* Counts the connections under way against the plan's number. Held ones are no load. */
static bool has_room(const struct load_thread *thread, uint64_t now_ns)
{
	size_t held = (size_t)atomic_load_explicit(&thread->context.gauge.held, memory_order_relaxed);

	return thread->free_list != NULL &&
	       thread->num_active - held < share_of(thread, thread->context.plan->connections) &&
	       now_ns >= thread->context.not_before_ns;
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
		transaction_start(transaction,
				  (size_t)(thread->num_started++ % load_context_num_names(&thread->context)),
				  intended_ns);
		if (thread->schedule.interval_ns <= 0)
			now_ns = load_clock_ns();
	}
}

/* Wakes the loop for the next start; a start that is due already waits for a connection to end. */
static void set_ticker(struct load_thread *thread, uint64_t now_ns)
{
	uint64_t next_ns = schedule_next_ns(&thread->schedule, now_ns);
	struct itimerspec when = {.it_value = {(time_t)(next_ns / NS_PER_S), (long)(next_ns % NS_PER_S)}};

	if (thread->schedule.interval_ns > 0 && next_ns > now_ns && next_ns < thread->end_ns)
		timerfd_settime(thread->ticker_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void begin_phase(struct load_thread *thread, const struct load_phase *phase, uint64_t begin_ns)
{
	const struct load_plan *plan = thread->context.plan;

	thread->phase = *phase;
	load_context_reset(&thread->context);
	thread->context.holds = phase->kind == PHASE_HOLD;
	/* A ticket comes with the server's first write, and where nothing is asked of it that is its end. */
	thread->context.close = phase->kind == PHASE_PRIME ? CLOSE_WAIT : plan->close;
	/* Each thread has sessions of its own, so that each primes every name. */
	if (phase->kind == PHASE_PRIME)
		thread->left = load_context_num_names(&thread->context);
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

	thread->context.now_ms = now_ns / NS_PER_MS;
	start_due(thread, now_ns);
	set_ticker(thread, now_ns);
	atomic_store_explicit(&thread->context.gauge.active, thread->num_active, memory_order_relaxed);
	bool more = may_start(thread, now_ns);
	if (thread->phase.kind == PHASE_HOLD && !more &&
	    thread->num_active == atomic_load_explicit(&thread->context.gauge.held, memory_order_relaxed))
		atomic_store(&thread->context.gauge.held_all, true);
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
	if (thread->context.not_before_ns > now_ns && thread->context.not_before_ns < until_ns)
		until_ns = thread->context.not_before_ns;
	if (thread->end_ns > now_ns && thread->end_ns < until_ns)
		until_ns = thread->end_ns;
	return (int)((until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

struct error load_thread_run(struct load_thread *thread, const struct load_phase *phase, uint64_t begin_ns)
{
	struct error error = error_none();

	begin_phase(thread, phase, begin_ns);
	while (!failed(error) && turn(thread)) {
		error = poller_wait(&thread->context.poller, wait_ms(thread));
		poller_dispatch(&thread->context.poller);
		thread->context.now_ms = load_clock_ns() / NS_PER_MS;
		timer_wheel_advance(&thread->context.timers, thread->context.now_ms);
	}
	stop_all(thread);
	if (thread->end_ns != UINT64_MAX && !atomic_load(thread->stop))
		thread->context.tally.missed = schedule_missed(&thread->schedule, thread->end_ns);
	return error;
}
