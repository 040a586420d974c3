/* Memory that runs out, at each allocation of a look at a server in turn: the server is not blamed for it. */
#include <string.h>

#include "proxy/wire/chain_capture.h"
#include "tests/support/failing_memory.h"
#include "tests/support/pki.h"
#include "tests/support/tls_peer.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)1024 * 1024)

/* Says whether an allocation failed while the server's first answer was read. */
static bool look(const struct tls_peer_options *server, size_t nth)
{
	struct tls_peer *peer = tls_peer_new(server);
	struct chain_capture *capture =
	    chain_capture_new(&(struct chain_capture_options){.sni = "a.example", .source = SOURCE_BACKEND});
	struct buffer said, answer;

	buffer_init(&said, MAX_BYTES);
	buffer_init(&answer, MAX_BYTES);
	assert_non_null(capture);
	assert_ok(chain_capture_take_output(capture, &said));
	tls_peer_feed(peer, buffer_bytes(&said), &answer);
	failing_memory_begin(nth);
	enum chain_capture_state capture_state = chain_capture_feed(capture, buffer_bytes(&answer));
	bool has_failed = failing_memory_end();
	if (capture_state == CAPTURE_DONE && chain_capture_outcome(capture) != CHAIN_PROBE_OK) {
		assert_true(has_failed);
		assert_int_equal(chain_capture_outcome(capture), CHAIN_PROBE_NO_MEMORY);
		assert_false(chain_capture_has_chain(capture));
	}
	assert_string_equal(chain_capture_refusal(capture), "");
	chain_capture_free(capture);
	tls_peer_free(peer);
	buffer_cleanup(&said);
	buffer_cleanup(&answer);
	return has_failed;
}

static void test_no_server_is_blamed(void **state)
{
	static const uint16_t versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	const struct certificate *leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"));

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct tls_peer_options server = {
		    .chain = &leaf->der, .chain_len = 1, .key = pki_key(leaf), .tls_max = versions[i]};
		size_t nth = 1;

		while (look(&server, nth))
			nth++;
		assert_true(nth > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_no_server_is_blamed, pki_teardown)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
