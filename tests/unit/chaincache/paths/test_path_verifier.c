#include "chaincache/paths/path_verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/nid.h>
#include <openssl/x509.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define LEAF(...) PKI(.cn = "leaf", .dns = PKI_STRINGS("a.example"), __VA_ARGS__)
#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

static struct path_verdict verify_for(enum certificate_purpose purpose, const struct certificate *const *certificates,
				      int64_t now)
{
	struct path path = {0};

	for (; *certificates != NULL; certificates++)
		path_push(&path, (struct certificate_entry){*certificates, SOURCE_CACHE});
	return path_verifier_verify(&path, purpose, now);
}

static struct path_verdict verify(const struct certificate *const *certificates, int64_t now)
{
	return verify_for(PURPOSE_TLS_SERVER, certificates, now);
}

#define VERIFY(...) verify(PKI_CERTIFICATES(__VA_ARGS__), PKI_NOW)

static void check(struct path_verdict verdict, enum path_fault fault, size_t index)
{
	if (verdict.fault != fault || verdict.index != index)
		print_error("at %zu: %s\n", verdict.index, verdict.reason);
	assert_int_equal(verdict.fault, fault);
	assert_int_equal(verdict.index, index);
	assert_int_equal(verdict.reason[0] == '\0', fault == PATH_GOOD);
}

static void test_good_paths(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	const struct certificate *self_signed = LEAF(.ca = false);
	(void)state;

	check(VERIFY(leaf, i, root), PATH_GOOD, 0);
	check(VERIFY(leaf, i), PATH_GOOD, 0); /* the intermediate is the anchor */
	check(VERIFY(leaf), PATH_GOOD, 0); /* the leaf itself is */
	check(VERIFY(self_signed), PATH_GOOD, 0);
}

static void test_faults_above_the_leaf(void **state)
{
	const struct certificate *root = CA("Root");
	const struct {
		struct pki_options intermediate;
		enum path_fault fault;
		size_t index;
	} cases[] = {
	    {{.ca = true, .not_after = PKI_NOW - 1}, PATH_EXPIRED, 1},
	    {{.ca = true, .not_after = PKI_NOW}, PATH_GOOD, 0},
	    {{.ca = true, .not_before = PKI_NOW + 1}, PATH_NOT_YET_VALID, 1},
	    {{.ca = true, .not_before = PKI_NOW}, PATH_GOOD, 0},
	    {{.ca = false, .no_basic_constraints = true, .no_key_usage = true}, PATH_NOT_A_CA, 1},
	    {{.ca = true, .key_usage = X509v3_KU_CRL_SIGN}, PATH_NOT_A_CA, 1},
	    {{.ca = true, .name_constraints = "permitted;DNS:b.example"}, PATH_NAME_CONSTRAINED, 0},
	    {{.ca = true, .name_constraints = "excluded;DNS:example"}, PATH_NAME_CONSTRAINED, 0},
	    {{.ca = true, .name_constraints = "permitted;DNS:example"}, PATH_GOOD, 0},
	    {{.ca = true, .eku = PKI_NIDS(NID_client_auth)}, PATH_WRONG_PURPOSE, 1},
	    {{.ca = true, .eku = PKI_NIDS(NID_client_auth, NID_server_auth)}, PATH_GOOD, 0},
	    {{.ca = true, .digest = PKI_SHA1}, PATH_WEAK_SIGNATURE, 1},
	    {{.ca = true, .key_type = PKI_RSA_1024}, PATH_WEAK_KEY, 1},
	    {{.ca = true, .key_type = PKI_P224}, PATH_WEAK_KEY, 1},
	    {{.ca = true, .key_type = PKI_ED25519}, PATH_GOOD, 0},
	    {{.ca = true, .shows_inherited_dsa = true}, PATH_REFUSED, 1},
	    {{.ca = true,
	      .ski = PKI_KEY_ID_ABSENT,
	      .extensions =
		  (const struct pki_extension[]){{"2.5.29.14", false, {(const uint8_t *)"\x05\x00", 2}}, {0}}},
	     PATH_EXTENSION_REFUSED,
	     1},
	    {{.ca = true,
	      .extensions = (const struct pki_extension[]){{"1.2.3.4", true, {(const uint8_t *)"\x05\x00", 2}}, {0}}},
	     PATH_EXTENSION_REFUSED,
	     1},
	    {{.ca = true,
	      .extensions = (const struct pki_extension[]){{"1.2.3.4", false, {(const uint8_t *)"\x05\x00", 2}}, {0}}},
	     PATH_GOOD,
	     0},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct pki_options options = cases[c].intermediate;
		options.cn = "I";
		options.issuer = root;
		const struct certificate *i = pki_make(&options), *leaf = LEAF(.issuer = i);
		const struct certificate *late =
		    LEAF(.issuer = i, .not_after = PKI_NOW - 1, .eku = PKI_NIDS(NID_client_auth));

		print_message("case %zu\n", c);
		check(VERIFY(leaf, i, root), cases[c].fault, cases[c].index);
		/* A leaf with faults of its own hides nothing of what is above it. */
		check(VERIFY(late, i, root), cases[c].fault, cases[c].index);
	}
}

static void test_the_anchor(void **state)
{
	const struct certificate *old = CA("Root", .not_after = PKI_NOW - 1),
				 *weak = CA("Weak", .key_type = PKI_RSA_1024, .digest = PKI_SHA1),
				 *dsa = CA("DSA", .shows_inherited_dsa = true);
	(void)state;

	check(VERIFY(LEAF(.issuer = old), old), PATH_EXPIRED, 1);
	/* An anchor is a name and a key: its own signature says nothing, and its strength is the store's business. */
	check(VERIFY(LEAF(.issuer = weak), weak), PATH_GOOD, 0);
	check(VERIFY(LEAF(.issuer = dsa), dsa), PATH_REFUSED, 1);
	check(VERIFY(dsa), PATH_GOOD, 0); /* the leaf itself is the anchor: nobody asks for its key */
	/* A version 1 root is one all the same. */
	const struct certificate *version_1 = CA("V1", .version_1 = true);
	check(VERIFY(LEAF(.issuer = version_1, .aki = PKI_KEY_ID_ABSENT), version_1), PATH_GOOD, 0);
}

/* X509_verify_cert asks nothing of these in an anchor, and clients do. */
static void test_what_an_anchor_may_not_have(void **state)
{
	static const uint8_t null[] = {0x05, 0x00};
	const struct pki_extension unknown[] = {{"1.2.3.4", true, {null, sizeof(null)}}, {0}};
	const struct pki_extension harmless[] = {{"1.2.3.4", false, {null, sizeof(null)}}, {0}};
	const struct {
		struct pki_options anchor;
		enum path_fault fault;
	} cases[] = {
	    {{.cn = "Root", .ca = true, .extensions = harmless}, PATH_GOOD},
	    {{.cn = "Root", .ca = true, .eku = PKI_NIDS(NID_server_auth, NID_email_protect)}, PATH_GOOD},
	    {{.cn = "Root", .ca = true, .extensions = unknown}, PATH_EXTENSION_REFUSED},
	    {{.cn = "Root", .ca = true, .eku = PKI_NIDS(NID_email_protect)}, PATH_WRONG_PURPOSE},
	    {{.cn = "Root", .key_usage = X509v3_KU_KEY_CERT_SIGN}, PATH_NOT_A_CA},
	    {{.cn = "Root", .no_basic_constraints = true, .key_usage = X509v3_KU_KEY_CERT_SIGN}, PATH_NOT_A_CA},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		const struct certificate *root = pki_make(&cases[c].anchor), *i = CA("I", .issuer = root);
		size_t index = cases[c].fault == PATH_GOOD ? 0 : 2;

		print_message("case %zu\n", c);
		check(VERIFY(LEAF(.issuer = i), i, root), cases[c].fault, index);
		check(VERIFY(LEAF(.issuer = i, .no_eku = true), i, root), cases[c].fault, index);
	}
}

static void test_links_that_are_not_true(void **state)
{
	const struct certificate *root = CA("Root"), *i = CA("I", .issuer = root), *leaf = LEAF(.issuer = i);
	const struct certificate *impostor = CA("I", .issuer = root, .key_number = 1, .ski = PKI_KEY_ID_ABSENT);
	(void)state;

	check(VERIFY(leaf, impostor, root), PATH_REFUSED, 0);
	check(VERIFY(LEAF(.issuer = i, .broken_signature = true), i, root), PATH_REFUSED, 0);
	check(VERIFY(LEAF(.issuer = i, .aki = PKI_KEY_ID_WRONG), i, root), PATH_KEY_ID_DIFFERS, 0);
	check(VERIFY(leaf, CA("Root", .key_number = 7)), PATH_KEY_ID_DIFFERS, 0);
}

static void test_path_lengths(void **state)
{
	const struct certificate *root = CA("Root"),
				 *tight_root = CA("Root", .has_path_length = true, .path_length = 0);
	const struct certificate *j = CA("J", .issuer = root, .has_path_length = true, .path_length = 0);
	const struct certificate *i = CA("I", .issuer = j), *leaf = LEAF(.issuer = i);
	const struct certificate *j1 = CA("J", .issuer = root, .has_path_length = true, .path_length = 1);
	/* I's new key signed by its old one: self-issued, so it does not count. */
	const struct certificate *old_i = CA("I", .issuer = j, .key_number = 1);
	const struct certificate *new_i = CA("I", .issuer = old_i), *rolled = LEAF(.issuer = new_i);
	(void)state;

	check(VERIFY(leaf, i, j, root), PATH_LENGTH_EXCEEDED, 2);
	check(VERIFY(leaf, i, j1, root), PATH_GOOD, 0);
	check(VERIFY(leaf, i, j1, tight_root), PATH_LENGTH_EXCEEDED, 3);
	const struct certificate *direct = CA("I", .issuer = root);
	check(VERIFY(LEAF(.issuer = direct), direct, tight_root), PATH_LENGTH_EXCEEDED, 2);
	check(VERIFY(LEAF(.issuer = tight_root), tight_root), PATH_GOOD, 0);
	const struct certificate *j_for_one = CA("J", .issuer = root, .has_path_length = true, .path_length = 1);
	check(VERIFY(rolled, new_i, old_i, j_for_one, root), PATH_GOOD, 0);
	check(VERIFY(rolled, new_i, old_i, j, root), PATH_LENGTH_EXCEEDED, 3);
}

#define TEN "IP:10.0.0.0/255.0.0.0"

/* X509_verify_cert calls every one of these unsupported; what else it would have found is found all the same. */
static void test_constraints_on_addresses(void **state)
{
	const struct certificate *root = CA("Root"), *leaf;
	const struct certificate *i =
	    CA("I", .issuer = root, .name_constraints = "permitted;" TEN ",permitted;DNS:example");
	(void)state;

	leaf = PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("10.0.0.1"), .dns = PKI_STRINGS("a.example"));
	check(VERIFY(leaf, i, root), PATH_GOOD, 0);
	leaf = PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("11.0.0.1"), .dns = PKI_STRINGS("a.example"));
	check(VERIFY(leaf, i, root), PATH_NAME_CONSTRAINED, 0);
	leaf = PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("10.0.0.1"), .dns = PKI_STRINGS("a.test"));
	check(VERIFY(leaf, i, root), PATH_NAME_CONSTRAINED, 0);
	/* The name that is not permitted stands behind the address at which X509_verify_cert stops to look. */
	leaf = PKI(.cn = "leaf", .issuer = i,
		   .extensions = (const struct pki_extension[]){{"2.5.29.17", false,
								 bytes_of("\x30\x0e\x87\x04\x0a\0\0\x01\x82\x06"
									  "a.test",
									  16)},
								{0}});
	check(VERIFY(leaf, i, root), PATH_NAME_CONSTRAINED, 0);
	/* Whatever else is wrong stays wrong. */
	leaf = PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("10.0.0.1"), .broken_signature = true);
	check(VERIFY(leaf, i, root), PATH_REFUSED, 0);
	leaf = PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("10.0.0.1"),
		   .extensions = (const struct pki_extension[]){{"1.2.3.4", true, bytes_of("\x05\x00", 2)}, {0}});
	check(VERIFY(leaf, i, root), PATH_EXTENSION_REFUSED, 0);
}

static void test_constraints_hold_for_everybody_below(void **state)
{
	const struct certificate *ten = CA("Root", .name_constraints = "permitted;" TEN);
	const struct certificate *i = CA("I", .issuer = ten, .name_constraints = "excluded;IP:10.1.0.0/255.255.0.0");
	const struct certificate *odd = CA("Odd", .issuer = ten, .ip = PKI_STRINGS("192.0.2.1"));
	(void)state;

	check(VERIFY(PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("10.2.0.1")), i, ten), PATH_GOOD, 0);
	check(VERIFY(PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("10.1.0.1")), i, ten), PATH_NAME_CONSTRAINED, 0);
	check(VERIFY(PKI(.cn = "leaf", .issuer = i, .ip = PKI_STRINGS("11.0.0.1")), i, ten), PATH_NAME_CONSTRAINED, 0);
	/* The intermediate's own address. */
	check(VERIFY(LEAF(.issuer = odd), odd, ten), PATH_NAME_CONSTRAINED, 1);
	/* Self-issued: exempt, but for the leaf. */
	const struct certificate *renewed = CA("Root", .issuer = ten, .key_number = 1, .ip = PKI_STRINGS("192.0.2.1"));
	check(VERIFY(LEAF(.issuer = renewed), renewed, ten), PATH_GOOD, 0);
	const struct certificate *same_name =
	    PKI(.cn = "Root", .issuer = ten, .key_number = 2, .ip = PKI_STRINGS("192.0.2.1"));
	check(VERIFY(same_name, ten), PATH_NAME_CONSTRAINED, 0);
}

/* Under a constraint each name has to be read. One that cannot be is the fault of the certificate that has it; BoringSSL
 * calls it lack of memory, and a chain that is refused for that would be refused without a word. */
static void test_names_that_cannot_be_compared(void **state)
{
	const struct certificate *root = CA("Root");
	const struct certificate *i = CA("I", .issuer = root, .name_constraints = "permitted;DNS:example");
	const struct pki_attribute *odd = PKI_NAME({NID_commonName, V_ASN1_BIT_STRING, "a.example", 0});
	(void)state;

	const struct certificate *leaf = PKI(.subject = odd, .issuer = i);
	check(VERIFY(leaf, i, root), PATH_NAME_CONSTRAINED, 0);
	assert_non_null(strstr(VERIFY(leaf, i, root).reason, "one of its names"));
	/* With names in subjectAltName nobody reads the Common Name; without a constraint neither. */
	check(VERIFY(PKI(.subject = odd, .issuer = i, .dns = PKI_STRINGS("a.example")), i, root), PATH_GOOD, 0);
	const struct certificate *free = CA("F", .issuer = root);
	check(VERIFY(PKI(.subject = odd, .issuer = free), free, root), PATH_GOOD, 0);
}

/* Five hundred names under a CA with five hundred rules and one, and it is refused before they are compared. */
static void test_constraints_are_bounded(void **state)
{
	enum { MANY = 512, NAME_CHARS = 16, RULE_CHARS = 40 };
	static char names[MANY][NAME_CHARS], rules[2 * MANY * RULE_CHARS];
	const char *list[MANY + 1] = {NULL};
	size_t len = 0;
	(void)state;

	for (size_t n = 0; n < MANY; n++) {
		snprintf(names[n], sizeof(names[n]), "n%zu.example", n);
		list[n] = names[n];
	}
	for (size_t n = 0; n < MANY - 1; n++)
		len +=
		    (size_t)snprintf(rules + len, sizeof(rules) - len, "%sexcluded;DNS:n%zu.test", n > 0 ? "," : "", n);
	const struct certificate *i = CA("I", .name_constraints = rules), *leaf;
	leaf = PKI(.cn = "leaf", .issuer = i, .dns = list);
	assert_int_equal(i->num_constraints, MANY - 1);
	check(VERIFY(leaf, i), PATH_GOOD, 0);
	snprintf(rules + len, sizeof(rules) - len, ",excluded;IP:10.0.0.0/255.0.0.0");
	i = CA("J", .name_constraints = rules);
	leaf = PKI(.cn = "leaf", .issuer = i, .dns = list);
	check(VERIFY(leaf, i), PATH_NAME_CONSTRAINED, 1);
}

static void test_what_is_the_leafs_own_fault(void **state)
{
	(void)state;

	assert_int_equal(path_verifier_leaf(LEAF(.ca = false), PURPOSE_TLS_SERVER, PKI_NOW), 0);
	assert_int_equal(path_verifier_leaf(LEAF(.not_after = PKI_NOW), PURPOSE_TLS_SERVER, PKI_NOW), 0);
	assert_int_equal(path_verifier_leaf(LEAF(.not_after = PKI_NOW - 1), PURPOSE_TLS_SERVER, PKI_NOW), LEAF_EXPIRED);
	assert_int_equal(path_verifier_leaf(LEAF(.not_before = PKI_NOW + 1), PURPOSE_TLS_SERVER, PKI_NOW),
			 LEAF_NOT_YET_VALID);
	assert_int_equal(path_verifier_leaf(LEAF(.eku = PKI_NIDS(NID_code_sign)), PURPOSE_TLS_SERVER, PKI_NOW),
			 LEAF_WRONG_PURPOSE);
	assert_int_equal(path_verifier_leaf(LEAF(.digest = PKI_SHA1), PURPOSE_TLS_SERVER, PKI_NOW),
			 LEAF_WEAK_SIGNATURE);
	assert_int_equal(
	    path_verifier_leaf(LEAF(.key_type = PKI_RSA_1024, .digest = PKI_MD5), PURPOSE_TLS_SERVER, PKI_NOW),
	    LEAF_WEAK_KEY | LEAF_WEAK_SIGNATURE);
}

/* Asks for clientAuth in a client's certificate that has an extended key usage, and in those of its authorities. */
static void test_the_purpose_of_a_client(void **state)
{
	const struct certificate *root = CA("Root");
	const struct {
		struct pki_options leaf;
		const int *issuer_eku;
		unsigned faults; /* of the leaf */
		enum path_fault fault;
	} cases[] = {
	    {{.eku = PKI_NIDS(NID_client_auth)}, NULL, 0, PATH_GOOD},
	    {{.eku = PKI_NIDS(NID_server_auth, NID_client_auth)}, NULL, 0, PATH_GOOD},
	    {{.no_eku = true}, NULL, 0, PATH_GOOD},
	    {{.eku = PKI_NIDS(NID_server_auth)}, NULL, LEAF_WRONG_PURPOSE, PATH_GOOD},
	    {{.eku = PKI_NIDS(NID_client_auth)}, PKI_NIDS(NID_client_auth), 0, PATH_GOOD},
	    {{.eku = PKI_NIDS(NID_client_auth)}, PKI_NIDS(NID_server_auth), 0, PATH_WRONG_PURPOSE},
	    {{.eku = PKI_NIDS(NID_server_auth)}, PKI_NIDS(NID_server_auth), LEAF_WRONG_PURPOSE, PATH_WRONG_PURPOSE},
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
		struct pki_options options = cases[c].leaf;

		options.cn = "client";
		options.issuer = CA("I", .issuer = root, .eku = cases[c].issuer_eku);
		const struct certificate *leaf = pki_make(&options);
		print_message("case %zu\n", c);
		assert_int_equal(path_verifier_leaf(leaf, PURPOSE_TLS_CLIENT, PKI_NOW), cases[c].faults);
		check(verify_for(PURPOSE_TLS_CLIENT, PKI_CERTIFICATES(leaf, options.issuer, root), PKI_NOW),
		      cases[c].fault, cases[c].fault == PATH_GOOD ? 0 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_paths),
	    cmocka_unit_test(test_faults_above_the_leaf),
	    cmocka_unit_test(test_the_anchor),
	    cmocka_unit_test(test_what_an_anchor_may_not_have),
	    cmocka_unit_test(test_links_that_are_not_true),
	    cmocka_unit_test(test_path_lengths),
	    cmocka_unit_test(test_constraints_on_addresses),
	    cmocka_unit_test(test_constraints_hold_for_everybody_below),
	    cmocka_unit_test(test_names_that_cannot_be_compared),
	    cmocka_unit_test(test_constraints_are_bounded),
	    cmocka_unit_test(test_what_is_the_leafs_own_fault),
	    cmocka_unit_test(test_the_purpose_of_a_client),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
