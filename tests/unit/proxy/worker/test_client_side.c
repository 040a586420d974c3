#include "tests/support/proxy_world.h"

#include "tests/support/decompression.h"
#include "tests/support/test_backend.h"
#include "tests/support/test_client.h"

/* Over loopback: what a client offers, its certificate comes in. */
static void test_the_certificate_comes_compressed(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < 2; i++) {
		struct decompression counts = {0};
		struct test_client_options options = {.sni = "a.example", .ctx = test_client_context()};
		struct test_client client;

		decompression_offer(options.ctx, i == 0 ? COMPRESSION_BROTLI : COMPRESSION_ZLIB, &counts);
		test_client_open(&client, &world, &options);
		assert_true(test_client_shake(&client));
		assert_int_equal(counts.num_brotli, i == 0);
		assert_int_equal(counts.num_zlib, i == 1);
		assert_int_equal(sk_CRYPTO_BUFFER_num(SSL_get0_peer_certificates(client.ssl)), 2);
		test_client_echo(&client, "over a compressed certificate");
		test_client_close(&client);
		SSL_CTX_free(options.ctx);
	}
	world_stop(&world);
	test_backend_stop(backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_certificate_comes_compressed),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
