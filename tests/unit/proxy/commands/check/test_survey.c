#include "proxy/commands/check/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	struct sockaddr_in address;
	int len = sizeof(address);
	struct survey survey;
	const char *wrong = NULL;
	uv_loop_t loop;
	uv_tcp_t bound; /* a port of our own where nobody listens */
	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	uv_tcp_init(&loop, &bound);
	uv_ip4_addr("127.0.0.1", 0, &address);
	assert_int_equal(uv_tcp_bind(&bound, (const struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_tcp_getsockname(&bound, (struct sockaddr *)&address, &len), 0);
	struct chain_probe_options server = {.host = "127.0.0.1", .port = ntohs(address.sin_port)};
	assert_true(survey_init(&survey, names, sizeof(names) / sizeof(names[0]), &wrong));
	assert_true(survey_run(&survey, &loop, &server));
	assert_int_equal(survey.num_chains, 0);
	for (size_t i = 0; i < survey.num_looks; i++) {
		assert_int_equal(survey.looks[i].outcome, CHAIN_PROBE_UNREACHABLE);
		assert_int_equal(survey.looks[i].chain, SURVEY_NO_CHAIN);
		assert_non_null(strstr(survey.looks[i].reason, "connection refused"));
	}
	survey_cleanup(&survey);
	uv_close((uv_handle_t *)&bound, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
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
