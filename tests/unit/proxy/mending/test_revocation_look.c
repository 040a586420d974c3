#include "proxy/mending/revocation_look.h"

#include <unistd.h>

#include <openssl/err.h>

#include "chaincache/base/buffer.h"
#include "tests/support/failing_memory.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

/* A chain that memory ran out for is not revoked: it is asked for again. */
static void test_memory_that_runs_out_revokes_nothing(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = root, .dns = PKI_STRINGS("a.example"));
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, root);
	struct trust_store_set *stores = trust_store_set_new();
	const struct config config = {0};
	struct revocation_look look = {0};
	struct program_log log;
	struct buffer errors;
	size_t num_unknown = 0;
	bool has_failed = true;

	(void)state;
	program_log_init(&log, STDERR_FILENO, LOG_LEVEL_ERROR);
	buffer_init(&errors, 4096);
	struct mend_services *services = mend_services_new(NULL, &config, &log, NULL, &errors);
	assert_non_null(services);
	assert_ok(trust_store_set_add_list(stores, "demo", &roots));
	const struct mender_question question = {.stores = stores};

	/* BoringSSL's own state of the thread is there from now on. */
	ERR_put_error(ERR_LIB_USER, 0, 0, __FILE__, __LINE__);
	ERR_clear_error();
	for (size_t n = 1; has_failed; n++) {
		failing_memory_begin(n);
		enum revocation_answer answer = revocation_look_ask(&look, services, &question, &chain);
		has_failed = failing_memory_end();
		assert_int_not_equal(answer, REVOCATION_FOUND);
		num_unknown += answer == REVOCATION_NOT_KNOWN_YET;
		assert_int_equal(revocation_look_ask(&look, services, &question, &chain), REVOCATION_NONE);
		revocation_look_cleanup(&look);
	}
	assert_true(num_unknown > 0);
	trust_store_set_unref(stores);
	certificate_list_cleanup(&roots);
	certificate_list_cleanup(&chain);
	mend_services_free(services);
	buffer_cleanup(&errors);
	pki_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_that_runs_out_revokes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
