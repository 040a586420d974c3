#include "proxy/io/web_visits.h"

#include "tests/support/unit.h"

enum { MAX_VISITS = 8, LATE_MS = 100000 };

/* Visits in the order in which they come. */
static const struct row {
	const char *what;
	struct one {
		uint64_t peer;
		enum web_visit_state state;
		uint64_t since_ms;
	} visits[MAX_VISITS]; /* peer 0 ends the list */
	int goes; /* -1: none */
} rows[] = {
    {"nobody", {{0}}, -1},
    {"the oldest that waits", {{1, VISIT_READING, 10}, {1, VISIT_READING, 20}, {1, VISIT_READING, 30}}, 0},
    {"it counts since when it waits", {{1, VISIT_READING, 30}, {1, VISIT_READING, 20}, {1, VISIT_READING, 25}}, 1},
    {"the earlier one of a moment", {{1, VISIT_READING, 10}, {1, VISIT_READING, 10}}, 0},
    {"who waits before who is answered", {{1, VISIT_ANSWERING, 0}, {1, VISIT_READING, 20}}, 1},
    {"one that is held, too", {{1, VISIT_ANSWERING, 0}, {1, VISIT_HELD, 20}, {1, VISIT_WAITED, 30}}, 1},
    {"an answer that takes long", {{1, VISIT_ANSWERING, 20}, {1, VISIT_ANSWERING, 10}}, 1},
    {"not an answer that has just begun", {{1, VISIT_ANSWERING, LATE_MS - 1}}, -1},
    {"not one that leaves", {{1, VISIT_LEAVING, 0}, {1, VISIT_READING, 10}}, 1},
    {"of the peer with the most", {{1, VISIT_READING, 0}, {2, VISIT_READING, 50}, {2, VISIT_READING, 40}}, 2},
    {"the most are those that are there",
     {{1, VISIT_LEAVING, 0},
      {1, VISIT_LEAVING, 0},
      {1, VISIT_READING, 1},
      {2, VISIT_READING, 9},
      {2, VISIT_READING, 8}},
     4},
    {"of the most, what may go",
     {{1, VISIT_READING, 5}, {2, VISIT_ANSWERING, LATE_MS}, {2, VISIT_ANSWERING, LATE_MS}},
     0},
    {"a slow answer of the most", {{1, VISIT_READING, 5}, {2, VISIT_ANSWERING, 0}, {2, VISIT_ANSWERING, LATE_MS}}, 1},
};

static void test_the_visit_that_makes_room_is_chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct web_visit visits[MAX_VISITS] = {0};
		struct web_visits list = {0};
		unsigned count = 0;
		for (size_t k = 0; rows[i].visits[k].peer != 0; k++) {
			visits[k] = (struct web_visit){.peer = {.kind = WEB_PEER_IPV4, .id = rows[i].visits[k].peer}};
			web_visits_add(&list, &visits[k]);
			web_visits_set(&list, &visits[k], rows[i].visits[k].state, rows[i].visits[k].since_ms, 1000);
			count += rows[i].visits[k].state != VISIT_LEAVING;
		}
		assert_int_equal(list.count, count);
		const struct web_visit *goes = web_visits_who_goes(&list, LATE_MS);
		if (goes != (rows[i].goes < 0 ? NULL : &visits[rows[i].goes]))
			fail_msg("%s", rows[i].what);
	}
}

static void test_the_list_and_its_count(void **state)
{
	struct web_visits list = {0};
	struct web_visit visits[3] = {0};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		web_visits_add(&list, &visits[i]);
	assert_int_equal(list.count, 3);
	web_visits_set(&list, &visits[1], VISIT_LEAVING, 1, 0);
	web_visits_set(&list, &visits[1], VISIT_ANSWERING, 2, 0); /* it leaves all the same */
	assert_int_equal(visits[1].state, VISIT_LEAVING);
	assert_int_equal(list.count, 2);
	web_visits_remove(&list, &visits[1]);
	assert_int_equal(list.count, 2);
	web_visits_remove(&list, &visits[2]);
	web_visits_remove(&list, &visits[0]);
	assert_int_equal(list.count, 0);
	assert_null(list.first);
}

static void test_when_the_first_that_is_held_goes_on(void **state)
{
	struct web_visits list = {0};
	struct web_visit visits[3] = {0};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		web_visits_add(&list, &visits[i]);
	assert_int_equal(web_visits_next_held_ms(&list, 0, 1000), 1000);
	web_visits_set(&list, &visits[0], VISIT_HELD, 100, 500);
	web_visits_set(&list, &visits[1], VISIT_HELD, 100, 300);
	web_visits_set(&list, &visits[2], VISIT_READING, 100, 10);
	assert_int_equal(web_visits_next_held_ms(&list, 150, 1000), 250);
	assert_int_equal(web_visits_next_held_ms(&list, 150, 200), 200);
	assert_int_equal(web_visits_next_held_ms(&list, 900, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_visit_that_makes_room_is_chosen),
	    cmocka_unit_test(test_the_list_and_its_count),
	    cmocka_unit_test(test_when_the_first_that_is_held_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
