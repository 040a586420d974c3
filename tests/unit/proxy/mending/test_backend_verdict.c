#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/mending/backend_verdict.h"
#include "tests/support/pki.h"

static const struct certificate *leaf;

static int set_up(void **state)
{
	(void)state;
	leaf = pki_make(&(struct pki_options){.cn = "mail.contoso.com"});
	return leaf == NULL;
}

enum pin { PIN_NONE, PIN_OTHER, PIN_OF_LEAF };

/* One chain of one store: which form of it the store accepts, and whether the name is covered. */
static const struct {
	enum config_backend_verify verify;
	enum pin pin;
	bool served_trusted;
	bool mended_trusted;
	enum name_verdict name;
	const char *reason; /* NULL: trusted */
} cases[] = {
    {BACKEND_VERIFY_MEND, PIN_NONE, true, true, NAME_COVERED, NULL},
    {BACKEND_VERIFY_MEND, PIN_NONE, false, true, NAME_COVERED, NULL},
    {BACKEND_VERIFY_MEND, PIN_NONE, false, false, NAME_COVERED, "no trust store accepts its chain"},
    {BACKEND_VERIFY_STRICT, PIN_NONE, true, true, NAME_COVERED, NULL},
    {BACKEND_VERIFY_STRICT, PIN_NONE, false, true, NAME_COVERED, "no trust store accepts its chain"},
    {BACKEND_VERIFY_MEND, PIN_NONE, true, true, NAME_NOT_COVERED, "does not cover mail.contoso.com: it has no name"},
    {BACKEND_VERIFY_MEND, PIN_NONE, true, true, NAME_ONLY_IN_CN, "does not cover mail.contoso.com: it has no name"},
    {BACKEND_VERIFY_STRICT, PIN_OF_LEAF, false, false, NAME_NOT_COVERED, NULL},
    {BACKEND_VERIFY_STRICT, PIN_OTHER, false, false, NAME_COVERED, "no trust store accepts its chain"},
    {BACKEND_VERIFY_OFF, PIN_OTHER, false, false, NAME_NOT_COVERED, NULL},
};

static void test_each_rule_of_backend_verify_against_a_table(void **state)
{
	static const uint8_t other[SHA256_BYTES] = {1};
	const uint8_t *const pins[] = {[PIN_NONE] = NULL, [PIN_OTHER] = other, [PIN_OF_LEAF] = leaf->spki_sha256};
	struct certificate_entry entry = {leaf, SOURCE_BACKEND};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_verdict store = {.served_trusted = cases[i].served_trusted,
					      .mended_trusted = cases[i].mended_trusted};
		struct name_result name = {.name = {.text = "mail.contoso.com"},
					   .match = {.verdict = cases[i].name, .why = "it has no name"}};
		const struct mend_result result = {.served = {.items = &entry, .count = 1},
						   .stores = &store,
						   .num_stores = 1,
						   .names = &name,
						   .num_names = 1};
		const struct backend_rules rules = {cases[i].verify, pins[cases[i].pin]};
		char reason[BACKEND_VERDICT_MAX_REASON];

		bool trusted = backend_verdict_judge(&rules, &result, &name, reason);
		assert_int_equal(trusted, cases[i].reason == NULL);
		if (trusted)
			assert_string_equal(reason, "");
		else
			assert_non_null(strstr(reason, cases[i].reason));
	}
}

/* One store of several is enough, and the reason is the gravest finding. */
static void test_stores_and_findings(void **state)
{
	struct certificate_entry entry = {leaf, SOURCE_BACKEND};
	struct store_verdict stores[2] = {{.mended_trusted = false}, {.mended_trusted = true}};
	struct name_result name = {.match = {.verdict = NAME_COVERED}};
	struct mend_result result = {.served = {.items = &entry, .count = 1}, .stores = stores, .num_stores = 2};
	const struct backend_rules rules = {BACKEND_VERIFY_MEND, NULL};
	char reason[BACKEND_VERDICT_MAX_REASON];

	(void)state;
	assert_true(backend_verdict_judge(&rules, &result, &name, reason));
	stores[1].mended_trusted = false;
	finding_list_add(&result.findings, FINDING_LEAF_EXPIRES_SOON, "soon");
	finding_list_add(&result.findings, FINDING_LEAF_EXPIRED, "over");
	finding_list_add(&result.findings, FINDING_LEAF_EXPIRES_SOON, "soon again");
	assert_false(backend_verdict_judge(&rules, &result, &name, reason));
	assert_string_equal(reason, "over");
	finding_list_cleanup(&result.findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_rule_of_backend_verify_against_a_table),
	    cmocka_unit_test(test_stores_and_findings),
	};
	return cmocka_run_group_tests(tests, set_up, pki_teardown);
}
