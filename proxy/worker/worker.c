#include "proxy/worker/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/worker/connection_machine.h"
#include "proxy/worker/worker_loop.h"

enum message_kind { MESSAGE_PUBLISH, MESSAGE_VERDICT, MESSAGE_DRAIN, MESSAGE_QUIT };

/* From the control thread to the worker. */
struct message {
	struct mail mail; /* first */
	enum message_kind kind;
	struct snapshot_lease *lease; /* MESSAGE_PUBLISH; made by the sender: a worker needs no memory to take it */
	uint64_t connection;
	bool trusted;
	char reason[WORKER_MAX_REASON];
};

struct worker {
	struct worker_thread thread;
	pthread_t handle;
	struct message quit; /* embedded: a stop must not fail for want of memory */
	struct message drain;
	atomic_bool drain_under_way; /* `drain` is in the mailbox */
	_Atomic uint64_t drain_timeout_ms;
};

static void handle(struct worker *worker, struct message *message)
{
	struct worker_thread *thread = &worker->thread;

	switch (message->kind) {
	case MESSAGE_PUBLISH:
		worker_loop_use(thread, message->lease);
		break;
	case MESSAGE_VERDICT:
		connections_give_verdict(thread, message->connection, message->trusted, message->reason);
		break;
	case MESSAGE_DRAIN:
		atomic_store(&worker->drain_under_way, false);
		worker_loop_drain(thread, atomic_load(&worker->drain_timeout_ms));
		return; /* not allocated */
	case MESSAGE_QUIT:
		thread->quit = true;
		return;
	}
	free(message);
}

static void on_mail(void *context, struct mail *take_mail)
{
	handle(context, (struct message *)(void *)take_mail);
}

static void *run(void *argument)
{
	struct worker *worker = argument;

	worker_loop_run(&worker->thread);
	worker_loop_cleanup(&worker->thread);
	return NULL;
}

struct error worker_start(const struct worker_options *options, struct snapshot *snapshot, struct worker **out)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		return error_of(ERROR_MEMORY, 0, "make a worker");

	struct error error = worker_loop_init(&worker->thread, options, on_mail, worker);
	if (failed(error)) {
		free(worker);
		return error;
	}
	worker->quit.kind = MESSAGE_QUIT;
	worker->drain.kind = MESSAGE_DRAIN;
	struct snapshot_lease *lease = snapshot_lease_new(snapshot);
	if (lease != NULL)
		worker_loop_use(&worker->thread, lease);
	int code = lease != NULL ? pthread_create(&worker->handle, NULL, run, worker) : ENOMEM;
	if (code != 0) {
		worker_loop_cleanup(&worker->thread);
		free(worker);
		return error_of(ERROR_SYSTEM, code, "start a worker's thread");
	}
	*out = worker;
	return error_none();
}

struct error worker_publish(struct worker *worker, struct snapshot *snapshot)
{
	struct message *message = calloc(1, sizeof(*message));
	struct snapshot_lease *lease = message != NULL ? snapshot_lease_new(snapshot) : NULL;
	if (lease == NULL) {
		free(message);
		return error_of(ERROR_MEMORY, 0, "publish to a worker");
	}
	message->kind = MESSAGE_PUBLISH;
	message->lease = lease;
	mailbox_post(worker->thread.mailbox, &message->mail);
	return error_none();
}

void worker_give_verdict(struct worker *worker, uint64_t connection, bool trusted, const char *reason)
{
	struct message *message = calloc(1, sizeof(*message));
	if (message == NULL)
		return; /* out of memory: the handshake's deadline answers */
	message->kind = MESSAGE_VERDICT;
	message->connection = connection;
	message->trusted = trusted;
	snprintf(message->reason, sizeof(message->reason), "%s", reason != NULL ? reason : "");
	mailbox_post(worker->thread.mailbox, &message->mail);
}

void worker_drain(struct worker *worker, uint64_t timeout_ms)
{
	atomic_store(&worker->drain_timeout_ms, timeout_ms);
	if (!atomic_exchange(&worker->drain_under_way, true))
		mailbox_post(worker->thread.mailbox, &worker->drain.mail);
}

void worker_join(struct worker *worker)
{
	mailbox_post(worker->thread.mailbox, &worker->quit.mail);
	pthread_join(worker->handle, NULL);
	free(worker);
}

const struct counters *worker_counters(const struct worker *worker)
{
	return &worker->thread.counters;
}
