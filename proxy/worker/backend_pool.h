/* backend_pool - the idle connections to backends that the clients of one worker share (backend_reuse = shared), by site.
 *
 * One that its backend ends, or that brings content nobody has asked for, is closed at once; so is one that is idle for too
 * long. All belong to the sites of one snapshot: the pool is emptied when another takes its place.
 */
#ifndef PROXY_WORKER_BACKEND_POOL_H
#define PROXY_WORKER_BACKEND_POOL_H

#include "proxy/io/timer.h"
#include "proxy/worker/side.h"

#define BACKEND_POOL_MAX_IDLE 64 /* of a site; the one that is idle longest makes room for another */
#define BACKEND_POOL_MAX_AGE_MS                                                                                        \
	600000 /* since it was begun: its backend is chosen, and judged, anew from time to time */
#define BACKEND_POOL_MAX_READS 8 /* of what TLS says between two requests, such as session tickets, in one go */

struct idle_list;
struct idle_backend;

struct backend_pool {
	struct poller *poller;
	struct timer_wheel *timers;
	struct idle_list *lists; /* by a site's index; NULL: none is idle yet */
	size_t num_sites;
	struct idle_backend *spare; /* not in use */
};

/* Which connections may serve a request. */
struct backend_pool_key {
	size_t site; /* its index in the snapshot */
	uint8_t address; /* index in the site's backends */
	const char *name; /* that a tls backend was asked for (SNI), "" for none; NULL where it speaks no TLS */
};

struct backend_pool_times {
	uint64_t since_ms; /* when the connection was begun */
	uint64_t now_ms;
	uint64_t max_idle_ms;
};

void backend_pool_init(struct backend_pool *pool, struct poller *poller, struct timer_wheel *timers);
void backend_pool_cleanup(struct backend_pool *pool);

/* backend_pool_put takes over the socket and TLS of `side`, which is quiet; key->name is not read. False, and `side` as
 * it was, when it is too old, memory is short, or the pool has no such site. */
bool backend_pool_put(struct backend_pool *pool, const struct backend_pool_key *key, struct side *side,
		      struct backend_pool_times times);

/* backend_pool_take hands the connection that was put last over to `out`, which is closed; its on_ready stays. False: there
 * is none that its backend has not ended by now. */
bool backend_pool_take(struct backend_pool *pool, const struct backend_pool_key *key, struct side *out,
		       uint64_t *out_since_ms);

/* backend_pool_empty closes all. backend_pool_serve does so too, and serves the sites of another snapshot from then on; 0: it
 * takes none any more. */
void backend_pool_empty(struct backend_pool *pool);
void backend_pool_serve(struct backend_pool *pool, size_t num_sites);

#endif
