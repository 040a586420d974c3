#include "proxy/http/http_chunk.h"
#include "tests/support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A line for each length of digits, at both its ends. */
static void test_lines(void **state)
{
	(void)state;
	for (unsigned digits = 1; digits <= 16; digits++) {
		uint64_t least = (uint64_t)1 << (4 * (digits - 1));
		const uint64_t lens[] = {least, least * 15 + (least - 1), least + 10 % least};
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			char wanted[32], line[HTTP_CHUNK_LINE_BYTES];
			int len = snprintf(wanted, sizeof(wanted), "%" PRIx64 "\r\n", lens[i]);
			assert_int_equal(http_chunk_open(lens[i], line), len);
			assert_memory_equal(line, wanted, (size_t)len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
