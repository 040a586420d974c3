#include "proxy/sites/list_owners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

#define LIST(...) ((struct string_list){(char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)})

static char a[] = "a", b[] = "b", ab[] = "ab", empty[] = "";

static void test_lists_are_the_same_by_their_items(void **state)
{
	struct string_list lists[] = {LIST(a, b), LIST(b, a), LIST(ab), LIST(a), LIST(a, b, empty), {0}};
	struct list_owners owners = {0};
	char copy[] = "a";

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(list_owners_find(&owners, &lists[i]), LIST_OWNERS_NONE);
		assert_ok(list_owners_add(&owners, &lists[i], 10 + i));
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_int_equal(list_owners_find(&owners, &lists[i]), 10 + i);
	assert_int_equal(list_owners_find(&owners, &LIST(copy, b)), 10);
	list_owners_cleanup(&owners);
}

/* As many sites as there may be, and more, each with a list of its own. */
static void test_each_site_with_a_list_of_its_own(void **state)
{
	enum { NUM_LISTS = 20000, MAX_NAME = 16 };
	char(*names)[MAX_NAME] = calloc(NUM_LISTS, sizeof(*names));
	char **items = calloc(NUM_LISTS, sizeof(*items));
	struct string_list *lists = calloc(NUM_LISTS, sizeof(*lists));
	struct list_owners owners = {0};

	(void)state;
	for (size_t i = 0; i < NUM_LISTS; i++) {
		snprintf(names[i], MAX_NAME, "r%zu", i);
		items[i] = names[i];
		lists[i] = (struct string_list){&items[i], 1};
		assert_int_equal(list_owners_find(&owners, &lists[i]), LIST_OWNERS_NONE);
		assert_ok(list_owners_add(&owners, &lists[i], i));
	}
	for (size_t i = 0; i < NUM_LISTS; i++)
		assert_int_equal(list_owners_find(&owners, &lists[i]), i);
	list_owners_cleanup(&owners);
	free(lists);
	free(items);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lists_are_the_same_by_their_items),
	    cmocka_unit_test(test_each_site_with_a_list_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
