#include "proxy/control/listeners.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

enum { NUM_SITES = 300, MAX_HOST = 16, MAX_ERRORS = 4096 };

/* Sites at addresses of loopback, each at one of its own and all at a common one. */
static struct {
	char hosts[NUM_SITES][MAX_HOST];
	struct config_address addresses[NUM_SITES][2];
	struct config_site sites[NUM_SITES];
	struct config config;
	struct buffer errors;
} place;

static char common[] = "127.0.0.1";

static int set_up(void **state)
{
	(void)state;
	memset(&place, 0, sizeof(place));
	place.config.sites = place.sites;
	place.config.num_sites = NUM_SITES;
	for (size_t i = 0; i < NUM_SITES; i++) {
		snprintf(place.hosts[i], MAX_HOST, "127.9.%zu.%zu", i / 250, 1 + i % 250);
		place.addresses[i][0] = (struct config_address){.host = place.hosts[i]}; /* port 0: a free one */
		place.addresses[i][1] = (struct config_address){.host = common};
		place.sites[i] = (struct config_site){.listens = place.addresses[i], .num_listens = 2};
	}
	buffer_init(&place.errors, MAX_ERRORS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_cleanup(&place.errors);
	return 0;
}

static void test_each_address_once_and_kept_over_a_reload(void **state)
{
	struct listeners first, second;

	(void)state;
	assert_true(listeners_open(&place.config, 1, NULL, &first, &place.errors));
	assert_int_equal(first.count, NUM_SITES + 1);
	for (size_t i = 2; i < first.count; i++)
		assert_true(listen_socket_is(first.sockets[i], place.hosts[i - 1], 0));

	/* The first site is gone, and the others move up. */
	place.config.sites = &place.sites[1];
	place.config.num_sites--;
	assert_true(listeners_open(&place.config, 1, &first, &second, &place.errors));
	assert_int_equal(second.count, NUM_SITES);
	assert_ptr_equal(second.sockets[0], first.sockets[2]);
	assert_ptr_equal(second.sockets[1], first.sockets[1]);
	for (size_t i = 2; i < second.count; i++)
		assert_ptr_equal(second.sockets[i], first.sockets[i + 1]);
	listeners_cleanup(&first);
	listeners_cleanup(&second);
}

static void test_all_that_fail_are_told(void **state)
{
	static char nowhere[] = "192.0.2.1"; /* RFC 5737: no machine's own */
	struct listeners listeners;

	(void)state;
	place.addresses[0][0].host = nowhere;
	place.addresses[5][0] = (struct config_address){.host = nowhere, .port = 5};
	assert_false(listeners_open(&place.config, 1, NULL, &listeners, &place.errors));
	assert_int_equal(listeners.count, 0);
	assert_non_null(strstr(buffer_text(&place.errors), "listen 192.0.2.1:0: "));
	assert_non_null(strstr(buffer_text(&place.errors), "listen 192.0.2.1:5: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_each_address_once_and_kept_over_a_reload, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_all_that_fail_are_told, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
