#include "tools/lists/finding_lists.h"

#include <stdio.h>

#include "chaincache/mend/finding.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)100000)

static void test_every_code_has_one_row_with_its_severity_and_meaning(void **state)
{
	struct buffer text;
	(void)state;
	buffer_init(&text, MAX_BYTES);
	assert_ok(finding_lists_index(&text));
	for (enum finding_code code = 0; code < FINDING_CODE_COUNT; code++) {
		char row[300];
		const char *name = finding_code_name(code);
		snprintf(row, sizeof(row), "\n| [%s](#%s) | %s | %s |\n", name, name,
			 finding_severity_name(finding_code_severity(code)), finding_code_meaning(code));
		const char *at = strstr(buffer_text(&text), row);
		assert_non_null(at);
		assert_null(strstr(at + 1, row));
	}
	buffer_cleanup(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_code_has_one_row_with_its_severity_and_meaning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
