#include "proxy/shared/ticket_keys.h"

#include "conf/config.h"
#include "tests/support/memory_handshake.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

static const struct certificate *leaf;
static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

static int setup(void **state)
{
	(void)state;
	leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example", "*.wild.example"));
	return 0;
}

static struct credential *make_credential(char *site_name)
{
	struct config_site site = {.name = site_name, .tls_min = TLS1_2_VERSION, .tls_max = TLS1_3_VERSION};
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	struct credential *credential = NULL;

	assert_ok(credential_new(&site, &chain, pki_key(leaf), &credential));
	certificate_list_cleanup(&chain);
	return credential;
}

/* A set of keys whose names and secrets are the letters of `letters`. */
static struct ticket_keys *make_keys(const char *letters)
{
	struct ticket_secret secrets[TICKET_KEYS_MAX + 1];
	struct ticket_keys *keys = NULL;

	for (size_t i = 0; i < strlen(letters); i++)
		memset(&secrets[i], letters[i], sizeof(secrets[i]));
	assert_ok(ticket_keys_new(secrets, strlen(letters), &keys));
	return keys;
}

static void test_a_set_has_one_key_to_a_maximum(void **state)
{
	struct ticket_secret secrets[TICKET_KEYS_MAX + 1] = {{{0}, {0}}};
	struct ticket_keys *keys = NULL;

	(void)state;
	assert_kind(ticket_keys_new(secrets, 0, &keys), ERROR_LIMIT);
	assert_kind(ticket_keys_new(secrets, TICKET_KEYS_MAX + 1, &keys), ERROR_LIMIT);
	assert_null(keys);
	assert_ok(ticket_keys_new(secrets, TICKET_KEYS_MAX, &keys));
	ticket_keys_unref(ticket_keys_ref(keys));
	ticket_keys_unref(keys);
	ticket_keys_unref(NULL);
}

/* The ticket is written by the keys `wrote`; do the keys `reads` resume it? */
static void test_the_first_writes_and_all_are_read(void **state)
{
	static const struct {
		const char *wrote, *reads;
		bool resumed;
	} cases[] = {
	    {"a", "a", true},  {"a", "ba", true},  {"a", "dcba", true}, {"a", "b", false},
	    {"ab", "a", true}, {"ab", "b", false}, {"ba", "a", false},  {"abcdefghijklmnop", "ponmlkjihgfedcba", true},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = i / 2;
		SSL_SESSION *session = NULL;
		struct memory_handshake handshake = {.credential = make_credential((char[]){"a"}),
						     .version = versions[i % 2],
						     .ticket_keys = make_keys(cases[n].wrote),
						     .session = &session};

		assert_false(memory_handshake_resumes(&handshake));
		assert_int_equal(handshake.num_tickets, 1);
		ticket_keys_unref(handshake.ticket_keys);
		handshake.ticket_keys = make_keys(cases[n].reads);
		if (memory_handshake_resumes(&handshake) != cases[n].resumed)
			fail_msg("%s, %s, %x", cases[n].wrote, cases[n].reads, handshake.version);
		ticket_keys_unref(handshake.ticket_keys);
		SSL_SESSION_free(session);
		credential_unref((struct credential *)handshake.credential);
	}
}

/* The same name, another secret: a full handshake, and no error. */
static void test_a_forged_name_opens_nothing(void **state)
{
	struct ticket_secret secrets[2] = {{{1}, {1}}, {{1}, {2}}};
	SSL_SESSION *session = NULL;
	struct memory_handshake handshake = {.credential = make_credential((char[]){"a"}), .session = &session};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_ok(ticket_keys_new(&secrets[i], 1, &handshake.ticket_keys));
		assert_false(memory_handshake_resumes(&handshake));
		ticket_keys_unref(handshake.ticket_keys);
	}
	SSL_SESSION_free(session);
	credential_unref((struct credential *)handshake.credential);
}

/* The name stands in a TLS 1.2 ticket, then the nonce: no two are alike, of one set or of two with the same keys. */
static void test_no_two_nonces(void **state)
{
	enum { TICKETS = 40, NONCE_AT = TICKET_NAME_BYTES, NONCE_BYTES = 24 };
	uint8_t seen[TICKETS][NONCE_BYTES];
	struct ticket_keys *sets[] = {make_keys("k"), make_keys("k")};
	struct memory_handshake handshake = {.credential = make_credential((char[]){"a"}), .version = TLS1_2_VERSION};

	(void)state;
	for (size_t i = 0; i < TICKETS; i++) {
		SSL_SESSION *session = NULL;
		const uint8_t *ticket = NULL;
		size_t len = 0;

		handshake.ticket_keys = sets[i % 2];
		handshake.session = &session;
		assert_false(memory_handshake_resumes(&handshake));
		SSL_SESSION_get0_ticket(session, &ticket, &len);
		assert_true(len > NONCE_AT + NONCE_BYTES && ticket[0] == 'k');
		memcpy(seen[i], ticket + NONCE_AT, NONCE_BYTES);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(seen[k], seen[i], NONCE_BYTES);
		SSL_SESSION_free(session);
	}
	ticket_keys_unref(sets[0]);
	ticket_keys_unref(sets[1]);
	credential_unref((struct credential *)handshake.credential);
}

/* The same keys, another site or another name of the site: a full handshake. A reload of the same site resumes. */
static void test_resumption_stays_in_its_site_and_name(void **state)
{
	static const struct {
		size_t site; /* 0: a, 1: a after a reload, 2: b */
		const char *sni;
		bool resumed;
	} steps[] = {
	    {0, "a.example", false}, {0, "a.example", true},  {1, "a.example", true},
	    {2, "a.example", false}, {0, "a.example", false}, {0, "x.wild.example", false},
	};
	struct credential *credentials[] = {make_credential((char[]){"a"}), make_credential((char[]){"a"}),
					    make_credential((char[]){"b"})};

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		SSL_SESSION *session = NULL;
		struct memory_handshake handshake = {
		    .version = versions[v], .ticket_keys = make_keys("k"), .session = &session};

		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			handshake.credential = credentials[steps[i].site];
			handshake.sni = steps[i].sni;
			if (memory_handshake_resumes(&handshake) != steps[i].resumed)
				fail_msg("step %zu, %x", i, versions[v]);
		}
		SSL_SESSION_free(session);
		ticket_keys_unref(handshake.ticket_keys);
	}
	for (size_t i = 0; i < 3; i++)
		credential_unref(credentials[i]);
}

/* A ticket with any bit changed, or cut short, is none. */
static void test_a_damaged_ticket_resumes_nothing(void **state)
{
	struct ticket_keys *keys = make_keys("k");
	SSL_SESSION *session = NULL;
	struct memory_handshake handshake = {
	    .credential = make_credential((char[]){"a"}), .ticket_keys = keys, .session = &session};
	const uint8_t *ticket = NULL;
	size_t len = 0;

	(void)state;
	assert_false(memory_handshake_resumes(&handshake));
	SSL_SESSION_get0_ticket(session, &ticket, &len);
	uint8_t *copy = test_calloc(1, len);
	for (size_t cut = 0; cut < len; cut += 13) {
		SSL_SESSION *damaged = SSL_SESSION_copy_without_early_data(session);
		size_t keep = cut == 0 ? len : cut;

		SSL_SESSION_get0_ticket(session, &ticket, &len);
		memcpy(copy, ticket, len);
		if (cut == 0)
			copy[len - 1] ^= 1;
		assert_int_equal(SSL_SESSION_set_ticket(damaged, copy, keep), 1);
		handshake.session = &damaged;
		assert_false(memory_handshake_resumes(&handshake));
		SSL_SESSION_free(damaged);
	}
	test_free(copy);
	SSL_SESSION_free(session);
	ticket_keys_unref(keys);
	credential_unref((struct credential *)handshake.credential);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_set_has_one_key_to_a_maximum),
	    cmocka_unit_test(test_the_first_writes_and_all_are_read),
	    cmocka_unit_test(test_a_forged_name_opens_nothing),
	    cmocka_unit_test(test_no_two_nonces),
	    cmocka_unit_test(test_resumption_stays_in_its_site_and_name),
	    cmocka_unit_test(test_a_damaged_ticket_resumes_nothing),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
