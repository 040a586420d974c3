#include "proxy/wire/key_usage.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static bool has_key_usage(struct bytes der)
{
	const uint8_t *at = der.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.len);

	assert_non_null(x509);
	bool has = X509_get_ext_by_NID(x509, NID_key_usage, -1) >= 0;
	X509_free(x509);
	return has;
}

static void expect_hidden(const struct certificate *certificate)
{
	struct buffer out;
	size_t num_changed = 0;

	buffer_init(&out, 65536);
	assert_ok(key_usage_hide(certificate->der, &out));
	assert_int_equal(out.len, certificate->der.len);
	for (size_t i = 0; i < out.len; i++)
		num_changed += out.data[i] != certificate->der.data[i];
	assert_int_equal(num_changed, 1);
	assert_true(has_key_usage(certificate->der));
	assert_false(has_key_usage(buffer_bytes(&out)));
	buffer_cleanup(&out);
}

static void expect_nothing(struct bytes certificate)
{
	struct buffer out;

	buffer_init(&out, 65536);
	assert_ok(key_usage_hide(certificate, &out));
	assert_int_equal(out.len, 0);
	buffer_cleanup(&out);
}

static void test_a_key_usage_is_hidden(void **state)
{
	(void)state;
	expect_hidden(PKI(.cn = "a", .dns = PKI_STRINGS("a.example")));
	expect_hidden(PKI(.cn = "b", .key_type = PKI_RSA_2048, .key_usage = X509v3_KU_KEY_ENCIPHERMENT));
}

static void test_what_has_none_stays(void **state)
{
	const struct certificate *certificate = PKI(.cn = "a", .dns = PKI_STRINGS("a.example"));

	(void)state;
	expect_nothing(PKI(.cn = "c", .no_key_usage = true)->der);
	expect_nothing(PKI(.cn = "d", .version_1 = true)->der);
	expect_nothing(bytes_of("", 0));
	expect_nothing(bytes_of("no certificate", 14));
	for (size_t len = 0; len < certificate->der.len; len++)
		expect_nothing(bytes_of(certificate->der.data, len));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_key_usage_is_hidden),
	    cmocka_unit_test(test_what_has_none_stays),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
