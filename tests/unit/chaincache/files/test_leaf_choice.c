#include "tests/support/unit.h"

#include "chaincache/files/leaf_choice.h"
#include "tests/support/pki.h"

static void test_puts_the_leaf_first_by_its_key(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = root);
	struct certificate_list list = PKI_LIST(SOURCE_FILE, root, PKI(.cn = "stranger"), leaf);
	size_t place = 99;
	(void)state;

	assert_ok(leaf_choice_find(&list, pki_key(leaf), PKI_NOW, &place));
	assert_int_equal(place, 2);
	assert_ok(leaf_choice_put_first(&list, pki_key(leaf), PKI_NOW));
	assert_ptr_equal(list.items[0].certificate, leaf);
	assert_ptr_equal(list.items[1].certificate, root);
	assert_step(leaf_choice_put_first(&list, pki_new_key("nobody", PKI_P256, 0), PKI_NOW), ERROR_MISMATCH,
		    "belongs to none");
	assert_ptr_equal(list.items[0].certificate, leaf);
	certificate_list_cleanup(&list);
}

static void test_puts_the_leaf_first_by_its_place(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *middle = PKI(.cn = "Middle", .ca = true, .issuer = root);
	const struct certificate *low = PKI(.cn = "Low", .ca = true, .issuer = middle);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = low);
	struct certificate_list with_leaf = PKI_LIST(SOURCE_FILE, root, middle, low, leaf);
	struct certificate_list cas = PKI_LIST(SOURCE_FILE, root, middle, low);
	struct certificate_list alone = PKI_LIST(SOURCE_FILE, root, root);
	size_t place = 99;
	(void)state;

	assert_ok(leaf_choice_find(&with_leaf, NULL, PKI_NOW, &place));
	assert_int_equal(place, 3);
	assert_ok(leaf_choice_put_first(&with_leaf, NULL, PKI_NOW));
	assert_ptr_equal(with_leaf.items[0].certificate, leaf);
	assert_ptr_equal(with_leaf.items[3].certificate, low);
	assert_ok(leaf_choice_put_first(&cas, NULL, PKI_NOW));
	assert_ptr_equal(cas.items[0].certificate, low);
	assert_ok(leaf_choice_put_first(&alone, NULL, PKI_NOW));
	assert_int_equal(alone.count, 2);
	assert_step(leaf_choice_put_first(&(struct certificate_list){0}, NULL, PKI_NOW), ERROR_FORMAT,
		    "no certificate");
	certificate_list_cleanup(&with_leaf);
	certificate_list_cleanup(&cas);
	certificate_list_cleanup(&alone);
}

#define PAST (PKI_NOW - 100 * PKI_DAY)
#define FUTURE (PKI_NOW + 100 * PKI_DAY)

enum { MAX_TWINS = 4, NOBODY = 99 };

struct twin {
	int64_t not_before, not_after; /* 0: PKI's own */
	bool self_issued;
};

struct twin_case {
	struct twin twins[MAX_TWINS];
	size_t count;
	size_t leaf; /* which of them */
};

static const struct twin_case twin_cases[] = {
    {{{0, PAST, false}, {PAST, FUTURE, false}}, 2, 1},
    {{{PAST, FUTURE, false}, {0, PAST, false}}, 2, 0},
    {{{0, PAST, false}, {PAST, FUTURE, false}, {FUTURE, 0, false}}, 3, 1},
    {{{FUTURE, 0, false}, {0, PAST, false}, {PAST, FUTURE, false}}, 3, 2},
    {{{0, FUTURE, false}, {PAST, FUTURE, false}}, 2, 1}, /* the renewal, although both are valid */
    {{{PAST, 0, true}, {0, FUTURE, false}}, 2, 1}, /* the authority's, although it is older */
    {{{0, PAST, false}, {PAST, 0, true}}, 2, 1}, /* self-issued and valid */
    {{{0, PAST, false}, {FUTURE, 0, false}}, 2, 1}, /* none is valid: the one that will be */
    {{{0, 0, false}, {0, 0, false}}, 2, 0}, /* alike: the first in the file */
};

/* The file ends with a CA certificate that has the same key: it is no leaf, whatever its dates. */
static struct certificate_list make_twins(const struct twin_case *row, const struct certificate *root, EVP_PKEY *key)
{
	struct certificate_list list = {0};

	for (size_t i = 0; i < row->count; i++) {
		const struct twin *twin = &row->twins[i];
		assert_ok(certificate_list_append(&list,
						  PKI(.cn = "leaf", .key = key, .serial = i + 10,
						      .issuer = twin->self_issued ? NULL : root,
						      .not_before = twin->not_before, .not_after = twin->not_after),
						  SOURCE_FILE));
	}
	assert_ok(certificate_list_append(
	    &list, PKI(.cn = "CA", .key = key, .issuer = root, .ca = true, .not_before = PKI_NOW - 1), SOURCE_FILE));
	return list;
}

static void test_takes_the_renewal_of_a_leaf(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	EVP_PKEY *key = pki_new_key("renewed", PKI_P256, 0);
	(void)state;

	for (size_t i = 0; i < sizeof(twin_cases) / sizeof(twin_cases[0]); i++) {
		struct certificate_list list = make_twins(&twin_cases[i], root, key);
		size_t by_key = NOBODY, by_place = NOBODY;
		assert_ok(leaf_choice_find(&list, key, PKI_NOW, &by_key));
		assert_ok(leaf_choice_find(&list, NULL, PKI_NOW, &by_place));
		assert_int_equal(by_key, twin_cases[i].leaf);
		assert_int_equal(by_place, twin_cases[i].leaf);
		certificate_list_cleanup(&list);
	}
}

/* Another site's valid leaf is not taken for an expired one. */
static void test_keeps_to_the_first_leafs_key(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	struct certificate_list list = PKI_LIST(SOURCE_FILE, PKI(.cn = "old", .issuer = root, .not_after = PAST),
						PKI(.cn = "other", .issuer = root));
	size_t place = NOBODY;
	(void)state;

	assert_ok(leaf_choice_find(&list, NULL, PKI_NOW, &place));
	assert_int_equal(place, 0);
	certificate_list_cleanup(&list);
}

/* The moment at which the first of the list is no longer the one to be taken. */
static void test_tells_when_the_choice_changes(void **state)
{
	EVP_PKEY *key = pki_new_key("same", PKI_P256, 0), *other_key = pki_new_key("other", PKI_P256, 0);
	const struct certificate *root = PKI(.cn = "Root", .ca = true, .not_before = PKI_NOW + 1);
	const struct certificate *valid = PKI(.cn = "a", .key = key, .not_before = PAST, .not_after = FUTURE);
	const struct certificate *renewal = PKI(.cn = "a", .key = key, .not_before = PKI_NOW + 5, .not_after = FUTURE);
	const struct certificate *later = PKI(.cn = "a", .key = key, .not_before = PKI_NOW + 9, .not_after = FUTURE);
	const struct certificate *older = PKI(.cn = "a", .key = key, .not_before = PAST - 1, .not_after = FUTURE);
	const struct certificate *brief = PKI(.cn = "a", .key = key, .not_before = PAST + 1, .not_after = PKI_NOW + 7);
	const struct certificate *stranger = PKI(.cn = "a", .key = other_key, .not_before = PKI_NOW + 2);
	const struct {
		struct certificate_list list;
		int64_t changes_at;
	} cases[] = {
	    {PKI_LIST(SOURCE_FILE, valid), LEAF_CHOICE_STAYS},
	    {PKI_LIST(SOURCE_FILE, valid, root, stranger), LEAF_CHOICE_STAYS},
	    {PKI_LIST(SOURCE_FILE, valid, renewal), PKI_NOW + 5},
	    {PKI_LIST(SOURCE_FILE, valid, later, root, renewal), PKI_NOW + 5},
	    {PKI_LIST(SOURCE_FILE, renewal, later), PKI_NOW + 9},
	    {PKI_LIST(SOURCE_FILE, valid, older), LEAF_CHOICE_STAYS},
	    {PKI_LIST(SOURCE_FILE, brief, valid), PKI_NOW + 8}, /* it is valid in its last second */
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct certificate_list list = cases[i].list;
		print_message("case %zu\n", i);
		assert_true(leaf_choice_changes_at(&list, PKI_NOW) == cases[i].changes_at);
		certificate_list_cleanup(&list);
	}
	assert_true(leaf_choice_changes_at(&(struct certificate_list){0}, PKI_NOW) == LEAF_CHOICE_STAYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_puts_the_leaf_first_by_its_key),
	    cmocka_unit_test(test_puts_the_leaf_first_by_its_place),
	    cmocka_unit_test(test_takes_the_renewal_of_a_leaf),
	    cmocka_unit_test(test_keeps_to_the_first_leafs_key),
	    cmocka_unit_test(test_tells_when_the_choice_changes),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
