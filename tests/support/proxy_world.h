/* proxy_world - a real worker on loopback, or several of them, with their control side in the test's thread.
 *
 * Everything blocks, with a limit of LOOPBACK_PATIENCE_S for what should long have come: then the test fails. What has no
 * limit of its own, a thread's end, ends with the whole test program after WORLD_LIFETIME_S.
 */
#ifndef TESTS_SUPPORT_PROXY_WORLD_H
#define TESTS_SUPPORT_PROXY_WORLD_H

#include <openssl/ssl.h>

#include "proxy/shared/ticket_rotation.h"
#include "proxy/worker/worker.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define WORLD_LIFETIME_S 100 /* of one world */
#define WORLD_MAX_SITES 4
#define WORLD_MAX_WORKERS 4

/* For cmocka_run_group_tests: world_issuer and world_leaf (of a.example) are there between the two. */
int world_setup(void **state);
int world_teardown(void **state);
const struct certificate *world_issuer(void);
const struct certificate *world_leaf(void);

struct world_site {
	const char *keys; /* further lines of the site's section; without a `backend` among them it is tcp */
	uint16_t backend_port;
	uint16_t second_backend_port; /* 0: none */
	bool looks_up; /* the backend's name, for ever */
	const struct certificate *leaf; /* NULL: no credential */
	const struct certificate *second_leaf;
	const struct certificate *issuer;
};

struct world {
	struct loop *loop;
	struct mailbox *control;
	struct worker_event *events[256]; /* that came and were not asked for yet */
	size_t num_events;
	struct ticket_rotation tickets;
	struct listen_socket *listening;
	struct snapshot *snapshot;
	struct worker *workers[WORLD_MAX_WORKERS];
	struct worker *worker; /* the first */
	struct admission *admission;
	uint16_t port;
	uint64_t max_connections; /* of all workers together; 0: many */
	unsigned num_workers; /* 0: one */
};

/* world_site gives one with world_leaf and a tcp backend. */
struct world_site world_site(uint16_t backend_port, const char *keys);

/* world_start serves the sites (all on one listener). */
void world_start(struct world *world, const struct world_site *sites, size_t num_sites);

/* world_publish replaces what is served. */
void world_publish(struct world *world, const struct world_site *sites, size_t num_sites);

/* world_wait gives the next event of this kind; the caller frees it. */
struct worker_event *world_wait(struct world *world, enum worker_event_kind kind);
void world_stop(struct world *world);

/* world_count is one of its counters; world_wait_count waits until it is `wanted`. */
#define world_count(world, counter) atomic_load(&worker_counters((world)->worker)->counter)
#define world_wait_count(world, counter, wanted)                                                                       \
	world_wait_value(&worker_counters((world)->worker)->counter, wanted, #counter)
void world_wait_value(const _Atomic uint64_t *value, uint64_t wanted, const char *what);

#endif
