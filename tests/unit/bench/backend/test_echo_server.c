#include "bench/backend/echo_server.h"
#include "tests/support/loopback.h"
#include "tests/support/unit.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct echo {
	int listen_fd;
	int stop_fd;
	bool ok;
};

static void *run(void *data)
{
	struct echo *echo = data;

	echo->ok = echo_server_run(echo->listen_fd, echo->stop_fd);
	return NULL;
}

/* A connection that is open when the server stops is closed, and its memory given back (LeakSanitizer looks). */
static void test_the_end_closes_what_is_open(void **state)
{
	(void)state;
	struct echo echo = {.listen_fd = echo_server_listen("127.0.0.1:0"), .stop_fd = eventfd(0, EFD_CLOEXEC)};
	const uint64_t one = 1;
	char reply[4] = "";
	pthread_t thread;

	assert_true(echo.listen_fd >= 0 && echo.stop_fd >= 0);
	assert_int_equal(pthread_create(&thread, NULL, run, &echo), 0);
	struct sockaddr_in address = loopback_address(loopback_port_of(echo.listen_fd));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, "ping", 4, 0), 4);
	assert_int_equal(recv(fd, reply, 4, MSG_WAITALL), 4);
	assert_memory_equal(reply, "ping", 4);

	assert_int_equal(write(echo.stop_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(echo.ok);
	assert_int_equal(recv(fd, reply, 4, 0), 0);

	close(fd);
	close(echo.listen_fd);
	close(echo.stop_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_end_closes_what_is_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
