/* web_visits - the open connections of a web_server, and which of them makes room when there are too many.
 *
 * A visit that only waits (for a request, for more of one, for a wrong token's time to be over) may go at any moment; one
 * whose answer is on the way, after a while. Of these, one goes of the peer that has the most visits, so that nobody
 * keeps others out; of that peer's, one that waits before one that is answered, the oldest first. A whole request is
 * answered as it comes, so that it never waits for half ones. Pure: times are milliseconds of the loop's clock.
 */
#ifndef PROXY_IO_WEB_VISITS_H
#define PROXY_IO_WEB_VISITS_H

#include "proxy/io/web_peer.h"

#define WEB_VISITS_MAX 64
#define WEB_VISITS_ANSWER_GRACE_MS 5000 /* that an answer has before its visit may have to make room */

/* VISIT_WAITED: it was held, and its request is handled again. VISIT_LEAVING: its connection is cut, and not closed yet;
 * it takes no place any more. */
enum web_visit_state { VISIT_READING, VISIT_HELD, VISIT_WAITED, VISIT_ANSWERING, VISIT_LEAVING };

struct MHD_Connection;
struct web_server;

struct web_visit {
	struct web_visit *next;
	struct web_visit *previous;
	struct web_server *server;
	struct MHD_Connection *connection;
	int fd;
	struct web_peer peer;
	enum web_visit_state state;
	uint64_t since_ms; /* when this state began */
	uint64_t until_ms; /* its deadline, which does not move with each byte; VISIT_HELD: when it goes on */
};

struct web_visits {
	struct web_visit *first; /* the newest */
	unsigned count; /* but for those that leave */
};

void web_visits_add(struct web_visits *visits, struct web_visit *visit);
void web_visits_remove(struct web_visits *visits, struct web_visit *visit);

/* web_visits_set changes the state of a visit; one that leaves stays so. */
void web_visits_set(struct web_visits *visits, struct web_visit *visit, enum web_visit_state state, uint64_t now_ms,
		    uint64_t pause_ms);

/* web_visits_who_goes chooses the visit that makes room for another one; NULL: none may. */
struct web_visit *web_visits_who_goes(const struct web_visits *visits, uint64_t now_ms);

/* web_visits_next_held_ms is how long the first of those that are held has to wait; `most_ms` where none has less. */
uint64_t web_visits_next_held_ms(const struct web_visits *visits, uint64_t now_ms, uint64_t most_ms);

#endif
