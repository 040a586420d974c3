#include "proxy/shared/listener_sites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

enum { MAX_LISTENS = 3 };

static char host_a[] = "127.0.0.1", host_b[] = "127.0.0.2";

/* Sockets without descriptors: an address is enough. */
static struct listen_socket sockets[] = {
    {.host = host_a, .port = 1}, {.host = host_a, .port = 2}, {.host = host_b, .port = 1}, {.host = host_b, .port = 9}};

enum { NUM_SOCKETS = sizeof(sockets) / sizeof(sockets[0]) };

static struct listen_socket *const all[] = {&sockets[0], &sockets[1], &sockets[2], &sockets[3]};

static void test_who_listens_where(void **state)
{
	struct config_address listens[][MAX_LISTENS] = {
	    {{.host = host_a, .port = 1}, {.host = host_b, .port = 1}},
	    {{.host = host_a, .port = 2}, {.host = host_a, .port = 1}, {.host = host_a, .port = 2}},
	    {{.host = host_b, .port = 1}},
	};
	struct config_site configs[] = {
	    {.listens = listens[0], .num_listens = 2},
	    {.listens = listens[1], .num_listens = 3}, /* one of them twice */
	    {.listens = listens[2], .num_listens = 1},
	};
	const struct site sites[] = {{.config = &configs[0]}, {.config = &configs[1]}, {.config = &configs[2]}};
	static const size_t wanted_first[] = {0, 2, 3, 5, 5}; /* nobody listens on the last */
	static const size_t wanted[] = {0, 1, 1, 0, 2};
	struct listener_sites of;

	(void)state;
	assert_ok(listener_sites_init(&of, sites, 3, all, NUM_SOCKETS));
	for (size_t i = 0; i <= NUM_SOCKETS; i++)
		assert_int_equal(of.first[i], wanted_first[i]);
	for (size_t i = 0; i < of.first[NUM_SOCKETS]; i++)
		assert_ptr_equal(of.sites[i], &sites[wanted[i]]);
	listener_sites_cleanup(&of);

	listens[2][0].port = 3;
	assert_kind(listener_sites_init(&of, sites, 3, all, NUM_SOCKETS), ERROR_USAGE);
	assert_kind(listener_sites_init(&of, sites, 1, NULL, 0), ERROR_USAGE);
	assert_ok(listener_sites_init(&of, sites, 0, NULL, 0));
	listener_sites_cleanup(&of);
}

/* As many sites as there may be, each at an address of its own. */
static void test_each_site_at_an_address_of_its_own(void **state)
{
	enum { NUM = CONFIG_MAX_SITES, MAX_HOST = 16 };
	char(*hosts)[MAX_HOST] = calloc(NUM, sizeof(*hosts));
	struct config_address *addresses = calloc(NUM, sizeof(*addresses));
	struct config_site *configs = calloc(NUM, sizeof(*configs));
	struct site *sites = calloc(NUM, sizeof(*sites));
	struct listen_socket *many = calloc(NUM, sizeof(*many));
	struct listen_socket **pointers = calloc(NUM, sizeof(*pointers));
	struct listener_sites of;

	(void)state;
	for (size_t i = 0; i < NUM; i++) {
		snprintf(hosts[i], MAX_HOST, "127.1.%zu.%zu", i / 250, i % 250);
		addresses[i] = (struct config_address){.host = hosts[i], .port = 443};
		configs[i] = (struct config_site){.listens = &addresses[i], .num_listens = 1};
		sites[i].config = &configs[i];
		pointers[i] = &many[NUM - 1 - i];
		*pointers[i] = (struct listen_socket){.host = hosts[i], .port = 443};
	}
	assert_ok(listener_sites_init(&of, sites, NUM, pointers, NUM));
	for (size_t i = 0; i < NUM; i++) {
		assert_int_equal(of.first[i], i);
		assert_ptr_equal(of.sites[i], &sites[i]);
	}
	listener_sites_cleanup(&of);
	free(pointers);
	free(many);
	free(sites);
	free(configs);
	free(addresses);
	free(hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_listens_where),
	    cmocka_unit_test(test_each_site_at_an_address_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
