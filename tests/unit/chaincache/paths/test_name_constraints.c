#include "chaincache/paths/name_constraints.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)
#define TEN "IP:10.0.0.0/255.0.0.0"
#define DOCUMENTATION_V6 "IP:2001:db8::/ffff:ffff::"

static int check(const struct certificate *issuer, const struct certificate *subject)
{
	struct name_constraints constraints;

	assert_int_equal(name_constraints_init(&constraints, issuer), X509_V_OK);
	int status = name_constraints_check(&constraints, subject);
	name_constraints_cleanup(&constraints);
	assert_int_equal(ERR_peek_error(), 0);
	return status;
}

static const struct {
	const char *constraints;
	const char *ip[4];
	const char *dns[3];
	int status;
} cases[] = {
    /* IPv4 */
    {"permitted;" TEN, {"10.1.2.3"}, {NULL}, X509_V_OK},
    /* Wildcards under excluded subtrees */
    {"excluded;DNS:bad.example", {NULL}, {"*.example"}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"excluded;DNS:BAD.Example", {NULL}, {"ok.test", "*.eXample"}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"excluded;DNS:bad.a.example", {NULL}, {"*.a.example"}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"excluded;DNS:bad.a.example", {NULL}, {"*.b.example"}, X509_V_OK},
    {"excluded;DNS:deep.bad.example", {NULL}, {"*.example"}, X509_V_OK}, /* it covers one label */
    {"excluded;DNS:bad.example", {NULL}, {"*.bad.example"}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"excluded;DNS:bad.example", {NULL}, {"*.notbad.example"}, X509_V_OK},
    {"excluded;DNS:bad.example", {NULL}, {"good.example"}, X509_V_OK},
    {"excluded;email:bad.example", {NULL}, {"*.example"}, X509_V_OK},
    {"permitted;DNS:example,excluded;DNS:bad.example", {NULL}, {"*.example"}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"permitted;" TEN, {"10.0.0.0", "10.255.255.255"}, {NULL}, X509_V_OK},
    {"permitted;" TEN, {"9.255.255.255"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;" TEN, {"11.0.0.0"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;" TEN, {"10.0.0.1", "192.0.2.1"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;" TEN ",permitted;IP:192.0.2.0/255.255.255.0", {"10.0.0.1", "192.0.2.1"}, {NULL}, X509_V_OK},
    {"permitted;IP:192.0.2.1/255.255.255.255", {"192.0.2.1"}, {NULL}, X509_V_OK},
    {"permitted;IP:192.0.2.1/255.255.255.255", {"192.0.2.0"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;IP:192.0.2.128/255.255.255.128", {"192.0.2.127"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;IP:192.0.2.128/255.255.255.128", {"192.0.2.129"}, {NULL}, X509_V_OK},
    {"permitted;IP:10.9.9.9/255.0.0.0", {"10.1.1.1"}, {NULL}, X509_V_OK}, /* bits behind the mask say nothing */
    {"permitted;IP:0.0.0.0/0.0.0.0", {"198.51.100.1"}, {NULL}, X509_V_OK},
    {"excluded;" TEN, {"10.1.2.3"}, {NULL}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"excluded;" TEN, {"192.0.2.1"}, {NULL}, X509_V_OK},
    {"excluded;IP:0.0.0.0/0.0.0.0", {"192.0.2.1"}, {NULL}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"permitted;" TEN ",excluded;IP:10.1.0.0/255.255.0.0", {"10.2.0.1"}, {NULL}, X509_V_OK},
    {"permitted;" TEN ",excluded;IP:10.1.0.0/255.255.0.0", {"10.1.0.1"}, {NULL}, X509_V_ERR_EXCLUDED_VIOLATION},
    /* IPv6, and one version where the other is constrained */
    {"permitted;" DOCUMENTATION_V6, {"2001:db8::1"}, {NULL}, X509_V_OK},
    {"permitted;" DOCUMENTATION_V6, {"2001:db9::1"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"excluded;" DOCUMENTATION_V6, {"2001:db8::1"}, {NULL}, X509_V_ERR_EXCLUDED_VIOLATION},
    {"permitted;" DOCUMENTATION_V6, {"10.0.0.1"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;" TEN, {"2001:db8::1"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;IP:0.0.0.0/0.0.0.0", {"2001:db8::1"}, {NULL}, X509_V_ERR_PERMITTED_VIOLATION},
    {"excluded;" DOCUMENTATION_V6, {"10.0.0.1"}, {NULL}, X509_V_OK},
    {"excluded;" TEN, {"::ffff:10.0.0.1"}, {NULL}, X509_V_ERR_UNSUPPORTED_NAME_SYNTAX},
    {"permitted;IP:::/::", {"::ffff:10.0.0.1"}, {NULL}, X509_V_ERR_UNSUPPORTED_NAME_SYNTAX},
    /* masks that are no prefix */
    {"permitted;IP:10.0.0.0/255.0.255.0", {"10.0.0.1"}, {NULL}, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX},
    {"permitted;IP:10.0.0.0/0.0.0.255", {"10.0.0.0"}, {NULL}, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX},
    {"permitted;" TEN ",excluded;IP:1.0.0.0/253.0.0.0", {"10.0.0.1"}, {NULL}, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX},
    /* with names of another kind: each kind by itself, and all of them */
    {"permitted;" TEN, {NULL}, {"a.example"}, X509_V_OK},
    {"permitted;IP:10.0.0.0/255.0.255.0", {NULL}, {"a.example"}, X509_V_OK},
    {"permitted;DNS:example", {"10.0.0.1"}, {"a.example"}, X509_V_OK},
    {"permitted;DNS:example,permitted;" TEN, {"10.0.0.1"}, {"a.example"}, X509_V_OK},
    {"permitted;DNS:example,permitted;" TEN, {"10.0.0.1"}, {"a.test"}, X509_V_ERR_PERMITTED_VIOLATION},
    {"permitted;DNS:example,permitted;" TEN, {"11.0.0.1"}, {"a.example"}, X509_V_ERR_PERMITTED_VIOLATION},
    {"excluded;DNS:bad.example,permitted;" TEN,
     {"10.0.0.1"},
     {"a.example", "x.bad.example"},
     X509_V_ERR_EXCLUDED_VIOLATION},
    {"permitted;" TEN ",permitted;RID:1.2.3.4", {"10.0.0.1"}, {"a.example"}, X509_V_OK},
    {"permitted;DNS:example,excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::", {NULL}, {"a.example"}, X509_V_OK},
    {"permitted;DNS:example,excluded;IP:0.0.0.0/0.0.0.0,excluded;IP:::/::",
     {"2001:db8::1"},
     {"a.example"},
     X509_V_ERR_EXCLUDED_VIOLATION},
};

static void test_a_table_of_constraints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct certificate *issuer = CA("I", .name_constraints = cases[i].constraints);
		const struct certificate *subject =
		    PKI(.cn = "leaf", .issuer = issuer, .ip = cases[i].ip[0] != NULL ? cases[i].ip : NULL,
			.dns = cases[i].dns[0] != NULL ? cases[i].dns : NULL);
		int status = check(issuer, subject);

		if (status != cases[i].status)
			fail_msg("case %zu, %s with %s: %s", i, cases[i].constraints,
				 cases[i].ip[0] != NULL ? cases[i].ip[0] : cases[i].dns[0],
				 X509_verify_cert_error_string(status));
	}
}

#define RAW(extension_oid, ...)                                                                                        \
	.extensions = (const struct pki_extension[])                                                                   \
	{                                                                                                              \
		{extension_oid, true, bytes_of(__VA_ARGS__, sizeof(__VA_ARGS__) - 1)},                                 \
		{                                                                                                      \
			0                                                                                              \
		}                                                                                                      \
	}

/* Refuses forms that no issuer of certificates should write. */
static void test_forms_that_are_refused(void **state)
{
	static const struct {
		const char *der;
		size_t len;
		int status;
	} blocks[] = {
#define BLOCK(der) der, sizeof(der) - 1
	    /* seven bytes, no byte, 16 bytes (an address without a mask) */
	    {BLOCK("\x30\x0d\xa0\x0b\x30\x09\x87\x07\x0a\0\0\0\xff\0\0"), X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX},
	    {BLOCK("\x30\x06\xa0\x04\x30\x02\x87\x00"), X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX},
	    {BLOCK("\x30\x16\xa1\x14\x30\x12\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0"),
	     X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX},
	    /* minimum 0 spelt out, maximum 1 */
	    {BLOCK("\x30\x11\xa0\x0f\x30\x0d\x87\x08\x0a\0\0\0\xff\0\0\0\x80\x01\x00"), X509_V_ERR_SUBTREE_MINMAX},
	    {BLOCK("\x30\x11\xa0\x0f\x30\x0d\x87\x08\x0a\0\0\0\xff\0\0\0\x81\x01\x01"), X509_V_ERR_SUBTREE_MINMAX},
	    /* a good block of the same making, so that the others fail by what they are */
	    {BLOCK("\x30\x0e\xa0\x0c\x30\x0a\x87\x08\x0a\0\0\0\xff\0\0\0"), X509_V_OK},
#undef BLOCK
	};
	(void)state;

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++) {
		const struct pki_extension extension[] = {{"2.5.29.30", true, bytes_of(blocks[i].der, blocks[i].len)},
							  {0}};
		const struct certificate *issuer = CA("I", .extensions = extension);
		const struct certificate *leaf = PKI(.cn = "leaf", .issuer = issuer, .ip = PKI_STRINGS("10.0.0.1"));
		print_message("block %zu\n", i);
		assert_int_equal(check(issuer, leaf), blocks[i].status);
		/* Nobody has an address: nothing is asked of the block. */
		assert_int_equal(check(issuer, PKI(.cn = "leaf", .dns = PKI_STRINGS("a.example"))), X509_V_OK);
	}
}

static void test_addresses_that_are_none(void **state)
{
	const struct certificate *issuer = CA("I", .name_constraints = "permitted;" TEN);
	(void)state;

	assert_int_equal(check(issuer, PKI(.cn = "leaf", RAW("2.5.29.17", "\x30\x05\x87\x03\x0a\x01\x02"))),
			 X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
	assert_int_equal(check(issuer, PKI(.cn = "leaf", RAW("2.5.29.17", "\x30\x02\x87\x00"))),
			 X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
	assert_int_equal(check(issuer, PKI(.cn = "leaf", RAW("2.5.29.17", "\x30\x0a\x87\x08\x0a\0\0\0\xff\0\0\0"))),
			 X509_V_ERR_UNSUPPORTED_NAME_SYNTAX);
	/* Names that do not parse at all: none of them is admitted. */
	assert_int_equal(check(issuer, PKI(.cn = "leaf", RAW("2.5.29.17", "\x05\x00"))), X509_V_ERR_INVALID_EXTENSION);
}

/* A registeredID and an otherName where such names are constrained: supported by nobody, refused as before. */
static void test_other_kinds_stay_refused(void **state)
{
	const struct certificate *issuer = CA("I", .name_constraints = "permitted;" TEN ",permitted;RID:1.2.3.4");
	const struct certificate *mail = CA("M", .name_constraints = "permitted;" TEN ",permitted;email:a.example");
	(void)state;

	assert_int_equal(
	    check(issuer, PKI(.cn = "leaf", RAW("2.5.29.17", "\x30\x0b\x87\x04\x0a\0\0\x01\x88\x03\x2a\x03\x04"))),
	    X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE);
	assert_int_equal(
	    check(mail, PKI(.cn = "leaf", RAW("2.5.29.17", "\x30\x13\x87\x04\x0a\0\0\x01\x81\x0bx@b.example"))),
	    X509_V_ERR_PERMITTED_VIOLATION);
	assert_int_equal(
	    check(mail, PKI(.cn = "leaf", RAW("2.5.29.17", "\x30\x13\x87\x04\x0a\0\0\x01\x81\x0bx@a.example"))),
	    X509_V_OK);
}

static void test_directory_names_are_judged_beside_addresses(void **state)
{
	/* permitted: the directoryName CN=leaf, and addresses under 10/8 */
	static const uint8_t der[] =
	    "\x30\x23\xa0\x21\x30\x13\xa4\x11\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04leaf"
	    "\x30\x0a\x87\x08\x0a\0\0\0\xff\0\0\0";
	const struct pki_extension extension[] = {{"2.5.29.30", true, bytes_of(der, sizeof(der) - 1)}, {0}};
	const struct certificate *issuer = CA("I", .extensions = extension);
	(void)state;

	assert_int_equal(check(issuer, PKI(.cn = "leaf", .ip = PKI_STRINGS("10.0.0.1"))), X509_V_OK);
	assert_int_equal(check(issuer, PKI(.cn = "other", .ip = PKI_STRINGS("10.0.0.1"))),
			 X509_V_ERR_PERMITTED_VIOLATION);
}

static void test_no_and_broken_constraints(void **state)
{
	struct name_constraints constraints;
	(void)state;

	assert_int_equal(check(CA("I"), PKI(.cn = "leaf", .ip = PKI_STRINGS("10.0.0.1"))), X509_V_OK);
	assert_int_equal(name_constraints_init(&constraints, CA("I", RAW("2.5.29.30", "\x05\x00"))),
			 X509_V_ERR_INVALID_EXTENSION);
	name_constraints_cleanup(&constraints);
	/* Two of the same kind. */
	const struct pki_extension twice[] = {
	    {"2.5.29.30", true, bytes_of("\x30\x00", 2)}, {"2.5.29.30", true, bytes_of("\x30\x00", 2)}, {0}};
	assert_int_equal(name_constraints_init(&constraints, CA("I", .extensions = twice)),
			 X509_V_ERR_INVALID_EXTENSION);
	name_constraints_cleanup(&constraints);
	name_constraints_cleanup(&constraints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_table_of_constraints),
	    cmocka_unit_test(test_forms_that_are_refused),
	    cmocka_unit_test(test_addresses_that_are_none),
	    cmocka_unit_test(test_other_kinds_stay_refused),
	    cmocka_unit_test(test_directory_names_are_judged_beside_addresses),
	    cmocka_unit_test(test_no_and_broken_constraints),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
