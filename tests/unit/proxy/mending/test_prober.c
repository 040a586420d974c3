#include "proxy/mending/prober.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "tests/support/loopback.h"
#include "tests/support/no_descriptors.h"
#include "tests/support/unit.h"

enum {
	NUM_SITES = 2,
	NUM_BACKENDS = MEND_SERVICES_MAX_PROBES,
	MAX_CLIENTS = NUM_SITES * NUM_BACKENDS,
	MAX_ACCEPTED = 4 * MAX_CLIENTS
};

/* Two sites, whose backends are one port each time: it takes connections and says nothing. */
struct world {
	struct loop *loop;
	struct program_log log;
	struct fix_log *fix_log;
	struct config config;
	struct mend_services *services;
	struct config_backend backends[NUM_BACKENDS];
	struct config_site site;
	struct site_material material;
	struct prober *probers[NUM_SITES];
	int listening;
	int clients[MAX_ACCEPTED];
	size_t num_clients;
};

static char host[] = "127.0.0.1";
static char nowhere[] = "/proc/no/such/file";
static char site_name[] = "mail";

static SSL_CTX *tls_context(void *context)
{
	const struct world *world = context;
	return world->material.backend_ssl_ctx;
}

static bool on_chain(void *context, size_t backend, const struct certificate_list *chain)
{
	(void)context;
	(void)backend;
	(void)chain;
	fail_msg("a backend that says nothing sent a chain");
	return false;
}

static void on_audit(void *context, const struct mend_result *result)
{
	(void)context;
	(void)result;
	fail_msg("nothing was there to be audited");
}

static void make_services(struct world *world)
{
	const struct fix_log_options options = {.path = "/dev/null", .log = &world->log};
	struct buffer errors;

	buffer_init(&errors, 4096);
	program_log_init(&world->log, open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_LEVEL_ERROR);
	assert_ok(fix_log_open(&options, &world->fix_log));
	world->config.cache = nowhere;
	world->services = mend_services_new(world->loop, &world->config, &world->log, NULL, &errors);
	assert_non_null(world->services);
	buffer_cleanup(&errors);
}

static void make_site(struct world *world)
{
	uint16_t port;

	world->listening = loopback_listen(&port);
	assert_int_equal(fcntl(world->listening, F_SETFL, O_NONBLOCK), 0);
	for (size_t i = 0; i < NUM_BACKENDS; i++) {
		world->backends[i].address.host = host;
		world->backends[i].address.port = port;
		world->backends[i].tls = true;
	}
	world->site = (struct config_site){
	    .name = site_name,
	    .backends = world->backends,
	    .num_backends = NUM_BACKENDS,
	    .probe_interval_ms = 60000,
	};
	assert_ok(host_name_parse("backend.test", &world->material.backend_name));
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	assert_ok(loop_new(&world->loop));
	make_services(world);
	make_site(world);
	for (size_t i = 0; i < NUM_SITES; i++) {
		const struct prober_options options = {
		    .services = world->services,
		    .fix_log = world->fix_log,
		    .log = &world->log,
		    .config = &world->site,
		    .material = &world->material,
		    .context = world,
		    .tls_context = tls_context,
		    .on_chain = on_chain,
		    .on_audit = on_audit,
		};
		world->probers[i] = prober_new(&options, NULL);
		assert_non_null(world->probers[i]);
	}
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < NUM_SITES; i++)
		prober_free(world->probers[i]);
	for (size_t i = 0; i < world->num_clients; i++)
		close(world->clients[i]);
	close(world->listening);
	mend_services_free(world->services);
	fix_log_close(world->fix_log);
	assert_true(loop_free(world->loop));
	close(world->log.fd);
	free(world);
	return 0;
}

static void accept_all(struct world *world)
{
	int fd;

	while ((fd = accept4(world->listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		assert_true(world->num_clients < MAX_ACCEPTED);
		world->clients[world->num_clients++] = fd;
	}
}

static void turn(struct world *world)
{
	loop_run_ready(world->loop);
	accept_all(world);
}

static size_t count_waiting(const struct world *world)
{
	size_t count = 0;

	for (size_t i = 0; i < NUM_SITES; i++)
		for (size_t k = 0; k < NUM_BACKENDS; k++)
			count += prober_backend_state(world->probers[i], k) == PROBER_NOT_YET;
	return count;
}

static void test_of_many_backends_so_many_are_probed_at_one_time(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < NUM_SITES; i++)
		prober_begin(world->probers[i]);
	while (world->num_clients < MEND_SERVICES_MAX_PROBES)
		turn(world);
	for (int i = 0; i < 100; i++)
		turn(world);
	assert_int_equal(world->num_clients, MEND_SERVICES_MAX_PROBES);
	assert_int_equal(count_waiting(world), MAX_CLIENTS);
	/* Asking again adds nothing to what waits. */
	for (size_t i = 0; i < NUM_SITES; i++)
		prober_look_again(world->probers[i]);
	for (int i = 0; i < 100; i++)
		turn(world);
	assert_int_equal(world->num_clients, MEND_SERVICES_MAX_PROBES);
	/* Whoever ends makes room for the next. */
	close(world->clients[0]);
	world->clients[0] = -1;
	while (world->num_clients == MEND_SERVICES_MAX_PROBES)
		turn(world);
	assert_int_equal(count_waiting(world), MAX_CLIENTS - 1);
}

/* A first look at one that says nothing is short, and is no finding yet: the others have theirs before it is repeated. */
static void test_silent_backends_do_not_hold_up_the_first_look_at_others(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < NUM_SITES; i++)
		prober_begin(world->probers[i]);
	while (world->num_clients < MAX_CLIENTS)
		turn(world);
	assert_int_equal(count_waiting(world), MAX_CLIENTS);
	/* Then they are looked at again, in half of the places. */
	while (world->num_clients < MAX_CLIENTS + MEND_SERVICES_MAX_PROBES / 2)
		turn(world);
	for (int i = 0; i < 100; i++)
		turn(world);
	assert_int_equal(world->num_clients, MAX_CLIENTS + MEND_SERVICES_MAX_PROBES / 2);
	assert_int_equal(count_waiting(world), MAX_CLIENTS);
}

static void test_probers_may_go_while_their_probes_wait(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < NUM_SITES; i++)
		prober_begin(world->probers[i]);
	while (world->num_clients < MEND_SERVICES_MAX_PROBES)
		turn(world);
	prober_free(world->probers[0]); /* whose probes are under way */
	world->probers[0] = NULL;
	while (world->num_clients < MAX_CLIENTS)
		turn(world);
	assert_int_equal(mend_queue_num_running(world->services->probes), NUM_BACKENDS);
	prober_free(world->probers[1]);
	world->probers[1] = NULL;
	assert_int_equal(mend_queue_num_running(world->services->probes), 0);
}

/* It is this machine that is short of them: the backend is not blamed, and looked at again. */
static void test_without_descriptors_nothing_is_said_of_a_backend(void **state)
{
	struct world *world = *state;

	struct rlimit limit = no_descriptors_begin();
	prober_begin(world->probers[0]);
	for (int ms = 0; mend_queue_num_running(world->services->probes) > 0; ms++) {
		assert_true(ms < LOOPBACK_PATIENCE_S * 1000);
		turn(world);
		usleep(1000);
	}
	no_descriptors_end(&limit);
	assert_int_equal(world->num_clients, 0);
	assert_int_equal(count_waiting(world), MAX_CLIENTS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_of_many_backends_so_many_are_probed_at_one_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_without_descriptors_nothing_is_said_of_a_backend, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_silent_backends_do_not_hold_up_the_first_look_at_others, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_probers_may_go_while_their_probes_wait, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
