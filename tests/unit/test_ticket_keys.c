#include "conf/config.h"
#include "proxy/glue/credential.h"
#include "proxy/glue/ticket_keys.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#include <stdlib.h>

static const struct certificate *leaf;

static int setup(void **state)
{
	(void)state;
	leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example", "*.wild.example"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}

static struct credential *make_credential(char *site_name, struct ticket_keys *keys)
{
	struct config_site site = {.name = site_name, .tls_min = TLS1_2_VERSION, .tls_max = TLS1_3_VERSION};
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	struct credential *credential = NULL;

	assert_ok(credential_new(&site, &chain, pki_key(leaf), keys, &credential));
	certificate_list_cleanup(&chain);
	return credential;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **kept = SSL_get_app_data(ssl);

	SSL_SESSION_free(*kept);
	*kept = session;
	return 1;
}

/* What the hello's callback does in a connection: the session id context of the site and the name. */
struct server {
	struct credential_handshake handshake; /* first */
	struct credential *credential;
	const char *sni;
};

static enum ssl_select_cert_result_t on_select(struct credential_handshake *handshake, const SSL_CLIENT_HELLO *hello)
{
	struct server *server = (struct server *)(void *)handshake;

	assert_ok(credential_attach(server->credential, server->credential, hello->ssl, server->sni));
	return ssl_select_cert_success;
}

/* One connection in memory, with `*session` if it is not NULL; the new one is left there. Was it resumed? */
static bool connect_once(struct credential *credential, const char *sni, uint16_t version, SSL_SESSION **session)
{
	struct server server = {.handshake = {.select = on_select}, .credential = credential, .sni = sni};
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	BIO *client_bio, *server_bio;
	SSL_SESSION *given = *session;
	char byte;

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL *client = SSL_new(ctx);
	SSL *accepting = SSL_new(credential->ssl_ctx);
	*session = NULL;
	SSL_set_app_data(client, session);
	SSL_set_app_data(accepting, &server.handshake);
	SSL_set_tlsext_host_name(client, "a.example");
	if (given != NULL)
		SSL_set_session(client, given);
	assert_int_equal(BIO_new_bio_pair(&client_bio, 65536, &server_bio, 65536), 1);
	SSL_set_bio(client, client_bio, client_bio);
	SSL_set_bio(accepting, server_bio, server_bio);
	SSL_set_connect_state(client);
	SSL_set_accept_state(accepting);
	bool done = false;
	for (int i = 0; i < 10 && !done; i++) {
		int a = SSL_do_handshake(client);
		int b = SSL_do_handshake(accepting);
		done = a == 1 && b == 1;
	}
	assert_true(done);
	assert_int_equal(SSL_write(accepting, "x", 1), 1);
	assert_int_equal(SSL_read(client, &byte, 1), 1);
	bool resumed = SSL_session_reused(accepting);
	assert_non_null(*session == NULL ? given : *session);
	if (*session == NULL)
		*session = given; /* TLS 1.2 sends none when it resumes */
	else
		SSL_SESSION_free(given);
	SSL_free(client);
	SSL_free(accepting);
	SSL_CTX_free(ctx);
	return resumed;
}

static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

static void test_rotation(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ticket_keys *keys = NULL;
		SSL_SESSION *session = NULL;

		assert_ok(ticket_keys_new(1000, &keys));
		struct credential *credential = make_credential("a", keys);
		assert_false(connect_once(credential, "a.example", versions[i], &session));
		assert_true(connect_once(credential, "a.example", versions[i], &session));
		/* A moment before its time nothing changes. */
		assert_ok(ticket_keys_rotate(keys, 1000 + TICKET_KEY_LIFETIME_S - 1));
		assert_true(connect_once(credential, "a.example", versions[i], &session));
		SSL_SESSION *old = session;
		SSL_SESSION_up_ref(old);
		/* The former key is still read. */
		assert_ok(ticket_keys_rotate(keys, 1000 + TICKET_KEY_LIFETIME_S));
		assert_true(connect_once(credential, "a.example", versions[i], &session));
		/* The one before it is not. */
		assert_ok(ticket_keys_rotate(keys, 1000 + 2 * TICKET_KEY_LIFETIME_S));
		assert_false(connect_once(credential, "a.example", versions[i], &old));
		SSL_SESSION_free(session);
		SSL_SESSION_free(old);
		credential_unref(credential);
		ticket_keys_unref(keys);
	}
}

static void test_after_a_long_sleep_no_key_is_kept(void **state)
{
	struct ticket_keys *keys = NULL;
	SSL_SESSION *session = NULL;

	(void)state;
	assert_ok(ticket_keys_new(0, &keys));
	struct credential *credential = make_credential("a", keys);
	assert_false(connect_once(credential, "a.example", TLS1_3_VERSION, &session));
	assert_ok(ticket_keys_rotate(keys, 10 * (uint64_t)TICKET_KEY_LIFETIME_S));
	assert_false(connect_once(credential, "a.example", TLS1_3_VERSION, &session));
	assert_ok(ticket_keys_rotate(keys, 0)); /* a clock that goes back changes nothing */
	assert_true(connect_once(credential, "a.example", TLS1_3_VERSION, &session));
	SSL_SESSION_free(session);
	credential_unref(credential);
	ticket_keys_unref(keys);
}

/* The same keys, another site or another name of the site: a full handshake. A reload of the same site resumes. */
static void test_resumption_stays_in_its_site_and_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ticket_keys *keys = NULL;
		SSL_SESSION *session = NULL;

		assert_ok(ticket_keys_new(0, &keys));
		struct credential *a = make_credential("a", keys);
		struct credential *a_reloaded = make_credential("a", keys);
		struct credential *b = make_credential("b", keys);
		assert_false(connect_once(a, "a.example", versions[i], &session));
		assert_true(connect_once(a_reloaded, "a.example", versions[i], &session));
		assert_false(connect_once(b, "a.example", versions[i], &session));
		assert_false(connect_once(a, "a.example", versions[i], &session));
		assert_false(connect_once(a, "x.wild.example", versions[i], &session));
		SSL_SESSION_free(session);
		credential_unref(a);
		credential_unref(a_reloaded);
		credential_unref(b);
		ticket_keys_unref(keys);
	}
}

static void test_other_keys_open_nothing(void **state)
{
	struct ticket_keys *keys = NULL, *others = NULL;
	SSL_SESSION *session = NULL;

	(void)state;
	assert_ok(ticket_keys_new(0, &keys));
	assert_ok(ticket_keys_new(0, &others));
	struct credential *credential = make_credential("a", keys);
	struct credential *elsewhere = make_credential("a", others);
	assert_false(connect_once(credential, "a.example", TLS1_3_VERSION, &session));
	assert_false(connect_once(elsewhere, "a.example", TLS1_3_VERSION, &session));
	SSL_SESSION_free(session);
	credential_unref(credential);
	credential_unref(elsewhere);
	ticket_keys_unref(keys);
	ticket_keys_unref(others);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rotation),
	    cmocka_unit_test(test_after_a_long_sleep_no_key_is_kept),
	    cmocka_unit_test(test_resumption_stays_in_its_site_and_name),
	    cmocka_unit_test(test_other_keys_open_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
