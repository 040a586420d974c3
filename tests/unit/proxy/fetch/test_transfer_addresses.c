/* A name with several addresses, some of which may be asked and some not. Names are resolved here, in the test:
 * its getaddrinfo stands in front of the C library's, for libcurl as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/fetch_world.h"

#define MAX_ADDRESSES 4
#define EXPORTED __attribute__((visibility("default")))

struct name {
	const char *text;
	const char *addresses[MAX_ADDRESSES];
};

/* The world's server is at 127.0.0.1; at 127.0.0.2 and the same port is the one that must not be asked. */
static const struct name names[] = {
    {"refused-then-allowed.example", {"127.0.0.2", "127.0.0.1"}},
    {"allowed-then-refused.example", {"127.0.0.1", "127.0.0.2"}},
    {"refused.example", {"127.0.0.2", "169.254.169.254", "10.0.0.1"}},
    {"mapped.example", {"::ffff:127.0.0.2", "64:ff9b::7f00:1"}},
    {"public-then-private.example", {"127.0.0.3", "127.0.0.2"}},
};

EXPORTED void freeaddrinfo(struct addrinfo *list)
{
	while (list != NULL) {
		struct addrinfo *next = list->ai_next;
		free(list);
		list = next;
	}
}

static struct addrinfo *entry_of(const char *text, in_port_t port, const struct addrinfo *hints)
{
	struct addrinfo *entry = calloc(1, sizeof(*entry) + sizeof(struct sockaddr_storage));
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)(void *)(entry + 1);
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)(void *)(entry + 1);

	assert_non_null(entry);
	entry->ai_socktype = hints != NULL && hints->ai_socktype != 0 ? hints->ai_socktype : SOCK_STREAM;
	entry->ai_protocol = IPPROTO_TCP;
	entry->ai_addr = (struct sockaddr *)(void *)(entry + 1);
	if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = port;
		entry->ai_addrlen = sizeof(*ipv4);
	} else if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
		ipv6->sin6_port = port;
		entry->ai_addrlen = sizeof(*ipv6);
	}
	entry->ai_family = entry->ai_addr->sa_family;
	return entry;
}

EXPORTED int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	in_port_t port = htons((in_port_t)(service != NULL ? atoi(service) : 0));
	struct addrinfo **end = out;

	*out = NULL;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		if (node == NULL || strcmp(names[n].text, node) != 0)
			continue;
		for (size_t a = 0; a < MAX_ADDRESSES && names[n].addresses[a] != NULL; a++) {
			*end = entry_of(names[n].addresses[a], port, hints);
			end = &(*end)->ai_next;
		}
	}
	return *out != NULL ? 0 : EAI_NONAME;
}

static struct answer ask(struct fetch_world *world, const char *name)
{
	char url[FETCH_WORLD_MAX_URL];

	snprintf(url, sizeof(url), "http://%s:%u/ok", name, http_server_port(world->server));
	return fetch_world_get_url(world, url);
}

/* Each address is judged when it is about to be connected to: one that may be asked opens no door to the rest. */
static void test_each_address_is_judged(void **state)
{
	struct fetch_world *world = *state;

	assert_true(ask(world, "refused-then-allowed.example").ok);
	assert_true(ask(world, "allowed-then-refused.example").ok);
	assert_int_equal(http_server_num_connections(world->server), 2);
}

/* Listens at 127.0.0.2 and never answers. */
static int listen_inside(const struct fetch_world *world)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	address.sin_port = htons((in_port_t)http_server_port(world->server));
	assert_int_equal(inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Nobody answers at the first, which may be asked; somebody would at the second, which may not. */
static void test_no_fall_back_to_a_refused_address(void **state)
{
	static const struct {
		const char *rule;
		bool is_reached;
	} cases[] = {{"127.0.0.3", false}, {"127.0.0.0/8", true}};
	struct fetch_world *world = *state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		int inside = listen_inside(world);
		fetch_world_use(world, cases[c].rule, (struct fetcher_options){.timeout_ms = 300});
		assert_false(ask(world, "public-then-private.example").ok);
		int reached = accept(inside, NULL, NULL);
		assert_int_equal(reached >= 0, cases[c].is_reached);
		close(reached);
		close(inside);
	}
}

static void test_a_name_of_refused_addresses_alone(void **state)
{
	struct fetch_world *world = *state;

	struct answer answer = ask(world, "refused.example");
	assert_false(answer.ok);
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_string_equal(answer.detail, "fetch_allow = 127.0.0.2");
	answer = ask(world, "mapped.example");
	assert_int_equal(answer.failure, FETCH_FAILURE_REFUSED);
	assert_int_equal(http_server_num_connections(world->server), 0);
}

/* Connects to any address of an allowed name, but never to a link-local one. */
static void test_a_name_that_is_allowed(void **state)
{
	struct fetch_world *world = *state;

	fetch_world_use(world, "allowed-then-refused.example", (struct fetcher_options){0});
	assert_true(ask(world, "allowed-then-refused.example").ok);
	assert_false(ask(world, "refused-then-allowed.example").ok);
	assert_int_equal(http_server_num_connections(world->server), 1);
}

static void test_a_name_that_does_not_resolve(void **state)
{
	struct fetch_world *world = *state;

	struct answer answer = ask(world, "nobody.example");
	assert_false(answer.ok);
	assert_int_equal(answer.failure, FETCH_FAILURE_NETWORK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fetch_world_setup, fetch_world_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_each_address_is_judged),
	    TEST(test_no_fall_back_to_a_refused_address),
	    TEST(test_a_name_of_refused_addresses_alone),
	    TEST(test_a_name_that_is_allowed),
	    TEST(test_a_name_that_does_not_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
