#include "bench/limit/relay_floor.h"
#include "tests/support/unit.h"

#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static void test_transactions_go_through(void **state)
{
	static const struct {
		enum request_kind request;
		uint64_t bytes, count;
		unsigned connections;
	} rows[] = {
	    {REQUEST_ECHO, 1, 500, 16},
	    {REQUEST_ECHO, 100000, 20, 4},
	    {REQUEST_BULK_DOWN, 20000000, 3, 2},
	    {REQUEST_BULK_UP, 20000000, 3, 2},
	};
	struct relay_floor floor;
	(void)state;
	assert_true(relay_floor_open(&floor, -1, -1));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct load_plan plan = {.request = rows[i].request,
					       .request_bytes = rows[i].bytes,
					       .count = rows[i].count,
					       .connections = rows[i].connections};
		struct floor_slice slice;
		assert_true(relay_floor_measure(&floor, &plan, &slice));
		assert_int_equal(slice.transactions, rows[i].count);
		assert_true(slice.bytes >= rows[i].count * rows[i].bytes);
		assert_true(slice.relay_ns > 0);
	}
	relay_floor_close(&floor);
}

/* One connection straight to the backend: what is sent, in pieces that come one by one, and what comes back. */
static void talk(const struct floor_server *backend, const char *const *pieces, const char *wanted)
{
	char got[200] = "";
	size_t len = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&backend->address, backend->address_len), 0);
	for (size_t i = 0; pieces[i] != NULL; i++) {
		assert_int_equal(write(fd, pieces[i], strlen(pieces[i])), strlen(pieces[i]));
		usleep(2000);
	}
	shutdown(fd, SHUT_WR);
	for (ssize_t now; (now = read(fd, got + len, sizeof(got) - 1 - len)) > 0;)
		len += (size_t)now;
	got[len] = '\0';
	assert_string_equal(got, wanted);
	close(fd);
}

/* Only a whole first line is a command; what looks like one and is none is echoed, each byte of it. */
static void test_a_whole_first_line_alone_is_a_command(void **state)
{
	static const struct {
		const char *pieces[4];
		const char *wanted;
	} rows[] = {
	    {{"x"}, "x"},
	    {{"send 5\n"}, "abcde"},
	    {{"se", "nd 28", "\n"}, "abcdefghijklmnopqrstuvwxyzab"},
	    {{"send 0\n"}, ""},
	    {{"take 3\nabc"}, "ok"},
	    {{"take 3", "\nab", "c"}, "ok"},
	    {{"take 0\n"}, "ok"},
	    {{"send 5"}, "send 5"},
	    {{"send five\n"}, "send five\n"},
	    {{"send \n"}, "send \n"},
	    {{"send -1\n"}, "send -1\n"},
	    {{"send 99999999999999999999\n"}, "send 99999999999999999999\n"},
	    {{"send 00000000000000000000000000000000000005\n"}, "send 00000000000000000000000000000000000005\n"},
	    {{"s", "o", "up"}, "soup"},
	    {{"xsend 5\n"}, "xsend 5\n"},
	    {{"x", "send 5\n"}, "xsend 5\n"},
	    {{""}, ""},
	};
	struct relay_floor floor;
	(void)state;
	assert_true(relay_floor_open(&floor, -1, -1));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		talk(&floor.backend, rows[i].pieces, rows[i].wanted);
	relay_floor_close(&floor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transactions_go_through),
	    cmocka_unit_test(test_a_whole_first_line_alone_is_a_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
