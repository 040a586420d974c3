#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/nid.h>

#include "tests/support/pki.h"

static void test_reads_the_fields_of_a_leaf(void **state)
{
	(void)state;
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *leaf =
	    PKI(.cn = "a.example", .issuer = root, .dns = PKI_STRINGS("a.example", "*.b.example"),
		.ip = PKI_STRINGS("192.0.2.1"), .ca_issuers = PKI_STRINGS("http://aia.example/root.cer"));

	assert_string_equal(leaf->subject, "CN=a.example");
	assert_string_equal(leaf->issuer, "CN=Root");
	assert_int_equal(leaf->num_alt_names, 3);
	assert_int_equal(leaf->num_ca_issuer_urls, 1);
}

static int teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_the_fields_of_a_leaf),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
