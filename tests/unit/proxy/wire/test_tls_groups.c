#include "proxy/wire/tls_groups.h"

#include <string.h>

#include <openssl/ssl.h>

#include "tests/support/unit.h"

static void test_a_list_of_groups_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t count; /* 0: refused */
		uint16_t ids[4];
		const char *words;
	} cases[] = {
	    {"X25519", 1, {SSL_GROUP_X25519}, ""},
	    {"P-384:x25519:prime256v1", 3, {SSL_GROUP_SECP384R1, SSL_GROUP_X25519, SSL_GROUP_SECP256R1}, ""},
	    {"secp521r1:SECP384R1", 2, {SSL_GROUP_SECP521R1, SSL_GROUP_SECP384R1}, ""},
	    {"", 0, {0}, "does not have: ``; there are"},
	    {":", 0, {0}, "does not have: ``; there are"},
	    {"X25519:", 0, {0}, "does not have: ``; there are"},
	    {"X25519 :P-256", 0, {0}, "`X25519 `"},
	    {"P-256:P-2567", 0, {0}, "`P-2567`; there are "},
	    {"P-25", 0, {0}, "X25519, P-256, P-384, P-521"},
	    {"X25519:P-256:x25519", 0, {0}, "twice, `x25519`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_groups groups;
		struct error error = tls_groups_read(cases[i].text, &groups);
		struct buffer wrong;

		buffer_init(&wrong, 4096);
		assert_ok(tls_groups_check(cases[i].text, &wrong));
		if (strstr(buffer_text(&wrong), cases[i].words) == NULL || (wrong.len > 0) != (cases[i].count == 0))
			fail_msg("%s: %s", cases[i].text, buffer_text(&wrong));
		buffer_cleanup(&wrong);
		if (cases[i].count == 0) {
			assert_kind(error, ERROR_FORMAT);
			continue;
		}
		assert_ok(error);
		assert_false(groups.is_ours);
		assert_int_equal(groups.count, cases[i].count);
		assert_memory_equal(groups.ids, cases[i].ids, groups.count * sizeof(groups.ids[0]));
	}
}

static void test_without_a_list_the_groups_are_our_own(void **state)
{
	struct tls_groups own, written;

	(void)state;
	assert_ok(tls_groups_read(NULL, &own));
	assert_true(own.is_ours);
	assert_in_range(own.count, 3, 4); /* with X25519MLKEM768 or without it */
	assert_int_equal(own.ids[own.count - 3], SSL_GROUP_X25519);
	assert_int_equal(own.ids[own.count - 2], SSL_GROUP_SECP256R1);
	assert_int_equal(own.ids[own.count - 1], SSL_GROUP_SECP384R1);
	assert_ok(
	    tls_groups_read(own.count == 4 ? "X25519MLKEM768:X25519:P-256:P-384" : "X25519:P-256:P-384", &written));
	assert_true(tls_groups_equal(&own, &written));
	assert_ok(tls_groups_read("P-256:X25519:P-384", &written));
	assert_false(tls_groups_equal(&own, &written));
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	assert_int_equal(SSL_CTX_set1_group_ids(ctx, own.ids, own.count), 1);
	SSL_CTX_free(ctx);
}

static void test_groups_are_ordered_by_strength(void **state)
{
	struct tls_groups own;

	(void)state;
	assert_int_equal(tls_groups_strength(SSL_GROUP_X25519), tls_groups_strength(SSL_GROUP_SECP256R1));
	assert_true(tls_groups_strength(SSL_GROUP_SECP384R1) > tls_groups_strength(SSL_GROUP_SECP256R1));
	assert_true(tls_groups_strength(SSL_GROUP_SECP521R1) > tls_groups_strength(SSL_GROUP_SECP384R1));
	assert_int_equal(tls_groups_strength(0x1234), 0);
	assert_ok(tls_groups_read(NULL, &own));
	assert_int_equal(own.count == 4, tls_groups_strength(own.ids[0]) > tls_groups_strength(SSL_GROUP_SECP521R1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_list_of_groups_is_read),
	    cmocka_unit_test(test_without_a_list_the_groups_are_our_own),
	    cmocka_unit_test(test_groups_are_ordered_by_strength),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
