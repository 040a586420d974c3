#include "chaincache/paths/path.h"

#include <stdlib.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static struct path path_of(const struct certificate *const *certificates)
{
	struct path path = {0};

	for (; *certificates != NULL; certificates++)
		assert_true(path_push(&path, (struct certificate_entry){*certificates, SOURCE_CACHE}));
	return path;
}

#define PATH(...) path_of((const struct certificate *const[]){__VA_ARGS__, NULL})

static void test_a_path_is_bounded(void **state)
{
	const struct certificate *certificate = PKI(.cn = "a");
	struct path path = {0};
	(void)state;

	for (int i = 0; i < MEND_MAX_DEPTH; i++)
		assert_true(path_push(&path, (struct certificate_entry){certificate, SOURCE_CACHE}));
	assert_false(path_push(&path, (struct certificate_entry){certificate, SOURCE_CACHE}));
	assert_int_equal(path.count, MEND_MAX_DEPTH);
	assert_int_equal(path_bytes(&path), MEND_MAX_DEPTH * certificate->der.len);
}

static void test_same_name_and_key_would_loop(void **state)
{
	const struct certificate *a = PKI(.cn = "a", .ca = true),
				 *renewed = PKI(.cn = "a", .ca = true, .not_after = PKI_NOW);
	const struct certificate *rekeyed = PKI(.cn = "a", .ca = true, .key_number = 1);
	const struct certificate *renamed = PKI(.cn = "b", .ca = true, .key = pki_key(a));
	struct path path = PATH(a);
	(void)state;

	assert_true(path_would_loop(&path, a));
	assert_true(path_would_loop(&path, renewed));
	assert_false(path_would_loop(&path, rekeyed));
	assert_false(path_would_loop(&path, renamed));
	assert_true(path_contains(&path, a));
	assert_false(path_contains(&path, renewed));
}

static void test_paths_are_the_same_by_their_certificates(void **state)
{
	const struct certificate *a = PKI(.cn = "a"), *b = PKI(.cn = "b"), *c = PKI(.cn = "c");
	struct path ab = PATH(a, b), abc = PATH(a, b, c), ac = PATH(a, c);
	(void)state;

	assert_true(path_same(&ab, &ab));
	assert_false(path_same(&ab, &abc));
	assert_false(path_same(&ab, &ac));
	assert_true(path_starts_with(&abc, &ab));
	assert_false(path_starts_with(&ab, &abc));
	assert_false(path_starts_with(&abc, &ac));
	assert_int_equal(path_compare_bytes(&ab, &ab), 0);
	assert_true(path_compare_bytes(&ab, &abc) < 0);
	assert_true(path_compare_bytes(&abc, &ab) > 0);
	assert_true((path_compare_bytes(&ab, &ac) < 0) != (path_compare_bytes(&ac, &ab) < 0));
	assert_true((certificate_compare_bytes(b, c) < 0) == (path_compare_bytes(&ab, &ac) < 0));
}

static void test_a_list_holds_its_own_references(void **state)
{
	const struct certificate *a = PKI(.cn = "a"), *b = PKI(.cn = "b");
	struct path path = PATH(a, b);
	struct certificate_list list = {0};
	(void)state;

	assert_ok(path_to_list(&path, &list));
	assert_int_equal(list.count, 2);
	assert_ptr_equal(list.items[1].certificate, b);
	assert_int_equal(list.items[1].source, SOURCE_CACHE);
	certificate_list_cleanup(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_path_is_bounded),
	    cmocka_unit_test(test_same_name_and_key_would_loop),
	    cmocka_unit_test(test_paths_are_the_same_by_their_certificates),
	    cmocka_unit_test(test_a_list_holds_its_own_references),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
