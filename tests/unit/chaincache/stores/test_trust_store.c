#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "chaincache/stores/trust_store.h"
#include "tests/support/pki.h"
#include "tests/support/unit_folder.h"

static void write_root(const char *name, const struct certificate *root)
{
	struct buffer pem;

	buffer_init(&pem, 65536);
	assert_ok(certificate_write_pem(root, &pem));
	unit_folder_write(name, buffer_text(&pem));
	buffer_cleanup(&pem);
}

static struct trust_store_set *new_set(void)
{
	struct trust_store_set *set = trust_store_set_new();

	assert_non_null(set);
	return set;
}

static void add(struct trust_store_set *set, const char *name, const struct certificate *const *roots)
{
	struct certificate_list list = pki_list(SOURCE_ROOTS, roots);

	assert_ok(trust_store_set_add_list(set, name, &list));
	certificate_list_cleanup(&list);
}

#define ADD(set, name, ...) add((set), (name), (const struct certificate *const[]){__VA_ARGS__, NULL})

static void test_says_which_stores_hold_a_root(void **state)
{
	struct trust_store_set *set = new_set();
	const struct certificate *a = PKI(.cn = "A", .ca = true);
	const struct certificate *b = PKI(.cn = "B", .ca = true);
	(void)state;

	assert_int_equal(trust_store_set_mask(set, a), 0);
	ADD(set, "old", a);
	ADD(set, "new", b, a, a);
	assert_int_equal(trust_store_set_count(set), 2);
	assert_string_equal(trust_store_set_name(set, 1), "new");
	assert_int_equal(trust_store_set_roots(set, 1)->count, 3);
	assert_int_equal(trust_store_set_mask(set, a), 3);
	assert_int_equal(trust_store_set_mask(set, b), 2);
	assert_int_equal(trust_store_set_mask(set, PKI(.cn = "C", .ca = true)), 0);
	trust_store_set_unref(set);
}

/* The same name and the same key in another certificate are not what the store holds. */
static void test_a_store_holds_this_very_certificate(void **state)
{
	struct trust_store_set *set = new_set();
	const struct certificate *other = PKI(.cn = "Other", .ca = true);
	const struct certificate *root = PKI(.cn = "A", .ca = true);
	(void)state;

	ADD(set, "store", root);
	assert_int_equal(trust_store_set_mask(set, root), 1);
	assert_int_equal(trust_store_set_mask(set, PKI(.cn = "A", .ca = true, .not_after = PKI_NOW)), 0);
	assert_int_equal(trust_store_set_mask(set, PKI(.cn = "A", .ca = true, .issuer = other)), 0);
	assert_int_equal(trust_store_set_mask(set, PKI(.cn = "A", .ca = true, .key_number = 1)), 0);
	assert_int_equal(trust_store_set_mask(set, PKI(.cn = "B", .ca = true, .key = pki_key(root))), 0);
	trust_store_set_unref(set);
}

static void test_walks_the_distinct_roots_of_an_issuer(void **state)
{
	struct trust_store_set *set = new_set();
	const struct certificate *one = PKI(.cn = "A", .ca = true);
	const struct certificate *two = PKI(.cn = "A", .ca = true, .key_number = 1);
	const struct certificate *leaf = PKI(.cn = "leaf", .issuer = one);
	size_t cursor = 0;
	(void)state;

	ADD(set, "first", two, PKI(.cn = "B", .ca = true));
	ADD(set, "second", one, two);
	assert_ptr_equal(trust_store_set_next(set, leaf, &cursor), two);
	assert_ptr_equal(trust_store_set_next(set, leaf, &cursor), one);
	assert_null(trust_store_set_next(set, leaf, &cursor));
	assert_null(trust_store_set_next(set, leaf, &cursor));
	trust_store_set_unref(set);
}

static void test_has_a_maximum_of_stores_with_names_of_their_own(void **state)
{
	struct trust_store_set *set = new_set();
	struct certificate_list list = PKI_LIST(SOURCE_ROOTS, PKI(.cn = "A", .ca = true));
	char name[16];
	(void)state;

	for (unsigned i = 0; i < TRUST_STORES_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_ok(trust_store_set_add_list(set, name, &list));
		assert_kind(trust_store_set_add_list(set, name, &list),
			    i + 1 < TRUST_STORES_MAX ? ERROR_USAGE : ERROR_LIMIT);
	}
	assert_int_equal(trust_store_set_mask(set, list.items[0].certificate), UINT32_MAX);
	certificate_list_cleanup(&list);
	trust_store_set_unref(set);
}

static void test_sets_are_equal_by_names_and_roots(void **state)
{
	const struct certificate *a = PKI(.cn = "A", .ca = true), *b = PKI(.cn = "B", .ca = true);
	struct trust_store_set *sets[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		sets[i] = new_set();
	ADD(sets[0], "one", a, b);
	ADD(sets[1], "one", a, b);
	ADD(sets[2], "another", a, b);
	ADD(sets[3], "one", a);
	ADD(sets[4], "one", a, b);
	ADD(sets[4], "two", a);
	assert_true(trust_store_set_equal(sets[0], sets[0]));
	assert_true(trust_store_set_equal(sets[0], sets[1]));
	for (size_t i = 2; i < 5; i++)
		assert_false(trust_store_set_equal(sets[0], sets[i]));
	for (size_t i = 0; i < 5; i++)
		trust_store_set_unref(sets[i]);
}

static void test_is_shared_by_reference(void **state)
{
	struct trust_store_set *set = new_set();
	const struct certificate *root = PKI(.cn = "shared", .ca = true);
	unsigned before = atomic_load(&root->references);
	(void)state;

	ADD(set, "store", root);
	assert_ptr_equal(trust_store_set_ref(set), set);
	trust_store_set_unref(set);
	assert_int_equal(trust_store_set_mask(set, root), 1);
	trust_store_set_unref(set);
	trust_store_set_unref(NULL);
	assert_int_equal(atomic_load(&root->references), before);
}

static void test_reads_a_file_as_one_store(void **state)
{
	struct trust_store_set *set = new_set();
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	(void)state;

	write_root("corp.roots.pem", root);
	assert_ok(trust_store_set_add_path(set, NULL, unit_folder_path("corp.roots.pem")));
	assert_ok(trust_store_set_add_path(set, NULL, unit_folder_path("corp.roots.pem")));
	assert_ok(trust_store_set_add_path(set, "named", unit_folder_path("corp.roots.pem")));
	assert_step(trust_store_set_add_path(set, "named", unit_folder_path("corp.roots.pem")), ERROR_USAGE,
		    "same name");
	assert_string_equal(trust_store_set_name(set, 0), "corp.roots");
	assert_string_equal(trust_store_set_name(set, 1), "corp.roots-2");
	assert_string_equal(trust_store_set_name(set, 2), "named");
	assert_int_equal(trust_store_set_mask(set, root), 7);
	assert_int_equal(trust_store_set_roots(set, 0)->items[0].source, SOURCE_ROOTS);
	assert_kind(trust_store_set_add_path(set, NULL, unit_folder_path("missing.pem")), ERROR_SYSTEM);
	unit_folder_write("empty.pem", "");
	assert_step(trust_store_set_add_path(set, NULL, unit_folder_path("empty.pem")), ERROR_FORMAT, "empty");
	assert_int_equal(trust_store_set_count(set), 3);
	trust_store_set_unref(set);
	assert_int_equal(unlink(unit_folder_path("corp.roots.pem")) | unlink(unit_folder_path("empty.pem")), 0);
}

static void fill_folder(void)
{
	write_root("b.pem", PKI(.cn = "B", .ca = true));
	write_root("a.crt", PKI(.cn = "A", .ca = true));
	write_root("1a2b3c4d.0", PKI(.cn = "C", .ca = true)); /* some systems have no other names */
	write_root(".hidden.pem", PKI(.cn = "H", .ca = true));
	unit_folder_write("README", "The roots.\n");
	assert_int_equal(mkdir(unit_folder_path("sub"), 0700), 0);
}

static void empty_folder(void)
{
	static const char *const names[] = {"b.pem", "a.crt", "1a2b3c4d.0", ".hidden.pem", "README"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(unlink(unit_folder_path(names[i])), 0);
	assert_int_equal(rmdir(unit_folder_path("sub")), 0);
}

/* The stores that hold the root of this subject which is met first. */
static uint32_t holders_of(const struct trust_store_set *set, const char *subject)
{
	for (size_t i = 0; i < trust_store_set_count(set); i++) {
		const struct certificate_list *roots = trust_store_set_roots(set, i);

		for (size_t k = 0; k < roots->count; k++)
			if (strcmp(roots->items[k].certificate->subject, subject) == 0)
				return trust_store_set_mask(set, roots->items[k].certificate);
	}
	return 0;
}

static void test_reads_a_directory_as_a_store_a_file(void **state)
{
	struct trust_store_set *set = trust_store_set_new();
	(void)state;

	fill_folder();
	assert_int_equal(unlink(unit_folder_path("1a2b3c4d.0")), 0);
	assert_ok(trust_store_set_add_path(set, NULL, unit_folder()));
	assert_int_equal(trust_store_set_count(set), 2);
	assert_string_equal(trust_store_set_name(set, 0), "a");
	assert_string_equal(trust_store_set_name(set, 1), "b");
	assert_int_equal(holders_of(set, "CN=B"), 2);
	assert_ok(trust_store_set_add_path(set, "all", unit_folder()));
	assert_int_equal(trust_store_set_count(set), 3);
	assert_int_equal(trust_store_set_roots(set, 2)->count, 2);
	write_root("1a2b3c4d.0", PKI(.cn = "C", .ca = true));
	empty_folder();
	trust_store_set_unref(set);
}

static void test_reads_a_directory_with_hash_links_as_one_store(void **state)
{
	struct trust_store_set *set = new_set();
	char path[UNIT_FOLDER_MAX_PATH];
	(void)state;

	assert_step(trust_store_set_add_path(set, NULL, unit_folder()), ERROR_FORMAT, "no file in the directory");
	fill_folder();
	assert_ok(trust_store_set_add_path(set, NULL, unit_folder()));
	assert_int_equal(trust_store_set_count(set), 1);
	assert_string_equal(trust_store_set_name(set, 0), strrchr(unit_folder(), '/') + 1);
	assert_int_equal(trust_store_set_roots(set, 0)->count, 3);
	assert_ok(trust_store_set_add_path(set, "all", unit_folder()));
	snprintf(path, sizeof(path), "%s//", unit_folder());
	assert_ok(trust_store_set_add_path(set, NULL, path));
	assert_int_equal(strncmp(trust_store_set_name(set, 2), strrchr(unit_folder(), '/') + 1, strlen("chainmend")),
			 0);
	assert_int_equal(holders_of(set, "CN=A"), 7);
	assert_int_equal(holders_of(set, "CN=B"), 7);
	assert_int_equal(holders_of(set, "CN=C"), 7);
	assert_int_equal(holders_of(set, "CN=H"), 0);
	empty_folder();
	trust_store_set_unref(set);
}

static void test_reads_the_option(void **state)
{
	struct trust_store_set *set = new_set();
	char option[256];
	(void)state;

	write_root("a=b.pem", PKI(.cn = "A", .ca = true));
	assert_ok(trust_store_set_add_option(set, unit_folder_path("a=b.pem")));
	snprintf(option, sizeof(option), "corp=%s", unit_folder_path("a=b.pem"));
	assert_ok(trust_store_set_add_option(set, option));
	assert_string_equal(trust_store_set_name(set, 0), "a=b");
	assert_string_equal(trust_store_set_name(set, 1), "corp");
	assert_kind(trust_store_set_add_option(set, ""), ERROR_USAGE);
	assert_kind(trust_store_set_add_option(set, "corp="), ERROR_USAGE);
	assert_kind(trust_store_set_add_option(set, "=/x.pem"), ERROR_USAGE);
	assert_kind(trust_store_set_add_option(set, "x=/missing.pem"), ERROR_SYSTEM);
	assert_int_equal(trust_store_set_count(set), 2);
	trust_store_set_unref(set);
	assert_int_equal(unlink(unit_folder_path("a=b.pem")), 0);
}

static void test_a_broken_root_in_a_bundle_is_passed_over(void **state)
{
	struct trust_store_set *set = new_set();
	struct buffer pem;
	(void)state;

	buffer_init(&pem, 65536);
	assert_ok(buffer_printf(&pem, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"));
	assert_ok(certificate_write_pem(PKI(.cn = "A", .ca = true), &pem));
	unit_folder_write("bundle.pem", buffer_text(&pem));
	buffer_cleanup(&pem);
	assert_ok(trust_store_set_add_path(set, NULL, unit_folder_path("bundle.pem")));
	assert_int_equal(trust_store_set_roots(set, 0)->count, 1);
	trust_store_set_unref(set);
	assert_int_equal(unlink(unit_folder_path("bundle.pem")), 0);
}

static int teardown(void **state)
{
	pki_cleanup();
	return unit_folder_remove(state);
}

static void test_the_path_in_an_option(void **state)
{
	static const char *const cases[][2] = {
	    {"/etc/ssl/root.pem", "/etc/ssl/root.pem"},
	    {"corp=/etc/ssl/root.pem", "/etc/ssl/root.pem"},
	    {"corp=a=b.pem", "a=b.pem"},
	    {"./a=b.pem", "./a=b.pem"},
	    {"system", TRUST_STORE_SYSTEM_PATH},
	    {"corp=system", TRUST_STORE_SYSTEM_PATH},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(trust_store_option_path(cases[i][0]), cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_path_in_an_option),
	    cmocka_unit_test(test_says_which_stores_hold_a_root),
	    cmocka_unit_test(test_a_store_holds_this_very_certificate),
	    cmocka_unit_test(test_walks_the_distinct_roots_of_an_issuer),
	    cmocka_unit_test(test_has_a_maximum_of_stores_with_names_of_their_own),
	    cmocka_unit_test(test_sets_are_equal_by_names_and_roots),
	    cmocka_unit_test(test_is_shared_by_reference),
	    cmocka_unit_test(test_reads_a_file_as_one_store),
	    cmocka_unit_test(test_reads_a_directory_as_a_store_a_file),
	    cmocka_unit_test(test_reads_a_directory_with_hash_links_as_one_store),
	    cmocka_unit_test(test_reads_the_option),
	    cmocka_unit_test(test_a_broken_root_in_a_bundle_is_passed_over),
	};

	return cmocka_run_group_tests(tests, unit_folder_make, teardown);
}
