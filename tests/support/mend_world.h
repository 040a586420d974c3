/* mend_world - one mend with all that surrounds it: the served, cached and trusted certificates, and the answers of URLs.
 *
 *	static void test_a_missing_intermediate_is_fetched(void **state)
 *	{
 *		struct mend_world *world = *state;
 *
 *		WORLD_SERVE(world, leaf);
 *		WORLD_TRUST(world, "store", root);
 *		world_answer(world, "http://ca.example/i.cer", intermediate);
 *		const struct mend_result *result = world_mend(world);
 *		assert_findings(result, "missing_intermediate fixed added");
 *	}
 *
 *	MEND_TEST(test_a_missing_intermediate_is_fetched) in place of cmocka_unit_test(...)
 */
#ifndef TESTS_SUPPORT_MEND_WORLD_H
#define TESTS_SUPPORT_MEND_WORLD_H

#include "chaincache/mend/mend.h"
#include "tests/support/chain_check.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define WORLD_MAX_ANSWERS 32

struct world_answer {
	const char *url;
	const struct certificate *certificate; /* NULL: `body`, or a failure when that is empty too */
	struct bytes body;
	enum fetch_failure failure;
	const char *detail;
};

/* Zero-initialised is a valid empty world; `input` may be filled in before world_mend, what is below stands in it. */
struct mend_world {
	struct mend_input input; /* now: PKI_NOW unless set */
	struct certificate_list served;
	struct certificate_list extra;
	struct issuer_store *cache;
	struct trust_store_set *stores;
	struct host_name names[8];
	size_t num_names;
	struct world_answer answers[WORLD_MAX_ANSWERS];
	size_t num_answers;
	size_t num_requests; /* asked in all */
	struct mend *mend;
};

#define MEND_TEST(function) cmocka_unit_test_setup_teardown(function, mend_world_setup, mend_world_teardown)

/* They make the world of a MEND_TEST, in *state. A test may empty it by world_cleanup and fill it again. */
int mend_world_setup(void **state);
int mend_world_teardown(void **state);

#define WORLD_SERVE(world, ...) world_serve((world), PKI_CERTIFICATES(__VA_ARGS__))
#define WORLD_EXTRA(world, ...) world_extra((world), PKI_CERTIFICATES(__VA_ARGS__))
#define WORLD_CACHE(world, ...) world_cache((world), PKI_CERTIFICATES(__VA_ARGS__))
#define WORLD_TRUST(world, name, ...) world_trust((world), (name), PKI_CERTIFICATES(__VA_ARGS__))

void world_serve(struct mend_world *world, const struct certificate *const *certificates);
void world_extra(struct mend_world *world, const struct certificate *const *certificates);
void world_cache(struct mend_world *world, const struct certificate *const *certificates);
void world_trust(struct mend_world *world, const char *name, const struct certificate *const *roots);
void world_name(struct mend_world *world, const char *name);
void world_answer(struct mend_world *world, const char *url, const struct certificate *certificate);
void world_answer_bytes(struct mend_world *world, const char *url, struct bytes body);
void world_fail(struct mend_world *world, const char *url, enum fetch_failure failure, const char *detail);

/* world_begin makes the mend of it, for a test that drives it itself. */
struct mend *world_begin(struct mend_world *world);

/* world_mend drives the machine to its end; a URL without an answer fails ("no answer"). */
const struct mend_result *world_mend(struct mend_world *world);

void world_cleanup(struct mend_world *world);

/* assert_findings: exactly these, as "code severity action, code severity action", in any order; "" for none. */
#define assert_findings(result, expected) world_check_findings((result), (expected), __FILE__, __LINE__)
void world_check_findings(const struct mend_result *result, const char *expected, const char *file, int line);

/* world_finding is the first finding with this code; the test fails when there is none. */
const struct finding *world_finding(const struct mend_result *result, enum finding_code code);

#endif
