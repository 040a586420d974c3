#include "bench/load/load_options.h"
#include "tests/support/unit.h"

#include <string.h>

#include <openssl/ssl.h>

#define MAX_WORDS 16

/* The words of a command line behind the program's name, divided by blanks. */
static enum options_outcome read_line(struct load_plan *plan, const char *line)
{
	static char text[512]; /* the plan borrows some of its words */
	char *argv[MAX_WORDS + 2] = {(char *)"chainmend-bench"};
	int argc = 1;

	assert_true(strlen(line) < sizeof(text));
	strcpy(text, line);
	for (char *word = strtok(text, " "); word != NULL && argc <= MAX_WORDS; word = strtok(NULL, " "))
		argv[argc++] = word;
	return load_options_read(plan, argc, argv);
}

static void test_a_server_alone_gets_the_defaults(void **state)
{
	struct load_plan plan;
	(void)state;
	assert_int_equal(read_line(&plan, "localhost:443"), OPTIONS_TAKEN);
	assert_string_equal(plan.host, "localhost");
	assert_int_equal(plan.port, 443);
	assert_int_equal(plan.connections, 16);
	assert_int_equal(plan.threads, 1);
	assert_int_equal(plan.duration_ms, 10000);
	assert_int_equal(plan.count, 0);
	assert_int_equal(plan.timeout_ms, 10000);
	assert_int_equal(plan.request, REQUEST_NONE);
	assert_int_equal(plan.tls_version, 0);
	assert_null(plan.ca);
	assert_false(plan.resume || plan.json);
	load_plan_cleanup(&plan);
}

static void test_every_option_reaches_the_plan(void **state)
{
	struct load_plan plan;
	(void)state;
	assert_int_equal(read_line(&plan,
				   "--resume --tls 1.2 --groups X25519,P-256 --sni a.test --sni b.test -c 40 -n 500 "
				   "--rate 12.5"),
			 OPTIONS_WRONG); /* no server */
	load_plan_cleanup(&plan);
	assert_int_equal(
	    read_line(&plan, "[::1]:8443 --resume --tls 1.2 --groups X25519,P-256 --sni a.test --sni b.test"),
	    OPTIONS_TAKEN);
	assert_string_equal(plan.host, "::1");
	assert_int_equal(plan.port, 8443);
	assert_true(plan.resume);
	assert_int_equal(plan.tls_version, TLS1_2_VERSION);
	assert_string_equal(plan.groups, "X25519:P-256");
	assert_int_equal(plan.compress, 0);
	assert_int_equal(plan.names.count, 2);
	load_plan_cleanup(&plan);
	assert_int_equal(
	    read_line(&plan, "h:1 -c 40 -n 500 -t 4 --rate 12.5 --timeout 3s --warm-up 500ms --json --quiet"),
	    OPTIONS_TAKEN);
	assert_int_equal(plan.connections, 40);
	assert_int_equal(plan.threads, 4);
	assert_int_equal(plan.count, 500);
	assert_int_equal(plan.duration_ms, 0); /* the count alone ends it */
	assert_true(plan.rate > 12.4 && plan.rate < 12.6);
	assert_int_equal(plan.timeout_ms, 3000);
	assert_int_equal(plan.warm_up_ms, 500);
	assert_true(plan.json && plan.quiet);
	load_plan_cleanup(&plan);
	assert_int_equal(read_line(&plan, "h:1 --idle 9000 --server-pid 1 --server-pid 2 --server-children --hold 5s"),
			 OPTIONS_TAKEN);
	assert_int_equal(plan.idle, 9000);
	assert_int_equal(plan.hold_ms, 5000);
	assert_int_equal(plan.num_server_pids, 2);
	assert_int_equal(plan.server_pids[1], 2);
	assert_true(plan.server_children);
	load_plan_cleanup(&plan);
}

static void test_a_request_has_a_kind_and_a_size(void **state)
{
	static const struct {
		const char *word;
		enum request_kind kind;
		uint64_t bytes;
	} rows[] = {
	    {"none", REQUEST_NONE, 0},
	    {"echo", REQUEST_ECHO, 1},
	    {"echo:4k", REQUEST_ECHO, 4096},
	    {"http", REQUEST_HTTP, 0},
	    {"bulk-down", REQUEST_BULK_DOWN, 16 * 1024 * 1024},
	    {"bulk-down:1g", REQUEST_BULK_DOWN, 1024 * 1024 * 1024},
	    {"bulk-up:100", REQUEST_BULK_UP, 100},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct load_plan plan;
		char line[64] = "h:1 --request ";
		strcat(line, rows[i].word);
		assert_int_equal(read_line(&plan, line), OPTIONS_TAKEN);
		assert_int_equal(plan.request, rows[i].kind);
		assert_true(plan.request_bytes == rows[i].bytes);
		assert_memory_equal(request_kind_name(plan.request), rows[i].word, strcspn(rows[i].word, ":"));
		load_plan_cleanup(&plan);
	}
}

static void test_wrong_lines_are_refused(void **state)
{
	static const char *const lines[] = {
	    "",
	    "h",
	    "h:0",
	    "h:70000",
	    "h:1 other:2",
	    "h:1 --connections 0",
	    "h:1 --connections 100001",
	    "h:1 --connections x",
	    "h:1 --count 0",
	    "h:1 --duration 0",
	    "h:1 --duration 25h",
	    "h:1 --rate 0",
	    "h:1 --rate -5",
	    "h:1 --rate nan",
	    "h:1 --rate inf",
	    "h:1 --rate 2000000",
	    "h:1 --rate 5x",
	    "h:1 --timeout 0",
	    "h:1 --threads 65",
	    "h:1 --threads 4 --connections 3",
	    "h:1 --pin 4095",
	    "h:1 --tls 1.1",
	    "h:1 --groups",
	    "h:1 --compress gzip",
	    "h:1 --compress brotli,brotli",
	    "h:1 --compress brotli,",
	    "h:1 --request ping",
	    "h:1 --request ech",
	    "h:1 --request http:5",
	    "h:1 --request echo:0",
	    "h:1 --request bulk-up:x",
	    "h:1 --request bulk-up:2000g",
	    "h:1 --path x",
	    "h:1 --close soon",
	    "h:1 --sni *.example.com",
	    "h:1 --sni @/nonexistent/names",
	    "h:1 --server-pid 0",
	    "h:1 --server-pid 99999999999",
	    "h:1 --server-children",
	    "h:1 --idle 10",
	    "h:1 --idle 10 --server-pid 1 --rate 5",
	    "h:1 --idle 10 --server-pid 1 --count 5",
	    "h:1 --no-such-option",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct load_plan plan;
		if (read_line(&plan, lines[i]) != OPTIONS_WRONG)
			fail_msg("%s", lines[i]);
		load_plan_cleanup(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_server_alone_gets_the_defaults),
	    cmocka_unit_test(test_every_option_reaches_the_plan),
	    cmocka_unit_test(test_a_request_has_a_kind_and_a_size),
	    cmocka_unit_test(test_wrong_lines_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
