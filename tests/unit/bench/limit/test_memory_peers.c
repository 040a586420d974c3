#include "bench/limit/memory_peers.h"
#include "tests/support/unit.h"

static void test_each_kind_of_handshake_is_done(void **state)
{
	static const struct handshake_kind kinds[] = {
	    {.version = TLS1_3_VERSION},
	    {.version = TLS1_2_VERSION},
	    {.version = TLS1_3_VERSION, .resumed = true},
	    {.version = TLS1_2_VERSION, .resumed = true},
	    {.version = TLS1_3_VERSION, .groups = "P-256"},
	    {.version = TLS1_3_VERSION, .rsa = true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct memory_peers peers;
		assert_null(memory_peers_init(&peers, &kinds[i]));
		assert_int_equal(peers.session != NULL, kinds[i].resumed);
		for (int j = 0; j < 3; j++) {
			int64_t ns = memory_peers_shake_hands(&peers);
			assert_true(ns > 0);
		}
		memory_peers_cleanup(&peers);
	}
}

static void test_what_cannot_be(void **state)
{
	static const struct handshake_kind kinds[] = {
	    {.version = TLS1_3_VERSION, .groups = "no-such-group"},
	    {.version = TLS1_3_VERSION, .certificate = "/nonexistent", .private_key = "/nonexistent"},
	    {.version = 0x1234},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct memory_peers peers;
		assert_non_null(memory_peers_init(&peers, &kinds[i]));
		memory_peers_cleanup(&peers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_kind_of_handshake_is_done),
	    cmocka_unit_test(test_what_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
