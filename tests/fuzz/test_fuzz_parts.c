#include "tests/support/unit.h"

#include "tests/fuzz/fuzz_parts.h"

enum { MAX_BYTES = 4096 };

#define PEM(body) "-----BEGIN X-----\n" body "\n-----END X-----\n"
#define TEXT(text)                                                                                                     \
	{                                                                                                              \
		(const uint8_t *)(text), sizeof(text) - 1                                                              \
	}
#define INPUT(text) bytes_of(text, sizeof(text) - 1)

static const struct {
	const char *what;
	enum fuzz_framing framing;
	struct bytes input;
	size_t count; /* of its parts; the last one is replaced by the octet 'x' */
	struct bytes last, replaced;
} cases[] = {
    {"whole", FUZZ_WHOLE, TEXT("abc"), 1, TEXT("abc"), TEXT("x")},
    {"nothing", FUZZ_WHOLE, TEXT(""), 0, TEXT(""), TEXT("")},
    {"byte", FUZZ_BEHIND_BYTE, TEXT("1abc"), 1, TEXT("abc"), TEXT("1x")},
    {"byte alone", FUZZ_BEHIND_BYTE, TEXT("1"), 0, TEXT(""), TEXT("")},
    {"length", FUZZ_LENGTH, TEXT("\0\2abrest"), 2, TEXT("rest"), TEXT("\0\2abx")},
    {"length, no rest", FUZZ_LENGTH, TEXT("\0\2ab"), 1, TEXT("ab"), TEXT("\0\1x")},
    {"length too great", FUZZ_LENGTH, TEXT("\1\2ab"), 1, TEXT("ab"), TEXT("\0\1x")},
    {"half a length", FUZZ_LENGTHS, TEXT("\1"), 0, TEXT(""), TEXT("")},
    {"lengths", FUZZ_LENGTHS, TEXT("\0\2ab\0\1cd"), 3, TEXT("d"), TEXT("\0\2ab\0\1cx")},
    {"lengths, no rest", FUZZ_LENGTHS, TEXT("\0\2ab\0\1c"), 2, TEXT("c"), TEXT("\0\2ab\0\1x")},
    {"records", FUZZ_RECORDS, TEXT("\0\0\2ab\x81\0\6\1\1\0\1c"), 2, TEXT("c"), TEXT("\0\0\2ab\x81\0\6\1\1\0\1x")},
    {"TLS", FUZZ_TLS, TEXT("1\x15\3\3\0\1a\x16\3\3\0\x0e\x0b\0\0\x0a\0\0\7\0\0\1a\0\0\0rest"), 1, TEXT("a"),
     TEXT("1\x15\3\3\0\1a\x16\3\3\0\x0e\x0b\0\0\x0a\0\0\7\0\0\1x\0\0\0rest")},
    {"TLS certificates", FUZZ_TLS, TEXT("1\x16\3\3\0\x10\x0b\0\0\x0c\0\0\x09\0\0\1a\0\0\2bc"), 2, TEXT("bc"),
     TEXT("1\x16\3\3\0\x0f\x0b\0\0\x0b\0\0\x08\0\0\1a\0\0\1x")},
    {"TLS staple", FUZZ_TLS, TEXT("1\x16\3\3\0\x0a\x16\0\0\6\1\0\0\2ab"), 1, TEXT("ab"),
     TEXT("1\x16\3\3\0\x09\x16\0\0\5\1\0\0\1x")},
    {"TLS, cut off", FUZZ_TLS, TEXT("1\x16\3\3\0\x10\x0b\0\0"), 0, TEXT(""), TEXT("")},
    {"PEM", FUZZ_WHOLE, TEXT("text\n" PEM("YWJj")), 1, TEXT("abc"), TEXT("text\n" PEM("eA=="))},
    {"PEM blocks", FUZZ_BEHIND_BYTE, TEXT("1" PEM("YWI=") PEM("YW\nJj")), 2, TEXT("abc"),
     TEXT("1" PEM("YWI=") PEM("eA=="))},
    {"PEM behind a length", FUZZ_LENGTH, TEXT("\0\53" PEM("YWJjZA==")), 1, TEXT("abcd"), TEXT("\0\47" PEM("eA=="))},
    {"PEM that is none", FUZZ_WHOLE, TEXT(PEM("A: b")), 1, TEXT(""), TEXT(PEM("eA=="))},
};

static void test_finds_and_replaces(void **state)
{
	static uint8_t room[FUZZ_MAX_PEM_BYTES];
	struct fuzz_part parts[FUZZ_MAX_PARTS];
	uint8_t out[MAX_BYTES];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].what);
		size_t count = fuzz_parts_find(cases[i].framing, cases[i].input, parts);
		assert_int_equal(count, cases[i].count);
		if (count == 0)
			continue;
		struct bytes last = fuzz_part_read(cases[i].input, &parts[count - 1], room);
		assert_int_equal(last.len, cases[i].last.len);
		assert_memory_equal(last.data, cases[i].last.data, last.len);
		size_t len = fuzz_part_replace(cases[i].input, &parts[count - 1], INPUT("x"), out, sizeof(out));
		assert_int_equal(len, cases[i].replaced.len);
		assert_memory_equal(out, cases[i].replaced.data, len);
	}
}

static void test_stays_within_its_room(void **state)
{
	struct fuzz_part parts[FUZZ_MAX_PARTS];
	uint8_t out[MAX_BYTES];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = fuzz_parts_find(cases[i].framing, cases[i].input, parts);
		for (size_t size = 0; count > 0 && size < cases[i].replaced.len; size++)
			assert_int_equal(fuzz_part_replace(cases[i].input, &parts[count - 1], INPUT("x"), out, size),
					 0);
	}
}

static void test_refuses_what_no_length_can_say(void **state)
{
	static uint8_t der[UINT16_MAX + 1], out[2 * sizeof(der)];
	struct bytes input = INPUT("\0\2ab");
	struct fuzz_part parts[FUZZ_MAX_PARTS];
	(void)state;

	assert_int_equal(fuzz_parts_find(FUZZ_LENGTH, input, parts), 1);
	assert_int_equal(fuzz_part_replace(input, &parts[0], bytes_of(der, UINT16_MAX), out, sizeof(out)),
			 UINT16_MAX + 2);
	assert_int_equal(fuzz_part_replace(input, &parts[0], bytes_of(der, sizeof(der)), out, sizeof(out)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_and_replaces),
	    cmocka_unit_test(test_stays_within_its_room),
	    cmocka_unit_test(test_refuses_what_no_length_can_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
