#include "proxy/system/listen_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "tests/support/unit.h"

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

static bool can_connect(uint16_t port)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool done = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return done;
}

static void test_one_socket_a_worker(void **state)
{
	struct config_address address = {.host = (char[]){"127.0.0.1"}, .port = 0};
	struct listen_socket *listening = NULL;

	(void)state;
	assert_ok(listen_socket_open(&address, 3, &listening));
	uint16_t port = port_of(listening->fds[0]);
	for (unsigned i = 0; i < 3; i++) {
		int on = 0;
		socklen_t len = sizeof(on);

		assert_int_equal(port_of(listening->fds[i]), port);
		assert_int_equal(getsockopt(listening->fds[i], SOL_SOCKET, SO_REUSEPORT, &on, &len), 0);
		assert_int_equal(on, 1);
		assert_true(fcntl(listening->fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(listening->fds[i], F_GETFD) & FD_CLOEXEC);
	}
	assert_true(can_connect(port));
	listen_socket_ref(listening);
	listen_socket_unref(listening);
	assert_true(can_connect(port));
	listen_socket_unref(listening);
	assert_false(can_connect(port));
}

static void test_an_empty_host_listens_on_every_address(void **state)
{
	struct config_address address = {.host = (char[]){""}, .port = 0};
	struct listen_socket *listening = NULL;

	(void)state;
	assert_ok(listen_socket_open(&address, 1, &listening));
	assert_true(can_connect(port_of(listening->fds[0])));
	listen_socket_unref(listening);
}

/* Another server's socket, with SO_REUSEPORT or without: refused, and what it serves stays its own. */
static void test_port_in_use_is_refused(void **state)
{
	(void)state;
	for (int reuse = 0; reuse < 2; reuse++) {
		struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
		struct config_address address = {.host = (char[]){"127.0.0.1"}};
		struct config_address everywhere = {.host = (char[]){""}};
		struct listen_socket *listening = NULL;
		int other = socket(AF_INET, SOCK_STREAM, 0);

		assert_int_equal(setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &reuse, sizeof(reuse)), 0);
		assert_int_equal(bind(other, (struct sockaddr *)&any, sizeof(any)), 0);
		assert_int_equal(listen(other, 5), 0);
		address.port = everywhere.port = port_of(other);
		struct error error = listen_socket_open(&address, 2, &listening);
		assert_kind(error, ERROR_SYSTEM);
		assert_int_equal(error.code, EADDRINUSE);
		error = listen_socket_open(&everywhere, 1, &listening);
		assert_kind(error, ERROR_SYSTEM);
		assert_int_equal(error.code, EADDRINUSE);
		close(other);
	}
}

static void test_addresses_that_cannot_be_listened_on(void **state)
{
	static const struct {
		const char *host;
		unsigned num_workers;
		enum error_kind kind;
	} cases[] = {
	    {"127.0.0.1", 0, ERROR_LIMIT},
	    {"127.0.0.1", LISTEN_MAX_WORKERS + 1, ERROR_LIMIT},
	    {"300.1.2.3.invalid", 1, ERROR_RESOLVE},
	    {"192.0.2.1", 1, ERROR_SYSTEM}, /* TEST-NET: no address of this machine */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_address address = {.host = (char *)(uintptr_t)cases[i].host, .port = 0};
		struct listen_socket *listening = NULL;

		assert_kind(listen_socket_open(&address, cases[i].num_workers, &listening), cases[i].kind);
		assert_null(listening);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_socket_a_worker),
	    cmocka_unit_test(test_an_empty_host_listens_on_every_address),
	    cmocka_unit_test(test_port_in_use_is_refused),
	    cmocka_unit_test(test_addresses_that_cannot_be_listened_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
