#include "tests/support/unit.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pkcs8.h>
#include <openssl/x509.h>

#include "tests/support/der_mac.h"
#include "tests/support/der_mutator.h"
#include "tests/support/der_signature.h"
#include "tests/support/pki.h"
#include "tests/support/unit_data.h"

enum { ROUNDS = 4000, MAX_BYTES = 65536, STEPS = 40 };

static const struct certificate *make_leaf(void)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);

	return PKI(.cn = "a.example", .issuer = root, .dns = PKI_STRINGS("a.example", "*.a.example"),
		   .ca_issuers = PKI_STRINGS("http://a.example/ca.der"));
}

static void test_reads_and_prints_the_same(void **state)
{
	static const uint8_t indefinite[] = {0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 'x', 0x00, 0x00, 0x00, 0x00};
	static const uint8_t with_rest[] = {0x30, 0x02, 0x05, 0x00, 0xff, 0xff};
	const struct bytes cases[] = {make_leaf()->der, bytes_of(indefinite, sizeof(indefinite)),
				      bytes_of(with_rest, sizeof(with_rest))};
	uint8_t out[MAX_BYTES];
	struct der_tree tree = {.count = 0};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(der_tree_init(&tree, cases[i]));
		size_t len = der_tree_print(&tree, DER_ROOT, out, sizeof(out));
		assert_int_equal(len, cases[i].len);
		assert_memory_equal(out, cases[i].data, len);
		der_tree_cleanup(&tree);
	}
}

static void test_refuses_what_begins_with_no_element(void **state)
{
	const struct bytes cases[] = {bytes_of("", 0),
				      bytes_of("0", 1),
				      bytes_of("\x30\x02\x05", 3),
				      bytes_of("\x00\x00", 2),
				      bytes_of("\x04\x80\x00\x00", 4),
				      bytes_of("\x30\x85\x00\x00\x00\x00\x00", 7)};
	struct der_tree tree = {.count = 0};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(der_tree_init(&tree, cases[i]));
		assert_true(cases[i].len == 0 || !der_is_well_formed(cases[i]));
	}
	der_tree_cleanup(&tree);
}

/* An extension's content, a key and a signature are elements within strings. */
static void test_opens_strings(void **state)
{
	struct der_tree tree = {.count = 0};
	size_t opened = 0;
	(void)state;

	assert_true(der_tree_init(&tree, make_leaf()->der));
	size_t count = der_tree_walk(&tree);
	for (size_t i = 0; i < count; i++) {
		const struct der_node *node = &tree.nodes[*tree.links[i]];
		opened += node->has_children && (node->id[0] & DER_CONSTRUCTED) == 0;
	}
	assert_in_range(opened, 4, 20);
	der_tree_cleanup(&tree);
}

/* Change upon change: the lengths stay right at every level, and a seed always does the same. */
static void test_keeps_lengths_right(void **state)
{
	struct der_mutator mutator = {.state = 0};
	static uint8_t chain[2][MAX_BYTES], again[MAX_BYTES];
	struct bytes seed_der = make_leaf()->der, other = PKI(.cn = "Other", .key_type = PKI_RSA_2048)->der;
	struct bytes der = seed_der;
	size_t changed = 0, made = 0;
	(void)state;

	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		uint8_t *out = chain[der.data == chain[0]];
		if (seed % STEPS == 0)
			der = seed_der;
		size_t len = der_mutate(&mutator, der, seed % 3 > 0 ? other : bytes_of("", 0), seed, out, MAX_BYTES);
		if (len == 0)
			continue; /* everything was deleted, or the result is too long */
		made++;
		assert_true(der_is_well_formed(bytes_of(out, len)));
		assert_int_equal(
		    der_mutate(&mutator, der, seed % 3 > 0 ? other : bytes_of("", 0), seed, again, MAX_BYTES), len);
		assert_memory_equal(out, again, len);
		changed += !bytes_equal(der, bytes_of(out, len));
		der = bytes_of(out, len);
	}
	assert_in_range(made, ROUNDS * 9 / 10, ROUNDS);
	assert_in_range(changed, made * 9 / 10, made);
	der_mutator_cleanup(&mutator);
}

static void test_stays_within_its_room(void **state)
{
	struct der_mutator mutator = {.state = 0};
	static uint8_t out[MAX_BYTES];
	struct bytes der = make_leaf()->der;
	(void)state;

	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		size_t size = seed % der.len;
		memset(out, 0x5a, sizeof(out));
		assert_true(der_mutate(&mutator, der, der, seed, out, size) <= size);
		assert_int_equal(out[size], 0x5a);
	}
	der_mutator_cleanup(&mutator);
}

/* The public key of the private key 1: the generator of P-256. */
static EVP_PKEY *key_one(void)
{
	EC_KEY *ec_key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	EVP_PKEY *key = EVP_PKEY_new();

	assert_int_equal(EC_KEY_set_public_key(ec_key, EC_GROUP_get0_generator(EC_KEY_get0_group(ec_key))), 1);
	assert_int_equal(EVP_PKEY_assign_EC_KEY(key, ec_key), 1);
	return key;
}

/* r of this signature is G's x; s is whatever it is. */
static struct bytes with_key_one(struct der_tree *tree, uint8_t out[MAX_BYTES])
{
	static const uint8_t signature[] = {0x00, 0x30, 0x25, 0x02, 0x20, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
					    0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
					    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
					    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x02, 0x01, 0x01};
	size_t tbs = tree->nodes[tree->nodes[DER_ROOT].first].first;
	struct der_node *bits = &tree->nodes[tree->nodes[tree->nodes[tbs].next].next];

	bits->has_children = bits->has_unused_bits = false;
	bits->content = bytes_of(signature, sizeof(signature));
	return bytes_of(out, der_tree_print(tree, DER_ROOT, out, MAX_BYTES));
}

static bool verifies(struct bytes der, EVP_PKEY *key)
{
	const uint8_t *at = der.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.len);

	bool good = x509 != NULL && X509_verify(x509, key) == 1;
	X509_free(x509);
	return good;
}

static void test_signs_anew(void **state)
{
	struct der_mutator mutator = {.state = 0};
	static uint8_t first[MAX_BYTES], out[MAX_BYTES];
	EVP_PKEY *key = key_one();
	struct der_tree tree = {.count = 0};
	size_t verified = 0;
	(void)state;

	assert_true(der_tree_init(&tree, make_leaf()->der));
	struct bytes der = with_key_one(&tree, first);
	der_tree_cleanup(&tree);
	assert_false(verifies(der, key));
	assert_true(der_tree_init(&tree, der));
	der_signature_renew(&tree);
	assert_true(verifies(bytes_of(out, der_tree_print(&tree, DER_ROOT, out, MAX_BYTES)), key));
	der_tree_cleanup(&tree);

	/* And most of what is changed and still parses verifies; nobody else's signature is touched. */
	for (uint32_t seed = 0; seed < ROUNDS; seed++)
		verified += verifies(bytes_of(out, der_mutate(&mutator, der, der, seed, out, MAX_BYTES)), key);
	assert_in_range(verified, ROUNDS / 10, ROUNDS);
	struct bytes foreign = make_leaf()->der;
	assert_true(der_tree_init(&tree, foreign));
	der_signature_renew(&tree);
	assert_int_equal(der_tree_print(&tree, DER_ROOT, out, MAX_BYTES), foreign.len);
	assert_memory_equal(out, foreign.data, foreign.len);
	der_tree_cleanup(&tree);
	EVP_PKEY_free(key);
	der_mutator_cleanup(&mutator);
}

static bool opens(struct bytes der)
{
	STACK_OF(X509) *certificates = sk_X509_new_null();
	EVP_PKEY *key = NULL;
	CBS cbs;

	CBS_init(&cbs, der.data, der.len);
	bool good = PKCS12_get_key_and_certs(&key, certificates, &cbs, DER_MAC_PASSWORD) == 1;
	sk_X509_pop_free(certificates, X509_free);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return good;
}

/* A changed file opens, as one whose MAC is of something else does not. */
static void test_makes_the_mac_anew(void **state)
{
	static const char *const files[] = {"two-keys.p12", "legacy.p12", "modern.p12"};
	static uint8_t out[MAX_BYTES];
	struct der_tree tree = {.count = 0};
	struct buffer file;
	(void)state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unit_data_read(UNIT_DATA, files[i], &file);
		assert_true(der_tree_init(&tree, buffer_bytes(&file)));
		der_mac_renew(&tree);
		assert_int_equal(der_tree_print(&tree, DER_ROOT, out, MAX_BYTES), file.len);
		assert_memory_equal(out, file.data, file.len);
		der_tree_cleanup(&tree);
		buffer_cleanup(&file);
	}
	/* The same safe once more changes what the MAC is of. */
	unit_data_read(UNIT_DATA, "no-key.p12", &file);
	assert_true(opens(buffer_bytes(&file)));
	assert_true(der_tree_init(&tree, buffer_bytes(&file)));
	size_t safe = tree.nodes[DER_ROOT].first;
	for (unsigned step = 0; step < 5; step++)
		safe = step < 2 ? tree.nodes[tree.nodes[safe].first].next : tree.nodes[safe].first;
	tree.nodes[safe].next = der_tree_copy(&tree, &tree, safe);
	size_t len = der_tree_print(&tree, DER_ROOT, out, MAX_BYTES);
	assert_true(len > file.len);
	assert_false(opens(bytes_of(out, len)));
	der_mac_renew(&tree);
	assert_int_equal(der_tree_print(&tree, DER_ROOT, out, MAX_BYTES), len);
	assert_true(opens(bytes_of(out, len)));
	der_tree_cleanup(&tree);
	buffer_cleanup(&file);
}

static int clean(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_and_prints_the_same),
	    cmocka_unit_test(test_refuses_what_begins_with_no_element),
	    cmocka_unit_test(test_opens_strings),
	    cmocka_unit_test(test_keeps_lengths_right),
	    cmocka_unit_test(test_stays_within_its_room),
	    cmocka_unit_test(test_signs_anew),
	    cmocka_unit_test(test_makes_the_mac_anew),
	};
	return cmocka_run_group_tests(tests, NULL, clean);
}
