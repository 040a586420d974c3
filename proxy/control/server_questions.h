/* server_questions - what its parts ask the server: about a site, a certificate, a group of findings, about itself.
 *
 * The parts know no server; each of these is a callback that they were given, with the server as its context.
 */
#ifndef PROXY_CONTROL_SERVER_QUESTIONS_H
#define PROXY_CONTROL_SERVER_QUESTIONS_H

#include "proxy/admin/admin.h"
#include "proxy/control/event_desk.h"
#include "proxy/control/listeners.h"
#include "proxy/control/server.h"
#include "proxy/io/signal_watch.h"
#include "proxy/shared/ticket_rotation.h"
#include "proxy/sites/site_set.h"
#include "proxy/system/file_watch.h"
#include "proxy/worker/worker.h"

#define SERVER_NUM_SIGNALS 4

enum server_state { SERVER_STARTING, SERVER_RUNNING, SERVER_DRAINING, SERVER_STOPPED };

/* For server.c and server_questions.c alone. */
struct server {
	struct server_options options;
	enum server_state state;
	struct loop *loop;
	struct program_log log;
	struct fix_log *fix_log;
	struct mailbox *mailbox;
	struct ticket_rotation ticket_rotation;
	struct event_desk desk; /* owns what it points to, but the log */
	struct site_set *set;
	struct mend_tally mends;
	struct admin_door *door; /* NULL once `admin` has it */
	struct admin *admin;
	struct listeners listeners;
	struct file_watch *file_watch;
	struct signal_watch *signals[SERVER_NUM_SIGNALS];
	struct alarm *publisher;
	struct alarm *ticker;
	struct worker *workers[LISTEN_MAX_WORKERS]; /* NULL once joined */
	unsigned num_workers;
	unsigned num_running;
	uint64_t max_files; /* that may be open */
	struct admission *admission; /* of the workers */
};

/* Whether a certificate of the site covers a name. */
bool server_is_covered(void *context, const char *site, const char *name);

/* How a site's backends are judged, and whom the verdict is for. */
bool server_find_terms(void *context, const char *site, struct backend_trust_terms *out);
void server_give_verdict(void *context, unsigned worker, uint64_t connection, bool trusted, const char *reason);

/* Has the chain that the watch names go out. */
bool server_roll_back(void *context, const char *site, unsigned part);

/* Whether there still is such a certificate, such a site, such a group. */
bool server_is_certificate(void *context, const char *site, unsigned part);
bool server_is_site(void *context, const char *site);
bool server_has_group(void *context, const struct finding_group *group);

/* What the admin page is made from. */
void server_look(void *context, struct overview *out);

#endif
