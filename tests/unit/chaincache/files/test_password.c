#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chaincache/files/password.h"

struct file_case {
	const char *content;
	size_t len;
	const char *password;
};

#define FILE_CASE(content, password)                                                                                   \
	{                                                                                                              \
		(content), sizeof(content) - 1, (password)                                                             \
	}

static const struct file_case file_cases[] = {
    FILE_CASE("secret", "secret"),
    FILE_CASE("secret\r\nmore\n", "secret"),
    FILE_CASE("\xef\xbb\xbfsecret\n", "secret"),
    FILE_CASE("secret \n", "secret "),

    FILE_CASE("\xff\xfes\0\xe9\0\r\0\n\0", "s\xc3\xa9"),
    FILE_CASE("\xfe\xff\0s\x20\xac\xd8\x3d\xde\x00", "s\xe2\x82\xac\xf0\x9f\x98\x80"),
    FILE_CASE("\xff\xfe\x3d\xd8s\0", "\xef\xbf\xbds"), /* half of a pair */
    FILE_CASE("s\0e\0c\0", "sec"),
    FILE_CASE("\xe9\n", "\xe9"),
    FILE_CASE("", ""),
};

static void test_reads_the_first_line(void **state)
{
	char path[] = "/tmp/chainmend-password-XXXXXX";
	int descriptor = mkstemp(path);
	struct buffer password;
	(void)state;

	assert_true(descriptor >= 0);
	for (size_t i = 0; i < sizeof(file_cases) / sizeof(file_cases[0]); i++) {
		assert_int_equal(ftruncate(descriptor, 0), 0);
		assert_int_equal(pwrite(descriptor, file_cases[i].content, file_cases[i].len, 0), file_cases[i].len);
		assert_ok(password_read(path, &password));
		assert_string_equal(buffer_text(&password), file_cases[i].password);
		password_wipe(&password);
	}
	close(descriptor);
	unlink(path);
	assert_kind(password_read(path, &password), ERROR_SYSTEM);
	password_wipe(&password);
}

struct forms_case {
	const char *password;
	const char *forms[PASSWORD_MAX_FORMS + 1];
};

static void test_lists_what_may_have_been_typed(void **state)
{
	static const struct forms_case cases[] = {
	    {"secret", {"secret"}},
	    {"", {""}},
	    {"a b \t", {"a b \t", "a b"}},
	    {"\xe9", {"\xe9", "\xc3\xa9"}},
	    {"\xc3\xa9 ", {"\xc3\xa9 ", "\xc3\xa9", "\xc3\x83\xc2\xa9 ", "\xc3\x83\xc2\xa9"}},
	};
	struct password_forms forms;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ok(password_forms_make(cases[i].password, &forms));
		for (size_t j = 0; j < forms.count; j++)
			assert_string_equal(forms.items[j], cases[i].forms[j]);
		assert_null(cases[i].forms[forms.count]);
		password_forms_cleanup(&forms);
	}
	assert_ok(password_forms_make(NULL, &forms));
	assert_int_equal(forms.count, 1);
	assert_null(forms.items[0]);
	password_forms_cleanup(&forms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_the_first_line),
	    cmocka_unit_test(test_lists_what_may_have_been_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
