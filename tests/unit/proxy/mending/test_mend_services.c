#include "proxy/mending/mend_services.h"

#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "proxy/io/loop.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

static char nowhere[] = "/proc/no/such/cache";
static char proxy[] = "http://127.0.0.1:1";

struct world {
	struct loop *loop;
	struct program_log log;
	struct config config;
	struct mend_services *services;
};

static struct mend_services *make(struct world *world, const struct config *config, const struct mend_services *former)
{
	struct buffer errors;

	buffer_init(&errors, 4096);
	struct mend_services *services = mend_services_new(world->loop, config, &world->log, former, &errors);
	assert_non_null(services);
	buffer_cleanup(&errors);
	return services;
}

static void world_open(struct world *world)
{
	*world = (struct world){.config = {.cache = nowhere}};
	program_log_init(&world->log, STDERR_FILENO, LOG_LEVEL_ERROR);
	assert_ok(loop_new(&world->loop));
	world->services = make(world, &world->config, NULL);
}

static void world_close(struct world *world)
{
	mend_services_free(world->services);
	assert_true(loop_free(world->loop));
	pki_cleanup();
}

static void keep(struct world *world, const char *name)
{
	const struct fetched_issuer fetched = {PKI(.cn = name, .ca = true), "http://ca.test/issuer.cer"};
	mend_services_keep(world->services, &fetched, 0);
}

/* A thread may read it meanwhile. */
static void test_issuers_do_not_change_while_they_are_held(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	struct issuer_store *held = mend_services_issuers(world.services);
	keep(&world, "One");
	struct issuer_store *later = mend_services_issuers(world.services);
	assert_ptr_not_equal(held, later);
	assert_int_equal(issuer_store_count(held), 0);
	assert_int_equal(issuer_store_count(later), 1);
	issuer_store_unref(held);
	issuer_store_unref(later);

	/* Nobody holds it: it grows where it is. */
	keep(&world, "Two");
	struct issuer_store *grown = mend_services_issuers(world.services);
	assert_ptr_equal(grown, later);
	assert_int_equal(issuer_store_count(grown), 2);
	issuer_store_unref(grown);
	world_close(&world);
}

static bool is_same(struct world *world, const struct config *config)
{
	struct mend_services *services = make(world, config, world->services);
	bool same = services->same_as_former;

	mend_services_free(services);
	return same;
}

static void test_what_a_reload_changes(void **state)
{
	struct world world;

	(void)state;
	world_open(&world);
	assert_false(world.services->same_as_former);
	struct config config = world.config;
	assert_true(is_same(&world, &config));
	keep(&world, "One"); /* and handed on */
	assert_true(is_same(&world, &config));
	config.fetch = true;
	assert_false(is_same(&world, &config));
	config = world.config;
	config.fetch_proxy = proxy;
	assert_false(is_same(&world, &config));
	config = world.config;
	config.cache = NULL;
	assert_false(is_same(&world, &config));
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_issuers_do_not_change_while_they_are_held),
	    cmocka_unit_test(test_what_a_reload_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
