#include "proxy/glue/credential.h"

#include <stdlib.h>
#include <string.h>

#include "conf/config.h"
#include "proxy/glue/tls_settings.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

static char site_name[] = "a";

static int teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}

static struct config_site plain_site(void)
{
	return (struct config_site){.name = site_name, .tls_min = TLS1_2_VERSION, .tls_max = TLS1_3_VERSION};
}

static struct error make(const struct config_site *site, const struct certificate *leaf, EVP_PKEY *key,
			 struct credential **out)
{
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	struct error error = credential_new(site, &chain, key, out);

	certificate_list_cleanup(&chain);
	return error;
}

static void test_kinds_of_keys(void **state)
{
	static const struct {
		enum pki_key_type type;
		bool is_ecdsa;
		uint16_t algorithm;
	} cases[] = {
	    {PKI_P256, true, SSL_SIGN_ECDSA_SECP256R1_SHA256},
	    {PKI_P384, true, SSL_SIGN_ECDSA_SECP384R1_SHA384},
	    {PKI_ED25519, true, SSL_SIGN_ED25519},
	    {PKI_RSA_2048, false, 0},
	};
	struct config_site site = plain_site();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct certificate *leaf = PKI(.cn = "k", .key_type = cases[i].type);
		struct credential *credential = NULL;

		assert_ok(make(&site, leaf, pki_key(leaf), &credential));
		assert_int_equal(credential->is_ecdsa, cases[i].is_ecdsa);
		assert_int_equal(credential->signature_algorithm, cases[i].algorithm);
		assert_int_equal(credential->chain.count, 1);
		credential_unref(credential_ref(credential));
		credential_unref(credential);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *sni;
		bool covered;
	} cases[] = {
	    {"www.a.example", true},
	    {"other.a.example", false},
	    {"x.wild.example", true},
	    {"a.x.wild.example", false},
	    {"wild.example", false},
	    {".wild.example", false},
	    {"*.wild.example", false},
	    {"x.example", false}, /* *.example stands directly above a single label */
	    {"cn.example", false}, /* the common name is never read */
	    {"", false},
	    {"10.0.0.1", false},
	};
	const struct certificate *leaf =
	    PKI(.cn = "cn.example", .dns = PKI_STRINGS("WWW.a.Example", "*.wild.example", "*.example", "z.example"),
		.ip = PKI_STRINGS("10.0.0.1"));
	const struct certificate *nameless = PKI(.cn = "cn.example");
	struct config_site site = plain_site();
	struct credential *credential = NULL;

	(void)state;
	assert_ok(make(&site, leaf, pki_key(leaf), &credential));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (credential_covers(credential, cases[i].sni) != cases[i].covered)
			fail_msg("%s", cases[i].sni);
	credential_unref(credential);
	assert_ok(make(&site, nameless, pki_key(nameless), &credential));
	assert_false(credential_covers(credential, "cn.example"));
	credential_unref(credential);
}

static void test_what_does_not_fit_is_refused(void **state)
{
	const struct certificate *leaf = PKI(.cn = "a");
	const struct certificate *other = PKI(.cn = "b");
	const struct certificate_list nothing = {0};
	struct config_site site = plain_site();
	struct credential *credential = NULL;

	(void)state;
	assert_kind(make(&site, leaf, pki_key(other), &credential), ERROR_MISMATCH);
	assert_kind(credential_new(&site, &nothing, pki_key(leaf), &credential), ERROR_FORMAT);
	site.ciphers = (char[]){"NO-SUCH-CIPHER"};
	assert_kind(make(&site, leaf, pki_key(leaf), &credential), ERROR_CRYPTO);
	site = plain_site();
	site.groups = (char[]){"X25519:no-such-group"};
	assert_kind(make(&site, leaf, pki_key(leaf), &credential), ERROR_CRYPTO);
	site = plain_site();
	site.alpn = (struct string_list){(char *[]){(char[]){""}}, 1};
	assert_kind(make(&site, leaf, pki_key(leaf), &credential), ERROR_FORMAT);
	assert_null(credential);
}

static void test_alpn_in_its_wire_format(void **state)
{
	char *names[] = {(char[]){"h2"}, (char[]){"http/1.1"}, NULL};
	char long_name[257];
	struct string_list list = {names, 2};
	struct buffer out;

	(void)state;
	buffer_init(&out, TLS_SETTINGS_MAX_ALPN_BYTES);
	assert_ok(tls_settings_write_alpn(&list, &out));
	assert_true(bytes_equal(buffer_bytes(&out), bytes_of("\x02h2\x08http/1.1", 12)));
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[256] = '\0';
	names[0] = long_name;
	assert_kind(tls_settings_write_alpn(&list, &out), ERROR_FORMAT);
	buffer_cleanup(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds_of_keys),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_what_does_not_fit_is_refused),
	    cmocka_unit_test(test_alpn_in_its_wire_format),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}
