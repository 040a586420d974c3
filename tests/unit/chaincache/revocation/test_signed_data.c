#include "tests/support/unit.h"

#include "chaincache/revocation/signed_data.h"
#include "tests/support/pki.h"

static struct signed_data read(const struct certificate *certificate)
{
	struct signed_data data;
	CBS cbs, outer;

	CBS_init(&cbs, certificate->der.data, certificate->der.len);
	assert_true(CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE));
	assert_true(signed_data_read(&outer, &data));
	return data;
}

/* A certificate is made of the same three parts. */
static void test_verifies_by_every_kind_of_key(void **state)
{
	bool out_of_memory = false;
	static const enum pki_key_type types[] = {PKI_P256, PKI_P384, PKI_RSA_2048, PKI_ED25519};
	(void)state;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct certificate *issuer = PKI(.cn = "CA", .ca = true, .key_type = types[i]);
		const struct certificate *other = PKI(.cn = "CA", .ca = true, .key_type = types[i], .key_number = 9);
		struct signed_data data = read(PKI(.cn = "leaf", .issuer = issuer));
		assert_true(signed_data_verifies(&data, issuer, &out_of_memory));
		assert_false(signed_data_verifies(&data, other, &out_of_memory));
	}
	const struct certificate *issuer = PKI(.cn = "CA", .ca = true, .key_type = PKI_RSA_2048);
	struct signed_data pss = read(PKI(.cn = "leaf", .issuer = issuer, .rsa_pss = true));
	assert_true(signed_data_verifies(&pss, issuer, &out_of_memory));
	struct signed_data md5 = read(PKI(.cn = "leaf", .issuer = issuer, .digest = PKI_MD5));
	assert_false(signed_data_verifies(&md5, issuer, &out_of_memory));
	struct signed_data broken = read(PKI(.cn = "leaf", .issuer = issuer, .broken_signature = true));
	assert_false(signed_data_verifies(&broken, issuer, &out_of_memory));
	const struct certificate *dsa = PKI(.cn = "CA", .ca = true, .shows_inherited_dsa = true);
	struct signed_data by_dsa = read(PKI(.cn = "leaf", .issuer = dsa));
	assert_false(signed_data_verifies(&by_dsa, dsa, &out_of_memory));
	broken.signature = bytes_of("", 0);
	assert_false(signed_data_verifies(&broken, issuer, &out_of_memory));
}

static bool read_time(const char *text, uint8_t tag, int64_t *out)
{
	uint8_t der[64] = {tag, (uint8_t)strlen(text)};
	CBS cbs;

	memcpy(der + 2, text, strlen(text));
	CBS_init(&cbs, der, strlen(text) + 2);
	return signed_data_read_time(&cbs, out);
}

static void test_a_time_is_read_in_both_forms(void **state)
{
	int64_t time;
	(void)state;

	assert_true(read_time("260101000000Z", 0x17, &time));
	assert_int_equal(time, PKI_NOW);
	assert_true(read_time("20260101000000Z", 0x18, &time));
	assert_int_equal(time, PKI_NOW);
	assert_false(read_time("20260101", 0x18, &time));
	assert_false(read_time("", 0x17, &time));
	assert_false(read_time("20260101000000Z", 0x0c, &time));
}

static void test_three_parts_or_none(void **state)
{
	const struct certificate *leaf = PKI(.cn = "leaf");
	struct signed_data data;
	CBS cbs, outer;
	(void)state;

	CBS_init(&cbs, leaf->der.data, leaf->der.len);
	assert_true(CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE));
	CBS_init(&cbs, CBS_data(&outer), CBS_len(&outer) - 1);
	assert_false(signed_data_read(&cbs, &data));
	CBS_init(&cbs, NULL, 0);
	assert_false(signed_data_read(&cbs, &data));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verifies_by_every_kind_of_key),
	    cmocka_unit_test(test_a_time_is_read_in_both_forms),
	    cmocka_unit_test(test_three_parts_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
