#include "proxy/shared/ticket_key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/base64.h>

#include "tests/support/unit.h"

enum { LONG = 80, SHORT = 48, MAX_CONTENT = 16 * 1024 };

/* Bytes that are no text, other ones for each `seed`. */
static void make_key(unsigned seed, uint8_t out[LONG])
{
	for (unsigned i = 0; i < LONG; i++)
		out[i] = (uint8_t)(0x80 + seed * 7 + i);
}

struct content {
	uint8_t bytes[MAX_CONTENT];
	size_t len;
};

static void add_bytes(struct content *content, const void *bytes, size_t len)
{
	assert_true(content->len + len <= MAX_CONTENT);
	memcpy(content->bytes + content->len, bytes, len);
	content->len += len;
}

static void add_text(struct content *content, const char *text)
{
	add_bytes(content, text, strlen(text));
}

static void add_binary(struct content *content, unsigned seed, size_t key_len)
{
	uint8_t key[LONG];

	make_key(seed, key);
	add_bytes(content, key, key_len);
}

static void add_base64(struct content *content, unsigned seed, size_t key_len)
{
	uint8_t key[LONG], text[2 * LONG];

	make_key(seed, key);
	add_bytes(content, text, EVP_EncodeBlock(text, key, key_len));
}

static struct error parse(const struct content *content, struct ticket_key_list *out, unsigned *out_line)
{
	return ticket_key_file_parse(bytes_of(content->bytes, content->len), out, out_line);
}

/* Binary and text of the same key are the same; the name is its first 16 bytes, and the secret none of its bytes. */
static void test_binary_and_text_give_the_same_key(void **state)
{
	static const size_t sizes[] = {SHORT, LONG};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct content binary = {.len = 0}, text = {.len = 0};
		struct ticket_key_list a, b;
		uint8_t key[LONG];
		unsigned line;

		make_key(1, key);
		add_binary(&binary, 1, sizes[i]);
		add_base64(&text, 1, sizes[i]);
		assert_ok(parse(&binary, &a, &line));
		assert_ok(parse(&text, &b, &line));
		assert_int_equal(a.count, 1);
		assert_int_equal(b.count, 1);
		assert_memory_equal(&a.secrets[0], &b.secrets[0], sizeof(a.secrets[0]));
		assert_memory_equal(a.secrets[0].name, key, TICKET_NAME_BYTES);
		for (size_t at = 0; at + TICKET_SECRET_BYTES <= sizes[i]; at++)
			assert_memory_not_equal(a.secrets[0].secret, key + at, TICKET_SECRET_BYTES);
	}
}

static void test_several_in_their_order(void **state)
{
	struct content binary = {.len = 0}, text = {.len = 0};
	struct ticket_key_list a, b;
	unsigned line;

	(void)state;
	add_text(&text, "# the present key, then the former ones\r\n\n");
	for (unsigned i = 0; i < TICKET_KEYS_MAX; i++) {
		add_binary(&binary, i, LONG);
		add_text(&text, " \t");
		add_base64(&text, i, LONG);
		add_text(&text, i % 2 == 0 ? "\n" : "\r\n\r\n");
	}
	assert_ok(parse(&binary, &a, &line));
	assert_ok(parse(&text, &b, &line));
	assert_int_equal(a.count, TICKET_KEYS_MAX);
	assert_memory_equal(&a, &b, sizeof(a));
	add_binary(&binary, TICKET_KEYS_MAX, LONG);
	assert_kind(parse(&binary, &a, &line), ERROR_LIMIT);
	add_base64(&text, TICKET_KEYS_MAX, LONG);
	assert_kind(parse(&text, &b, &line), ERROR_LIMIT);
	assert_int_equal(line, 2 + TICKET_KEYS_MAX + TICKET_KEYS_MAX / 2 + 1);
}

static void test_the_secret_depends_on_every_byte(void **state)
{
	struct content content = {.len = 0};
	struct ticket_key_list first, other;
	unsigned line;

	(void)state;
	add_binary(&content, 1, LONG);
	assert_ok(parse(&content, &first, &line));
	for (size_t i = 0; i < LONG; i++) {
		content.bytes[i] ^= 1;
		assert_ok(parse(&content, &other, &line));
		assert_memory_not_equal(other.secrets[0].secret, first.secrets[0].secret, TICKET_SECRET_BYTES);
		content.bytes[i] ^= 1;
	}
}

static void test_what_is_refused(void **state)
{
	static const uint8_t zeros[LONG];
	static const struct ticket_key_list nothing;
	static const char sixty_four[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";
	const struct {
		const char *text; /* NULL: binary */
		size_t binary_len;
		const char *words;
		unsigned line;
	} cases[] = {
	    {"", 0, "no key in it", 0},
	    {"\n# nothing\n", 0, "no key in it", 0},
	    {"keys\n", 0, "base64", 1},
	    {"\n\nAAAA\n", 0, "48 or 80 bytes", 3},
	    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4", 0, "base64", 1},
	    {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, "all the same", 1},
	    {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v AAAA", 0, "base64", 1},
	    {NULL, 1, "no ticket keys", 0},
	    {NULL, SHORT - 1, "no ticket keys", 0},
	    {NULL, SHORT + 1, "no ticket keys", 0},
	    {NULL, LONG - 1, "no ticket keys", 0},
	    {NULL, LONG, "all the same", 0},
	    {NULL, LONG + 1, "no ticket keys", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct content content = {.len = 0};
		struct ticket_key_list list;
		unsigned line = 99;

		if (cases[i].text != NULL)
			add_text(&content, cases[i].text);
		else if (cases[i].binary_len <= sizeof(zeros))
			add_bytes(&content, zeros, cases[i].binary_len);
		else
			add_binary(&content, 1, LONG), add_bytes(&content, zeros, cases[i].binary_len - LONG);
		assert_step(parse(&content, &list, &line), ERROR_FORMAT, cases[i].words);
		if (line != cases[i].line)
			fail_msg("case %zu: line %u", i, line);
		assert_memory_equal(&list, &nothing, sizeof(list));
	}
	struct content twice = {.len = 0};
	struct ticket_key_list list;
	unsigned line = 0;
	add_text(&twice, sixty_four);
	add_text(&twice, "\n");
	add_text(&twice, sixty_four);
	assert_step(parse(&twice, &list, &line), ERROR_FORMAT, "same 16 bytes");
	assert_int_equal(line, 2);
}

static void write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void expect_file(const char *path, const char *words)
{
	struct ticket_keys *keys = NULL;
	struct buffer errors;

	buffer_init(&errors, 4096);
	bool good = ticket_key_file_read(path, &keys, &errors);
	assert_int_equal(good, words == NULL);
	assert_int_equal(good, keys != NULL);
	if (words != NULL &&
	    (strstr(buffer_text(&errors), words) == NULL || strstr(buffer_text(&errors), path) == NULL))
		fail_msg("%s lacks %s", buffer_text(&errors), words);
	ticket_keys_unref(keys);
	buffer_cleanup(&errors);
}

static void test_a_file_has_rights_and_lines(void **state)
{
	char folder[] = "/tmp/test_ticket_key_file.XXXXXX", path[64];
	struct content content = {.len = 0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/keys", folder);
	expect_file(path, "check the path");
	expect_file(folder, "a directory");
	add_base64(&content, 1, LONG);
	write_file(path, content.bytes, content.len, 0640);
	expect_file(path, NULL);
	add_text(&content, "\nx");
	write_file(path, content.bytes, content.len, 0600);
	expect_file(path, "keys:2: not a key in base64");
	content.len = TICKET_KEY_FILE_MAX_BYTES + 1;
	write_file(path, content.bytes, content.len, 0600);
	expect_file(path, "larger than what is read");
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_binary_and_text_give_the_same_key), cmocka_unit_test(test_several_in_their_order),
	    cmocka_unit_test(test_the_secret_depends_on_every_byte),  cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_a_file_has_rights_and_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
