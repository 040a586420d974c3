#include "proxy/shared/credential.h"

#include <stdlib.h>
#include <string.h>

#include "conf/config.h"
#include "proxy/shared/ticket_keys.h"
#include "proxy/shared/tls_settings.h"
#include "tests/support/memory_handshake.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

static char site_name[] = "a";

/* How many strings are copied before one cannot be; below zero: all are. */
static int before_failure = -1;

char *__real_strndup(const char *text, size_t len);
char *__wrap_strndup(const char *text, size_t len);

char *__wrap_strndup(const char *text, size_t len)
{
	return before_failure >= 0 && before_failure-- == 0 ? NULL : __real_strndup(text, len);
}

struct handshake_case {
	const char *ours, *first; /* the `groups` of the site, and of the site whose SSL_CTX it begins with */
	const char *theirs; /* a client sends a share for its first alone */
	uint16_t group;
	bool retried;
};

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

static void test_a_credential_covers_its_names(void **state)
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
	    {"dot.example", false}, /* dot.example. matches nothing */
	    {"", false},
	    {"10.0.0.1", false},
	};
	const struct certificate *leaf =
	    PKI(.cn = "cn.example",
		.dns = PKI_STRINGS("WWW.a.Example", "*.wild.example", "*.example", "z.example", "dot.example."),
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

/* A credential that lacks a name of its leaf would have clients of that name served by another site. */
static void test_no_name_is_lost_when_memory_is_short(void **state)
{
	const struct certificate *leaf = PKI(.cn = "n", .dns = PKI_STRINGS("a.example", "b.example"));
	struct config_site site = plain_site();
	struct credential *credential = NULL;

	(void)state;
	for (int i = 0; i < 2; i++) {
		before_failure = i;
		assert_kind(make(&site, leaf, pki_key(leaf), &credential), ERROR_MEMORY);
		assert_int_equal(before_failure, -1);
	}
	assert_ok(make(&site, leaf, pki_key(leaf), &credential));
	assert_int_equal(credential->num_names, 2);
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
	assert_step(make(&site, leaf, pki_key(leaf), &credential), ERROR_FORMAT, "`groups`");
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

static struct credential *make_with_groups(const struct certificate *leaf, const char *groups)
{
	struct config_site site = plain_site();
	struct credential *credential = NULL;
	char text[64];

	if (groups != NULL)
		site.groups = strcpy(text, groups);
	assert_ok(make(&site, leaf, pki_key(leaf), &credential));
	return credential;
}

static void check_groups(const struct certificate *leaf, const struct handshake_case *wanted)
{
	struct ticket_secret secret = {{1}, {2}};
	struct credential *credential = make_with_groups(leaf, wanted->ours);
	struct credential *first = make_with_groups(leaf, wanted->first);
	struct memory_handshake handshake = {.credential = credential,
					     .client_ctx = SSL_CTX_new(TLS_with_buffers_method())};

	assert_ok(ticket_keys_new(&secret, 1, &handshake.ticket_keys));
	assert_int_equal(SSL_CTX_set1_groups_list(handshake.client_ctx, wanted->theirs), 1);
	for (size_t i = 0; i < 2; i++) {
		handshake.first = i == 0 ? NULL : first;
		if (!memory_handshake_run(&handshake) || handshake.retried != wanted->retried ||
		    handshake.group != wanted->group)
			fail_msg("%s and %s, first %zu: group %u, retried %d", wanted->ours, wanted->theirs, i,
				 handshake.group, handshake.retried);
	}
	SSL_CTX_free(handshake.client_ctx);
	ticket_keys_unref(handshake.ticket_keys);
	credential_unref(credential);
	credential_unref(first);
}

static void test_groups_and_round_trips(void **state)
{
	static const struct handshake_case cases[] = {
	    {NULL, NULL, "X25519:P-256:P-384", SSL_GROUP_X25519, false},
	    {NULL, "P-521", "P-256:X25519", SSL_GROUP_SECP256R1, false},
	    {NULL, "P-256", "P-384:X25519", SSL_GROUP_SECP384R1, false},
	    {NULL, NULL, "P-521:P-256:X25519", SSL_GROUP_X25519, true}, /* by our preference */
	    {"P-384:X25519", NULL, "X25519:P-384", SSL_GROUP_SECP384R1, true}, /* a list is not weakened */
	    {"P-256:X25519", NULL, "X25519:P-256", SSL_GROUP_X25519, false},
	    {"P-521", NULL, "P-256:P-521", SSL_GROUP_SECP521R1, true},
	};
	const struct certificate *leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_groups(leaf, &cases[i]);
}

/* Two that have the same list agree on its first, be it X25519MLKEM768; and whatever a client prefers, it is not
 * asked again. */
static void test_our_own_groups_on_both_sides(void **state)
{
	const struct certificate *leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"));
	struct credential *credential = make_with_groups(leaf, NULL);
	struct ticket_secret secret = {{1}, {2}};
	struct tls_groups own, theirs;
	struct memory_handshake handshake = {.credential = credential};

	(void)state;
	assert_ok(ticket_keys_new(&secret, 1, &handshake.ticket_keys));
	assert_ok(tls_groups_read(NULL, &own));
	for (size_t i = 0; i < own.count; i++) {
		theirs = own;
		theirs.ids[0] = own.ids[i];
		theirs.ids[i] = own.ids[0];
		handshake.client_ctx = SSL_CTX_new(TLS_with_buffers_method());
		assert_int_equal(SSL_CTX_set1_group_ids(handshake.client_ctx, theirs.ids, theirs.count), 1);
		assert_true(memory_handshake_run(&handshake));
		assert_false(handshake.retried);
		if (i == 0)
			assert_int_equal(handshake.group, own.ids[0]);
		SSL_CTX_free(handshake.client_ctx);
	}
	ticket_keys_unref(handshake.ticket_keys);
	credential_unref(credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds_of_keys),
	    cmocka_unit_test(test_a_credential_covers_its_names),
	    cmocka_unit_test(test_no_name_is_lost_when_memory_is_short),
	    cmocka_unit_test(test_what_does_not_fit_is_refused),
	    cmocka_unit_test(test_alpn_in_its_wire_format),
	    cmocka_unit_test(test_groups_and_round_trips),
	    cmocka_unit_test(test_our_own_groups_on_both_sides),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
