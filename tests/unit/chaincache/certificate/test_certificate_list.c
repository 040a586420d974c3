#include "tests/support/unit.h"

#include <string.h>

#include "chaincache/base/buffer.h"
#include "tests/support/pki.h"

static void test_holds_references_in_order(void **state)
{
	const struct certificate *a = PKI(.cn = "a");
	const struct certificate *b = PKI(.cn = "b");
	struct certificate_list list = {0};
	unsigned before = atomic_load(&a->references);
	(void)state;

	assert_ok(certificate_list_append(&list, a, SOURCE_FILE));
	assert_ok(certificate_list_append(&list, b, SOURCE_CACHE));
	assert_ok(certificate_list_append(&list, a, SOURCE_FETCHED));
	assert_int_equal(list.count, 3);
	assert_int_equal(atomic_load(&a->references), before + 2);
	assert_ptr_equal(list.items[1].certificate, b);
	assert_int_equal(list.items[2].source, SOURCE_FETCHED);
	assert_int_equal(certificate_list_bytes(&list), 2 * a->der.len + b->der.len);
	certificate_list_cleanup(&list);
	assert_int_equal(atomic_load(&a->references), before);
	assert_int_equal(list.count, 0);
	certificate_list_cleanup(&list);
}

static void test_compares_certificates_and_order(void **state)
{
	const struct certificate *a = PKI(.cn = "a");
	const struct certificate *b = PKI(.cn = "b");
	const struct certificate *copy_of_a;
	struct certificate_list ab = PKI_LIST(SOURCE_FILE, a, b);
	struct certificate_list ba = PKI_LIST(SOURCE_FILE, b, a);
	struct certificate_list only_a = PKI_LIST(SOURCE_FILE, a);
	(void)state;

	assert_ok(certificate_parse(a->der, &copy_of_a));
	struct certificate_list other_source = PKI_LIST(SOURCE_CACHE, copy_of_a, b);
	assert_true(certificate_list_equal(&ab, &other_source));
	assert_false(certificate_list_equal(&ab, &ba));
	assert_false(certificate_list_equal(&ab, &only_a));
	assert_true(certificate_list_contains(&ab, copy_of_a));
	assert_false(certificate_list_contains(&only_a, b));
	assert_false(certificate_list_contains(&(struct certificate_list){0}, a));

	certificate_unref(copy_of_a);
	certificate_list_cleanup(&ab);
	certificate_list_cleanup(&ba);
	certificate_list_cleanup(&only_a);
	certificate_list_cleanup(&other_source);
}

static void test_copies(void **state)
{
	struct certificate_list list = PKI_LIST(SOURCE_BACKEND, PKI(.cn = "a"), PKI(.cn = "b"));
	struct certificate_list copy;
	struct certificate_list empty = {0};
	(void)state;

	assert_ok(certificate_list_copy(&copy, &list));
	assert_true(certificate_list_equal(&copy, &list));
	assert_int_equal(copy.items[1].source, SOURCE_BACKEND);
	certificate_list_cleanup(&list);
	assert_string_equal(copy.items[0].certificate->subject, "CN=a");
	certificate_list_cleanup(&copy);
	assert_ok(certificate_list_copy(&copy, &empty));
	assert_int_equal(copy.count, 0);
	certificate_list_cleanup(&copy);
}

static void test_replaces(void **state)
{
	const struct certificate *a = PKI(.cn = "a");
	const struct certificate *b = PKI(.cn = "b");
	struct certificate_list list = PKI_LIST(SOURCE_FILE, a, a);
	struct certificate_list by = PKI_LIST(SOURCE_CACHE, b);
	unsigned before = atomic_load(&a->references);
	(void)state;

	assert_ok(certificate_list_replace(&list, &by));
	assert_true(certificate_list_equal(&list, &by));
	assert_int_equal(list.items[0].source, SOURCE_CACHE);
	assert_int_equal(atomic_load(&a->references), before - 2);
	assert_ok(certificate_list_replace(&list, &list));
	assert_true(certificate_list_equal(&list, &by));
	certificate_list_cleanup(&by);
	assert_ok(certificate_list_replace(&list, &by));
	assert_int_equal(list.count, 0);
	certificate_list_cleanup(&list);
}

static void test_writes_a_block_a_certificate(void **state)
{
	struct certificate_list list = PKI_LIST(SOURCE_FILE, PKI(.cn = "a"), PKI(.cn = "b"));
	struct buffer buffer;
	(void)state;

	buffer_init(&buffer, 65536);
	assert_ok(certificate_list_write_pem(&list, &buffer));
	const char *second = strstr(buffer_text(&buffer) + 1, "-----BEGIN CERTIFICATE-----");
	assert_non_null(second);
	assert_null(strstr(second + 1, "-----BEGIN CERTIFICATE-----"));
	buffer_cleanup(&buffer);

	buffer_init(&buffer, 1000);
	assert_kind(certificate_list_write_pem(&list, &buffer), ERROR_LIMIT);
	buffer_cleanup(&buffer);
	certificate_list_cleanup(&list);
}

static void test_every_source_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(certificate_source_name(SOURCE_SERVED), "served");
	assert_string_equal(certificate_source_name(SOURCE_FETCHED), "fetched");
	assert_string_equal(certificate_source_name(SOURCE_ROOTS), "roots");
}

static void test_is_valid_while_all_are(void **state)
{
	const struct certificate *leaf = PKI(.cn = "leaf");
	const struct certificate *old = PKI(.cn = "old", .not_after = leaf->not_before + 100);
	struct certificate_list list = PKI_LIST(SOURCE_FILE, leaf, old);
	struct certificate_list none = {0};

	(void)state;
	assert_true(certificate_list_valid_at(&none, 0));
	assert_true(certificate_list_valid_at(&list, old->not_after));
	assert_false(certificate_list_valid_at(&list, old->not_after + 1));
	assert_false(certificate_list_valid_at(&list, leaf->not_before - 1));
	certificate_list_cleanup(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_holds_references_in_order),
	    cmocka_unit_test(test_compares_certificates_and_order),
	    cmocka_unit_test(test_copies),
	    cmocka_unit_test(test_replaces),
	    cmocka_unit_test(test_writes_a_block_a_certificate),
	    cmocka_unit_test(test_every_source_has_its_word),
	    cmocka_unit_test(test_is_valid_while_all_are),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
