/* server_state - the state of the control thread: server.c and reload.c change it, server_questions.c answers from it. */
#ifndef PROXY_CONTROL_SERVER_STATE_H
#define PROXY_CONTROL_SERVER_STATE_H

#include "proxy/admin/admin.h"
#include "proxy/control/listeners.h"
#include "proxy/control/publisher.h"
#include "proxy/control/worker_events.h"
#include "proxy/io/signal_watch.h"
#include "proxy/shared/ticket_rotation.h"
#include "proxy/sites/site_set.h"
#include "proxy/worker/worker.h"

#define SERVER_NUM_SIGNALS 4

enum server_state { SERVER_STARTING, SERVER_RUNNING, SERVER_DRAINING, SERVER_STOPPED };

struct server_options;

struct server {
	const struct server_options *options; /* borrowed */
	struct config *config; /* owned until `set` has it, then NULL */
	enum server_state state;
	struct loop *loop;
	struct program_log log;
	struct fix_log *fix_log;
	struct mailbox *mailbox;
	struct ticket_rotation ticket_rotation;
	struct worker_events events; /* owns what it points to, but the log */
	struct site_set *set;
	struct mend_tally mends;
	struct thread_pool *threads; /* that mends run in */
	bool is_held; /* by one of them, which did not end */
	struct admin_listener *admin_listener; /* NULL once `admin` has it */
	struct admin *admin;
	struct listeners listeners;
	struct reload *reload;
	struct reload_tally reloads;
	struct signal_watch *signals[SERVER_NUM_SIGNALS];
	size_t num_signals; /* that are watched */
	struct publisher *publisher;
	struct alarm *ticker;
	struct worker *workers[LISTEN_MAX_WORKERS]; /* NULL once joined */
	unsigned num_workers;
	unsigned num_running;
	uint64_t num_cut; /* connections that were cut, of the workers that have stopped */
	uint64_t max_files; /* that may be open */
	struct admission *admission; /* of the workers */
};

#endif
