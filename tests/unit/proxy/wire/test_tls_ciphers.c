#include "proxy/wire/tls_ciphers.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *words; /* NULL: it is right */
	} cases[] = {
	    {"ECDHE", NULL},
	    {"ECDHE+AESGCM:ECDHE+CHACHA20", NULL},
	    {"[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]:ECDHE-RSA-AES128-SHA", NULL},
	    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NULL},
	    {"ECDHE:kRSA:3DES", NULL},
	    {"HIGH:!aNULL:!MD5:!RC4:-SEED", NULL}, /* as for other servers */
	    {"ECDHE:@STRENGTH", NULL},
	    {"ECDHE-RSA-AES128-GCM-SHA257:ECDHE", "does not have: `ECDHE-RSA-AES128-GCM-SHA257`; there are"},
	    {"ECDHE RC4", "`RC4`; there are ECDHE, AESGCM"},
	    {"DHE+AES", "`DHE+AES`"},
	    {"ECDHE:NOPE", "ECDHE-ECDSA-AES128-GCM-SHA256, "},
	    {"ECDHE:TLS_AES_128_GCM_SHA256", "`TLS_AES_128_GCM_SHA256` of TLS 1.3"},
	    {"!ALL", "leaves no cipher"},
	    {":", "leaves no cipher"},
	    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	     "does not have"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());
		struct buffer out;

		buffer_init(&out, 4096);
		assert_ok(tls_ciphers_check(cases[i].text, &out));
		if (cases[i].words == NULL ? out.len > 0 : strstr(buffer_text(&out), cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].text, buffer_text(&out));
		if (cases[i].words == NULL)
			assert_ok(tls_ciphers_set(ctx, cases[i].text));
		buffer_cleanup(&out);
		SSL_CTX_free(ctx);
	}
}

/* The default of the configuration: AEAD before CBC, nothing without forward secrecy, no 3DES. */
static void test_the_default_has_forward_secrecy_alone(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());
	bool cbc = false;
	size_t num_cbc = 0;

	(void)state;
	assert_ok(tls_ciphers_set(ctx, "ECDHE"));
	const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
	for (size_t i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

		assert_int_equal(SSL_CIPHER_get_kx_nid(cipher), NID_kx_ecdhe);
		assert_int_not_equal(SSL_CIPHER_get_cipher_nid(cipher), NID_des_ede3_cbc);
		assert_false(cbc && SSL_CIPHER_is_aead(cipher));
		cbc = !SSL_CIPHER_is_aead(cipher);
		num_cbc += cbc;
	}
	assert_true(num_cbc >= 4); /* AES-128 and AES-256 for RSA and ECDSA */
	SSL_CTX_free(ctx);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_wrong_is_named),
	    cmocka_unit_test(test_the_default_has_forward_secrecy_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
