#include "proxy/worker/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/worker/connection_machine.h"
#include "proxy/worker/worker_loop.h"

enum letter_kind { LETTER_PUBLISH, LETTER_VERDICT, LETTER_DRAIN, LETTER_QUIT };

/* What the control thread sends. */
struct letter {
	struct mail mail; /* first */
	enum letter_kind kind;
	struct snapshot_lease
	    *lease; /* LETTER_PUBLISH: made by the sender, so that the worker needs no memory to take it */
	uint64_t connection;
	bool trusted;
	char reason[WORKER_MAX_REASON];
};

struct worker {
	struct worker_thread thread;
	pthread_t handle;
	struct letter quit; /* embedded: a stop must not fail for want of memory */
	struct letter drain;
	atomic_bool drain_under_way; /* `drain` is in the mailbox */
	_Atomic uint64_t drain_timeout_ms;
};

static void read_letter(struct worker *worker, struct letter *letter)
{
	struct worker_thread *thread = &worker->thread;

	switch (letter->kind) {
	case LETTER_PUBLISH:
		worker_loop_use(thread, letter->lease);
		break;
	case LETTER_VERDICT:
		connections_give_verdict(thread, letter->connection, letter->trusted, letter->reason);
		break;
	case LETTER_DRAIN:
		atomic_store(&worker->drain_under_way, false);
		worker_loop_drain(thread, atomic_load(&worker->drain_timeout_ms));
		return; /* not allocated */
	case LETTER_QUIT:
		thread->quit = true;
		return;
	}
	free(letter);
}

static void on_mail(void *context, struct mail *take_mail)
{
	read_letter(context, (struct letter *)(void *)take_mail);
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
	worker->quit.kind = LETTER_QUIT;
	worker->drain.kind = LETTER_DRAIN;
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
	struct letter *letter = calloc(1, sizeof(*letter));
	struct snapshot_lease *lease = letter != NULL ? snapshot_lease_new(snapshot) : NULL;
	if (lease == NULL) {
		free(letter);
		return error_of(ERROR_MEMORY, 0, "publish to a worker");
	}
	letter->kind = LETTER_PUBLISH;
	letter->lease = lease;
	mailbox_post(worker->thread.mailbox, &letter->mail);
	return error_none();
}

void worker_give_verdict(struct worker *worker, uint64_t connection, bool trusted, const char *reason)
{
	struct letter *letter = calloc(1, sizeof(*letter));
	if (letter == NULL)
		return; /* out of memory: the handshake's deadline answers */
	letter->kind = LETTER_VERDICT;
	letter->connection = connection;
	letter->trusted = trusted;
	snprintf(letter->reason, sizeof(letter->reason), "%s", reason != NULL ? reason : "");
	mailbox_post(worker->thread.mailbox, &letter->mail);
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
