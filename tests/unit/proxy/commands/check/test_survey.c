#include "proxy/commands/check/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/io/loop.h"
#include "tests/support/loopback.h"
#include "tests/support/unit.h"

static struct host_name name_of(const char *text)
{
	struct host_name name;
	assert_ok(host_name_parse(text, &name));
	return name;
}

static void test_one_look_a_distinct_name(void **state)
{
	const struct host_name names[] = {name_of("a.example"),  name_of("192.0.2.1"),   name_of("b.example"),
					  name_of("A.Example."), name_of("2001:db8::1"), name_of("192.0.2.1")};
	struct survey survey;
	const char *wrong = NULL;
	(void)state;
	assert_true(survey_init(&survey, names, sizeof(names) / sizeof(names[0]), &wrong));
	assert_int_equal(survey.num_looks, 3);
	assert_ptr_equal(survey.looks[0].name, &names[0]);
	assert_ptr_equal(survey.looks[1].name, &names[1]);
	assert_ptr_equal(survey.looks[2].name, &names[2]);
	assert_ptr_equal(survey_look_of(&survey, &names[3]), &survey.looks[0]);
	assert_ptr_equal(survey_look_of(&survey, &names[4]), &survey.looks[1]); /* no address is asked for by SNI */
	survey_cleanup(&survey);
	assert_int_equal(survey.num_looks, 0);
}

static void test_no_more_looks_than_a_server_can_be_asked_for(void **state)
{
	static struct host_name names[SURVEY_MAX_LOOKS + 1];
	struct survey survey;
	const char *wrong = NULL;
	(void)state;
	for (size_t i = 0; i < SURVEY_MAX_LOOKS + 1; i++) {
		char text[32];
		snprintf(text, sizeof(text), "n%zu.example", i);
		names[i] = name_of(text);
	}
	assert_true(survey_init(&survey, names, SURVEY_MAX_LOOKS, &wrong));
	assert_int_equal(survey.num_looks, SURVEY_MAX_LOOKS);
	survey_cleanup(&survey);
	assert_false(survey_init(&survey, names, SURVEY_MAX_LOOKS + 1, &wrong));
	assert_non_null(strstr(wrong, "100 names at most"));
	survey_cleanup(&survey);
	names[SURVEY_MAX_LOOKS] = names[0]; /* the same name again costs nothing */
	assert_true(survey_init(&survey, names, SURVEY_MAX_LOOKS + 1, &wrong));
	survey_cleanup(&survey);
}

/* Where no look can succeed: each has its answer all the same, and there is no chain. */
static void test_every_look_has_an_answer(void **state)
{
	const struct host_name names[] = {name_of("a.example"), name_of("b.example"), name_of("c.example"),
					  name_of("d.example"), name_of("e.example"), name_of("f.example")};
	struct sockaddr_in address = loopback_address(0);
	struct survey survey;
	const char *wrong = NULL;
	struct loop *loop = NULL;
	(void)state;
	assert_ok(loop_new(&loop));
	int bound = socket(AF_INET, SOCK_STREAM, 0); /* a port of our own where nobody listens */
	assert_int_equal(bind(bound, (const struct sockaddr *)&address, sizeof(address)), 0);
	struct chain_probe_options server = {.host = "127.0.0.1", .port = loopback_port_of(bound)};
	assert_true(survey_init(&survey, names, sizeof(names) / sizeof(names[0]), &wrong));
	assert_true(survey_run(&survey, loop, &server));
	assert_int_equal(survey.num_chains, 0);
	for (size_t i = 0; i < survey.num_looks; i++) {
		assert_int_equal(survey.looks[i].outcome, CHAIN_PROBE_UNREACHABLE);
		assert_int_equal(survey.looks[i].chain, SURVEY_NO_CHAIN);
		assert_non_null(strstr(survey.looks[i].reason, "connection refused"));
	}
	survey_cleanup(&survey);
	close(bound);
	assert_true(loop_free(loop));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_look_a_distinct_name),
	    cmocka_unit_test(test_no_more_looks_than_a_server_can_be_asked_for),
	    cmocka_unit_test(test_every_look_has_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
