#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/commands/log/log_source.h"

static char path[] = "/tmp/test_log_source.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int clean_up(void **state)
{
	(void)state;
	return unlink(path);
}

static void put(const char *mode, const void *data, size_t len)
{
	FILE *file = fopen(path, mode);
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void put_packed(const char *mode, const char *text)
{
	gzFile file = gzopen(path, mode);
	assert_non_null(file);
	assert_int_equal(gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
	assert_int_equal(gzclose(file), Z_OK);
}

/* All of it, in reads of `size`; returns the error that ended it. */
static struct error read_all(char *out, size_t out_size, size_t size)
{
	struct log_source source;
	size_t len = 1;
	size_t total = 0;
	assert_ok(log_source_open(&source, path));
	struct error error = error_none();
	while (!failed(error) && len > 0 && total + size < out_size) {
		error = log_source_read(&source, out + total, size, &len);
		total += len;
	}
	out[total] = '\0';
	log_source_close(&source);
	return error;
}

static void test_plain_and_packed(void **state)
{
	static const size_t sizes[] = {2, 3, 7, 1000};
	char text[4096];
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		put("w", "plain text", 10);
		assert_ok(read_all(text, sizeof(text), sizes[i]));
		assert_string_equal(text, "plain text");
		put("w", "x", 1);
		assert_ok(read_all(text, sizeof(text), sizes[i]));
		assert_string_equal(text, "x");
		put("w", "", 0);
		assert_ok(read_all(text, sizeof(text), sizes[i]));
		assert_string_equal(text, "");
		put_packed("wb", "one part, ");
		put_packed("ab", "and another one");
		assert_ok(read_all(text, sizeof(text), sizes[i]));
		assert_string_equal(text, "one part, and another one");
		put("a", "\0\0\0", 3); /* padding behind the last part */
		assert_ok(read_all(text, sizeof(text), sizes[i]));
		assert_string_equal(text, "one part, and another one");
	}
}

static void test_packed_and_spoilt(void **state)
{
	char text[4096];
	(void)state;
	put_packed("wb", "some text that is packed, and then cut");
	assert_int_equal(truncate(path, 30), 0);
	assert_kind(read_all(text, sizeof(text), 100), ERROR_FORMAT);
	put("w", "\x1f\x8b\x08\0\0\0\0\0\0\xff\xff\xff\xff", 13);
	assert_kind(read_all(text, sizeof(text), 100), ERROR_FORMAT);
	put("w", "\x1f\x8b", 2);
	assert_kind(read_all(text, sizeof(text), 100), ERROR_FORMAT);
}

static void test_changes_of_the_path(void **state)
{
	struct log_source source;
	char former[sizeof(path) + 10];
	char text[16];
	size_t len = 0;
	(void)state;
	put("w", "12345", 5);
	assert_ok(log_source_open(&source, path));
	assert_ok(log_source_read(&source, text, sizeof(text), &len)); /* the first bytes, which tell the format */
	assert_ok(log_source_read(&source, text, sizeof(text), &len));
	assert_int_equal(log_source_look(&source), LOG_SOURCE_SAME);
	assert_int_equal(truncate(path, 1), 0);
	assert_int_equal(log_source_look(&source), LOG_SOURCE_CUT);
	snprintf(former, sizeof(former), "%s.1", path);
	assert_int_equal(rename(path, former), 0);
	assert_int_equal(log_source_look(&source), LOG_SOURCE_SAME);
	assert_false(log_source_follow(&source));
	put("w", "new", 3);
	assert_int_equal(log_source_look(&source), LOG_SOURCE_REPLACED);
	assert_true(log_source_follow(&source));
	assert_ok(log_source_read(&source, text, sizeof(text), &len));
	assert_memory_equal(text, "ne", 2);
	log_source_close(&source);
	assert_int_equal(unlink(former), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_and_packed),
	    cmocka_unit_test(test_packed_and_spoilt),
	    cmocka_unit_test(test_changes_of_the_path),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
