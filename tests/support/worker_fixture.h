/* worker_fixture - a proxy_world with one site, its backend and a client: what most tests of a worker begin with.
 *
 * A test asks for it by WORKER_TEST(function, .keys = "...", .backend = ...) in place of cmocka_unit_test(function), and
 * finds it in *state.
 */
#ifndef TESTS_SUPPORT_WORKER_FIXTURE_H
#define TESTS_SUPPORT_WORKER_FIXTURE_H

#include "tests/support/proxy_world.h"
#include "tests/support/test_backend.h"
#include "tests/support/test_client.h"

enum worker_plan_backend {
	PLAN_TALKS, /* a test_backend, of `manner` */
	PLAN_LISTENS, /* the test itself, by worker_fixture_accept */
	PLAN_NOBODY, /* nobody listens on its port */
};

struct worker_plan {
	enum worker_plan_backend backend;
	enum backend_manner manner;
	bool tls; /* the backend speaks TLS */
	bool waits; /* the test starts the worker, by worker_fixture_start */
	const char *keys; /* of the site, or NULL */
	uint64_t max_connections; /* 0: many */
	unsigned num_workers; /* 0: one */
};

/* Its members are the test's to use; what is there at the end is closed and freed. */
struct worker_fixture {
	struct world world;
	struct world_site site;
	struct test_backend *backend; /* of PLAN_TALKS */
	SSL_CTX *tls; /* of the backend: certified for "backend.example"; NULL: plain */
	int listening; /* of PLAN_LISTENS, or -1 */
	int accepted; /* the connection that worker_fixture_accept took last, or -1 */
	struct test_client client;
	bool has_client;
	bool started;
	struct worker_plan plan;
};

#define WORKER_TEST(function, ...)                                                                                     \
	cmocka_unit_test_prestate_setup_teardown(function, worker_setup, worker_teardown,                              \
						 (&(struct worker_plan){__VA_ARGS__}))

int worker_setup(void **state);
int worker_teardown(void **state);

/* worker_fixture_start starts the worker, worker_fixture_stop stops it. */
void worker_fixture_start(struct worker_fixture *fixture);
void worker_fixture_stop(struct worker_fixture *fixture);

/* worker_fixture_open connects the client; worker_fixture_join shakes hands too, and asks for a.example. Each closes the
 * one that was there, as worker_fixture_leave does. */
void worker_fixture_open(struct worker_fixture *fixture, const struct test_client_options *options);
void worker_fixture_join(struct worker_fixture *fixture);
void worker_fixture_leave(struct worker_fixture *fixture);

/* worker_fixture_reset has the client reset its connection. */
void worker_fixture_reset(struct worker_fixture *fixture);

/* worker_fixture_accept takes the worker's next connection to the backend, and closes the one before. */
int worker_fixture_accept(struct worker_fixture *fixture);

/* worker_backend_context is one for a backend.example, certified for `cn` and with a key of its own. */
SSL_CTX *worker_backend_context(const char *cn);

#endif
