#include "chaincache/mend/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/mend_world.h"

static void test_names_are_judged_and_told(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *leaf =
	    PKI(.cn = "cn.example", .issuer = root, .dns = PKI_STRINGS("a.example", "*.b.example"));
	struct mend_world world = {0};
	(void)state;

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	world_name(&world, "A.example.");
	world_name(&world, "x.b.example");
	world_name(&world, "x.y.b.example");
	world_name(&world, "cn.example");
	const struct mend_result *result = world_mend(&world);
	assert_findings(result, "name_not_covered error none, name_only_in_cn error none");
	const struct finding *finding = world_finding(result, FINDING_NAME_NOT_COVERED);
	assert_string_equal(finding->name, "x.y.b.example");
	assert_non_null(strstr(finding->message, "Clients that connect to x.y.b.example refuse CN=cn.example: "));
	assert_non_null(strstr(finding->message, "*.b.example"));
	assert_string_equal(world_finding(result, FINDING_NAME_ONLY_IN_CN)->name, "cn.example");
	assert_int_equal(result->num_names, 4);
	assert_string_equal(result->names[0].name.text, "a.example");
	assert_string_equal(result->names[1].match.matched_by, "*.b.example");
	assert_int_equal(mend_exit_status(result, false), 2);
	world_cleanup(&world);
}

static void test_no_names_no_verdicts(void **state)
{
	struct finding_list findings = {0};
	const struct certificate *leaf = PKI(.cn = "a");
	(void)state;

	coverage_judge(leaf, NULL, 0, NULL, &findings);
	assert_int_equal(findings.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_are_judged_and_told),
	    cmocka_unit_test(test_no_names_no_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
