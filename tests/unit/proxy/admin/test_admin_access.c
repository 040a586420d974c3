#include "proxy/admin/admin_access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "tests/support/unit.h"

#define TOKEN "0123456789abcdef-a-token"
#define BASIC_TOKEN "YW55Ym9keTowMTIzNDU2Nzg5YWJjZGVmLWEtdG9rZW4=" /* anybody:TOKEN */

static struct admin_access open_to(const char *host)
{
	return (struct admin_access){.host = host};
}

static struct admin_access with_token(void)
{
	struct admin_access access = open_to("admin.example");
	access.wants_token = true;
	SHA256((const uint8_t *)TOKEN, strlen(TOKEN), access.token_sha256);
	return access;
}

static void test_names_that_are_not_ours_are_refused(void **state)
{
	static const struct {
		const char *host;
		bool allowed;
	} cases[] = {
	    {NULL, true},
	    {"127.0.0.1", true},
	    {"127.0.0.1:9180", true},
	    {"192.0.2.1:80", true},
	    {"[::1]", true},
	    {"[2001:db8::1]:9180", true},
	    {"localhost", true},
	    {"LOCALHOST:9180", true},
	    {"admin.example", true},
	    {"Admin.Example:9180", true},
	    {"", false},
	    {":9180", false},
	    {"evil.example", false},
	    {"evil.example:9180", false},
	    {"localhost.evil.example", false},
	    {"127.0.0.1.evil.example", false},
	    {"admin.example.evil.example", false},
	    {"admin.example:", true},
	    {"admin.example:x", false},
	    {"admin.example:9180:1", false},
	    {"[::1", false},
	    {"[::1]x", false},
	    {"[]", false},
	    {"::1", false},
	    {"a b", false},
	};
	struct admin_access access = open_to("admin.example");
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool allowed = admin_access_judge(&access, cases[i].host, NULL) == ADMIN_ALLOWED;
		if (allowed != cases[i].allowed)
			print_error("%s\n", cases[i].host != NULL ? cases[i].host : "(none)");
		assert_int_equal(allowed, cases[i].allowed);
	}
}

static void test_every_address_has_no_name_of_its_own(void **state)
{
	struct admin_access access = open_to("");
	(void)state;
	assert_int_equal(admin_access_judge(&access, "", NULL), ADMIN_WRONG_HOST);
	assert_int_equal(admin_access_judge(&access, "10.0.0.1", NULL), ADMIN_ALLOWED);
	access.any_host = true;
	assert_int_equal(admin_access_judge(&access, "whatever", NULL), ADMIN_ALLOWED);
}

static void test_a_host_of_any_length_is_read(void **state)
{
	struct admin_access access = open_to("");
	char host[2000];
	(void)state;
	for (size_t len = 1; len < sizeof(host); len++) {
		memset(host, 'a', len);
		host[len] = '\0';
		assert_int_equal(admin_access_judge(&access, host, NULL), ADMIN_WRONG_HOST);
	}
}

static void test_the_token_comes_in_two_forms(void **state)
{
	static const char *const right[] = {"Bearer " TOKEN, "bearer   " TOKEN, "Basic " BASIC_TOKEN,
					    "BASIC " BASIC_TOKEN};
	static const char *const wrong[] = {"",
					    "Bearer",
					    "Bearer ",
					    TOKEN,
					    "Bearer " TOKEN "x",
					    "Bearer x" TOKEN,
					    "Bearer" TOKEN,
					    "Basic",
					    "Basic ",
					    "Basic !",
					    "Basic " TOKEN,
					    "Basic YTpi",
					    "Basic =",
					    "Bearer  0123456789abcdef",
					    "Digest " TOKEN,
					    "Basic " BASIC_TOKEN "A"};
	struct admin_access access = with_token();
	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_int_equal(admin_access_judge(&access, "localhost", right[i]), ADMIN_ALLOWED);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(admin_access_judge(&access, "localhost", wrong[i]), ADMIN_NO_TOKEN);
	assert_int_equal(admin_access_judge(&access, "localhost", NULL), ADMIN_NO_TOKEN);
	assert_int_equal(admin_access_judge(&access, "evil.example", right[0]), ADMIN_WRONG_HOST);
}

static void test_what_is_too_long_is_no_token(void **state)
{
	struct admin_access access = with_token();
	char text[10000];
	(void)state;
	memset(text, 'A', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "Basic ", 6);
	assert_int_equal(admin_access_judge(&access, "localhost", text), ADMIN_NO_TOKEN);
	memcpy(text, "Bearer ", 7);
	assert_int_equal(admin_access_judge(&access, "localhost", text), ADMIN_NO_TOKEN);
}

/* Reads a file with this content; returns the error's text, or "". */
static const char *read_token(const char *content, size_t len, struct admin_access *access)
{
	static char said[1000];
	char path[] = "/tmp/chainmend-token-XXXXXX";
	struct buffer errors;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	close(fd);
	buffer_init(&errors, 1000);
	bool good = admin_access_read_token(access, path, &errors);
	snprintf(said, sizeof(said), "%s", buffer_text(&errors));
	assert_int_equal(good, said[0] == '\0');
	buffer_cleanup(&errors);
	unlink(path);
	return said;
}

static void test_a_token_is_the_first_line_of_its_file(void **state)
{
	struct admin_access access = open_to("");
	char long_token[600];
	(void)state;
	assert_string_equal(read_token(TOKEN "  \r\nthe rest", 36, &access), "");
	assert_true(access.wants_token);
	assert_int_equal(admin_access_judge(&access, NULL, "Bearer " TOKEN), ADMIN_ALLOWED);
	assert_non_null(strstr(read_token("", 0, &access), "less than 16"));
	assert_non_null(strstr(read_token("0123456789abcde", 15, &access), "less than 16"));
	assert_string_equal(read_token("0123456789abcdef", 16, &access), "");
	assert_non_null(strstr(read_token("0123456789\0abcdef", 17, &access), "not ASCII"));
	assert_non_null(strstr(read_token("0123456789 abcdef\n", 18, &access), "blank"));
	assert_non_null(strstr(read_token("0123456789\xc3\xa4"
					  "abcdef\n",
					  19, &access),
			       "not ASCII"));
	memset(long_token, 'a', sizeof(long_token));
	assert_non_null(strstr(read_token(long_token, 513, &access), "more than 512"));
	assert_string_equal(read_token(long_token, 512, &access), "");
}

static void test_a_file_that_cannot_be_read_is_told(void **state)
{
	struct admin_access access = open_to("");
	struct buffer errors;
	(void)state;
	buffer_init(&errors, 1000);
	assert_false(admin_access_read_token(&access, "/nonexistent/token", &errors));
	assert_non_null(strstr(buffer_text(&errors), "admin_token_file = /nonexistent/token: "));
	assert_false(access.wants_token);
	buffer_cleanup(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_that_are_not_ours_are_refused),
	    cmocka_unit_test(test_every_address_has_no_name_of_its_own),
	    cmocka_unit_test(test_a_host_of_any_length_is_read),
	    cmocka_unit_test(test_the_token_comes_in_two_forms),
	    cmocka_unit_test(test_what_is_too_long_is_no_token),
	    cmocka_unit_test(test_a_token_is_the_first_line_of_its_file),
	    cmocka_unit_test(test_a_file_that_cannot_be_read_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
