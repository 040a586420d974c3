#include "proxy/sites/shared_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { MAX_PATH = 64, LATER_S = 3600 };

#define LIST(...) ((struct string_list){(char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)})

static char path[MAX_PATH] = "/tmp/test_shared_lists.XXXXXX";

static int make_roots(void **state)
{
	FILE *file = fdopen(mkstemp(path), "w");

	(void)state;
	if (file == NULL)
		return -1;
	PEM_write_X509(file, PKI(.cn = "Root", .ca = true)->x509);
	return fclose(file);
}

static int remove_roots(void **state)
{
	(void)state;
	pki_cleanup();
	return unlink(path);
}

static const struct shared_list *get(struct shared_lists *lists, const struct string_list *paths,
				     const struct site_material *former)
{
	return shared_lists_get(lists, paths, &list_kind_roots, former, time(NULL) + LATER_S);
}

static void test_a_list_is_read_once(void **state)
{
	char none[] = "/none";
	struct shared_lists lists = {0};
	struct string_list roots = LIST(path), wrong = LIST(path, none), again = LIST(path);

	(void)state;
	struct trust_store_set *stores = get(&lists, &roots, NULL)->stores;
	assert_int_equal(get(&lists, &roots, NULL)->faults.len, 0);
	assert_true(get(&lists, &wrong, NULL)->faults.len > 0);
	assert_non_null(strstr(buffer_text(&get(&lists, &wrong, NULL)->faults), "/none: the roots cannot be read"));
	assert_ptr_equal(get(&lists, &again, NULL)->stores, stores);
	assert_int_equal(lists.index.count, 2);
	shared_lists_cleanup(&lists);
}

static void test_what_was_read_of_the_same_files_is_taken_over(void **state)
{
	struct shared_lists before = {0}, after = {0};
	struct string_list roots = LIST(path);
	struct site_material *former = site_material_new();

	(void)state;
	former->stores = trust_store_set_ref(get(&before, &roots, NULL)->stores);
	former->roots_stamp = get(&before, &roots, NULL)->stamp;
	assert_ptr_equal(get(&after, &roots, former)->stores, former->stores);
	shared_lists_cleanup(&after);
	former->roots_stamp.sha256[0] ^= 1;
	assert_ptr_not_equal(get(&after, &roots, former)->stores, former->stores);
	shared_lists_cleanup(&after);
	shared_lists_cleanup(&before);
	site_material_unref(former);
}

/* As many sites as there may be, each with a list of its own. */
static void test_each_site_with_a_list_of_its_own(void **state)
{
	enum { NUM_LISTS = 10000, MAX_NAME = 16 };
	char(*names)[MAX_NAME] = calloc(NUM_LISTS, sizeof(*names));
	char **items = calloc(NUM_LISTS, sizeof(*items));
	struct string_list *paths = calloc(NUM_LISTS, sizeof(*paths));
	struct shared_lists lists = {0};

	(void)state;
	for (size_t i = 0; i < NUM_LISTS; i++) {
		snprintf(names[i], MAX_NAME, "r%zu", i);
		items[i] = names[i];
		paths[i] = (struct string_list){&items[i], 1};
		assert_ptr_equal(get(&lists, &paths[i], NULL)->paths, &paths[i]);
	}
	for (size_t i = 0; i < NUM_LISTS; i++)
		assert_ptr_equal(get(&lists, &paths[i], NULL)->paths, &paths[i]);
	assert_int_equal(lists.index.count, NUM_LISTS);
	shared_lists_cleanup(&lists);
	free(paths);
	free(items);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_list_is_read_once),
	    cmocka_unit_test(test_what_was_read_of_the_same_files_is_taken_over),
	    cmocka_unit_test(test_each_site_with_a_list_of_its_own),
	};
	return cmocka_run_group_tests(tests, make_roots, remove_roots);
}
