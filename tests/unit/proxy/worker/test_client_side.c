#include "tests/support/worker_fixture.h"

#include "tests/support/decompression.h"

/* Over loopback: what a client offers, its certificate comes in. */
static void test_the_certificate_comes_compressed(void **state)
{
	struct worker_fixture *fixture = *state;

	for (size_t i = 0; i < 2; i++) {
		struct decompression counts = {0};
		struct test_client_options options = {.sni = "a.example", .ctx = test_client_context()};

		decompression_offer(options.ctx, i == 0 ? COMPRESSION_BROTLI : COMPRESSION_ZLIB, &counts);
		worker_fixture_open(fixture, &options);
		assert_true(test_client_shake(&fixture->client));
		assert_int_equal(counts.num_brotli, i == 0);
		assert_int_equal(counts.num_zlib, i == 1);
		assert_int_equal(sk_CRYPTO_BUFFER_num(SSL_get0_peer_certificates(fixture->client.ssl)), 2);
		test_client_echo(&fixture->client, "over a compressed certificate");
		worker_fixture_leave(fixture);
		SSL_CTX_free(options.ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(test_the_certificate_comes_compressed, .manner = BACKEND_ECHO),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
