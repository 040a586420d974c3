#include "proxy/worker/worker_loop.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/io/loop.h"
#include "proxy/worker/acceptor.h"
#include "proxy/worker/connection.h"
#include "proxy/worker/connection_machine.h"

#define THREAD_OF(member_pointer, member)                                                                              \
	((struct worker_thread *)(void *)((char *)(member_pointer)-offsetof(struct worker_thread, member)))

/* Reads the coarse clock: deadlines have ticks of 100 ms, and it costs a quarter of the fine one. */
static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void on_limit_due(struct timer *timer)
{
	struct worker_thread *thread = THREAD_OF(timer, limit_timer);

	if (event_limit_flush(&thread->limit, thread->now_ms, false))
		timer_arm(&thread->timers, timer, thread->now_ms + EVENT_LIMIT_MS);
}

static void on_resume_due(struct timer *timer)
{
	acceptors_try_again(THREAD_OF(timer, resume_timer));
}

static void on_room(struct pollable *pollable, uint32_t events)
{
	struct worker_thread *thread = THREAD_OF(pollable, room);

	(void)events;
	admission_stop_waiting(thread->options.admission, thread->options.index);
	if (thread->accepting_paused)
		acceptors_try_again(thread);
}

static void on_drain_due(struct timer *timer)
{
	struct worker_thread *thread = THREAD_OF(timer, drain_timer);

	acceptors_close_left(thread, true);
	connections_cut_all(thread);
}

static void send_to_stream(void *to, struct bytes bytes)
{
	stream_write(to, bytes);
}

static struct error open_loop(struct worker_thread *thread, mailbox_handler *on_mail, void *context)
{
	struct error error = loop_new(&thread->loop);
	if (failed(error))
		return error;

	error = mailbox_open(thread->loop, on_mail, context, &thread->mailbox);
	if (failed(error))
		goto out_loop;
	error = poller_open(&thread->poller, thread->loop);
	if (failed(error))
		goto out_mailbox;
	error = poller_add(&thread->poller, &thread->room,
			   admission_fd(thread->options.admission, thread->options.index), POLLER_READABLE);
	if (!failed(error))
		return error;
	poller_close(&thread->poller);
out_mailbox:
	mailbox_close(thread->mailbox);
out_loop:
	loop_free(thread->loop);
	return error;
}

static void close_loop(struct worker_thread *thread)
{
	poller_close(&thread->poller);
	mailbox_close(thread->mailbox);
	loop_free(thread->loop);
}

struct error worker_loop_init(struct worker_thread *thread, const struct worker_options *options,
			      mailbox_handler *on_mail, void *context)
{
	memset(thread, 0, sizeof(*thread));
	thread->options = *options;
	thread->limit.worker = options->index;
	thread->limit.control = options->control;
	thread->limit_timer.on_due = on_limit_due;
	thread->resume_timer.on_due = on_resume_due;
	thread->drain_timer.on_due = on_drain_due;
	thread->room.on_ready = on_room;
	thread->pause = acceptors_pause;
	thread->now_ms = clock_ms();
	timer_wheel_init(&thread->timers, thread->now_ms);
	backend_pool_init(&thread->pool, &thread->poller, &thread->timers);

	struct error error = open_loop(thread, on_mail, context);
	if (failed(error))
		return error;
	thread->received = malloc(WORKER_READ_BYTES);
	thread->plain = malloc(WORKER_READ_BYTES);
	thread->nobody = site_tally_new(1, 0);
	if (thread->received == NULL || thread->plain == NULL || thread->nobody == NULL)
		error = error_of(ERROR_MEMORY, 0, "make a worker's buffers");
	else
		error = tls_channel_init(&thread->channel, send_to_stream);
	if (failed(error)) {
		site_tally_unref(thread->nobody);
		free(thread->received);
		free(thread->plain);
		close_loop(thread);
	}
	return error;
}

void worker_loop_cleanup(struct worker_thread *thread)
{
	acceptors_drop(thread, NULL);
	acceptors_close_left(thread, true);
	connections_cut_all(thread);
	connections_free_closed(thread);
	backend_pool_cleanup(&thread->pool);
	event_limit_cleanup(&thread->limit);
	snapshot_lease_unref(thread->lease);
	backend_choice_cleanup(&thread->choice);
	tls_channel_cleanup(&thread->channel);
	free(thread->gather);
	site_tally_unref(thread->nobody);
	free(thread->received);
	free(thread->plain);
	close_loop(thread);
}

static void report_stopped(struct worker_thread *thread)
{
	if (!thread->draining || thread->stop_reported || thread->num_connections > 0 || thread->leaving != NULL)
		return;
	event_limit_flush(&thread->limit, thread->now_ms, true);
	struct worker_event *event = worker_event_new(WORKER_STOPPED, thread->options.index, NULL, 0);
	if (event == NULL) { /* tried again in the next turn, which nothing else may bring about */
		timer_arm(&thread->timers, &thread->drain_timer, thread->now_ms + TIMER_TICK_MS);
		return;
	}
	thread->stop_reported = true;
	mailbox_post(thread->options.control, &event->mail);
}

void worker_loop_run(struct worker_thread *thread)
{
	while (!thread->quit) {
		struct error error = poller_wait(&thread->poller, timer_wheel_wait_ms(&thread->timers, thread->now_ms));

		thread->now_ms = clock_ms();
		if (failed(error))
			worker_loop_drain(thread, 0); /* the set itself is broken: nothing can be served any more */
		poller_dispatch(&thread->poller);
		timer_wheel_advance(&thread->timers, thread->now_ms);
		connections_free_closed(thread);
		if (thread->leaving != NULL)
			acceptors_close_left(thread, false);
		report_stopped(thread);
	}
}

void worker_loop_use(struct worker_thread *thread, struct snapshot_lease *take_lease)
{
	if (thread->draining) {
		snapshot_lease_unref(take_lease);
		return;
	}
	acceptors_drop(thread, take_lease->snapshot);
	backend_pool_serve(&thread->pool, take_lease->snapshot->num_sites);
	snapshot_lease_unref(thread->lease);
	thread->lease = take_lease;
	thread->traces = take_lease->snapshot->shared_config->config->log_level == LOG_LEVEL_DEBUG;
	acceptors_adopt(thread, take_lease->snapshot);
	connections_give_addresses(thread);
}

void worker_loop_drain(struct worker_thread *thread, uint64_t timeout_ms)
{
	if (!thread->draining) {
		acceptors_drop(thread, NULL);
		thread->draining = true;
		backend_pool_serve(&thread->pool, 0);
		connections_drain(thread);
	}
	if (timeout_ms == 0)
		on_drain_due(&thread->drain_timer);
	else
		timer_arm(&thread->timers, &thread->drain_timer, thread->now_ms + timeout_ms);
}
