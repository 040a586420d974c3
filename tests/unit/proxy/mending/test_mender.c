/* A mend that runs out of memory, at each allocation in turn, is no result. */
#include "proxy/mending/mender.h"

#include <unistd.h>

#include <openssl/err.h>

#include "chaincache/base/buffer.h"
#include "tests/support/failing_memory.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

/* The last answer. */
struct answer {
	unsigned count;
	enum error_kind error;
	bool has_result;
	bool result_failed;
};

static void on_answer(void *context, const struct mender_outcome *outcome)
{
	struct answer *answer = context;

	answer->count++;
	answer->error = outcome->error.kind;
	answer->has_result = outcome->result != NULL;
	answer->result_failed = outcome->result != NULL && failed(outcome->result->error);
}

/* One mend in which the nth allocation fails. Says whether one did; 0: none is to. */
static bool mend_once(struct mend_services *services, const struct mender_question *question, size_t nth,
		      struct answer *answer)
{
	*answer = (struct answer){0};
	failing_memory_begin(nth);
	mender_now(services, question, answer, on_answer);
	return failing_memory_end();
}

static void test_a_mend_that_ran_out_of_memory_is_an_error(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	struct certificate_list served = PKI_LIST(SOURCE_FILE, leaf, issuing);
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, root);
	struct trust_store_set *stores = trust_store_set_new();
	const struct config config = {0};
	struct program_log log;
	struct buffer errors;
	struct answer answer;
	size_t num_errors = 0;

	(void)state;
	program_log_init(&log, STDERR_FILENO, LOG_LEVEL_ERROR);
	buffer_init(&errors, 4096);
	struct mend_services *services = mend_services_new(NULL, &config, &log, NULL, &errors);
	assert_non_null(services);
	assert_ok(trust_store_set_add_list(stores, "demo", &roots));
	const struct mender_question question = {.served = &served, .stores = stores, .key = pki_key(leaf)};

	/* BoringSSL's own state of the thread is there from now on. */
	ERR_put_error(ERR_LIB_USER, 0, 0, __FILE__, __LINE__);
	ERR_clear_error();
	assert_false(mend_once(services, &question, 0, &answer));
	assert_true(answer.has_result);
	for (size_t n = 1; mend_once(services, &question, n, &answer); n++) {
		assert_int_equal(answer.count, 1);
		assert_false(answer.result_failed);
		assert_true(answer.has_result == (answer.error == ERROR_NONE));
		num_errors += !answer.has_result;
	}
	assert_true(num_errors > 0);
	trust_store_set_unref(stores);
	certificate_list_cleanup(&roots);
	certificate_list_cleanup(&served);
	mend_services_free(services);
	buffer_cleanup(&errors);
	pki_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_mend_that_ran_out_of_memory_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
