#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "chaincache/files/certificate_file.h" /* file_read_all */
#include "conf/keys.h"
#include "conf/reader.h"

#define MAX_BYTES ((size_t)1024 * 1024)

static void read_file(const char *name, struct buffer *out)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/%s", CONF_DIR, name);
	buffer_init(out, MAX_BYTES);
	if (failed(file_read_all(path, MAX_BYTES, out)))
		fail_msg("%s cannot be read", path);
}

static void test_every_name_is_found_and_unknown_ones_are_not(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		assert_non_null(key->name);
		assert_non_null(key->help);
		assert_int_equal(config_key_find(key->scope, key->name), i);
		assert_true(key->not_built || key->default_text != NULL || key->example != NULL);
	}
	assert_int_equal(config_key_find(SCOPE_SITE, "workers"), NUM_CONFIG_KEYS);
	assert_int_equal(config_key_find(SCOPE_SITE, ""), NUM_CONFIG_KEYS);
	assert_string_equal(config_key_nearest(SCOPE_SITE, "Backend-Verfy"), "backend_verify");
	assert_null(config_key_nearest(SCOPE_SITE, "something_else_entirely"));
}

/* The sample and the man page say what the table says, word by word, for every key that is built. */
static void expect_in_file(const char *name, struct error (*print)(const struct config_key *, struct buffer *))
{
	struct buffer content;
	read_file(name, &content);
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		struct buffer text;
		buffer_init(&text, MAX_BYTES);
		assert_false(failed(print(key, &text)));
		if (!key->not_built && strstr(buffer_text(&content), buffer_text(&text)) == NULL)
			fail_msg("%s lacks:\n%s", name, buffer_text(&text));
		buffer_cleanup(&text);
	}
	buffer_cleanup(&content);
}

/* In the sample some lines stand without their semicolon, below a line that says so: the help is what is compared. */
static struct error print_sample_help(const struct config_key *key, struct buffer *out)
{
	struct error error = config_key_print_sample(key, out);
	const char *line = strstr(buffer_text(out), "\n;") != NULL ? strrchr(buffer_text(out), ';') : NULL;
	if (line != NULL) {
		out->len = (size_t)(line - buffer_text(out));
		out->data[out->len] = '\0';
	}
	return error;
}

static struct error print_sample_line(const struct config_key *key, struct buffer *out)
{
	return buffer_printf(out, "%s = %s\n", key->name, key->default_text != NULL ? key->default_text : key->example);
}

static void test_the_sample_has_every_key_with_its_default(void **state)
{
	(void)state;
	expect_in_file("chainmend.ini", print_sample_help);
	expect_in_file("chainmend.ini", print_sample_line);
}

static void test_the_man_page_has_every_key(void **state)
{
	struct buffer content;
	(void)state;
	expect_in_file("install/chainmend.ini.5", config_key_print_man);
	read_file("install/chainmend.ini.5", &content);
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		if (strstr(buffer_text(&content), config_key((enum config_key_id)i)->name) == NULL)
			fail_msg("%s", config_key((enum config_key_id)i)->name);
	}
	buffer_cleanup(&content);
}

static void test_the_sample_is_a_right_configuration_with_the_defaults(void **state)
{
	struct buffer content;
	struct buffer errors;
	struct config *config = NULL;
	(void)state;
	read_file("chainmend.ini", &content);
	buffer_init(&errors, MAX_BYTES);
	if (!config_read_text(buffer_text(&content), content.len, "sample", &config, &errors))
		fail_msg("%s", buffer_text(&errors));
	assert_int_equal(config->num_sites, 1);
	assert_string_equal(config->cache, "/var/cache/chainmend");
	config_free(config);
	config = NULL;

	/* And so it is with every line of it in force. */
	char *text = (char *)content.data;
	for (size_t i = 1; i < content.len; i++) {
		if (text[i - 1] == '\n' && text[i] == ';' && text[i + 1] != ' ' && text[i + 1] != '\n')
			text[i] = ' ';
	}
	if (!config_read_text(text, content.len, "sample", &config, &errors))
		fail_msg("%s", buffer_text(&errors));
	assert_string_equal(config->user, "chainmend");
	assert_int_equal(config->sites[0].alpn.count, 1);
	config_free(config);
	buffer_cleanup(&content);
	buffer_cleanup(&errors);
}

static void test_help_says_the_default_of_every_key(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		const struct config_key *key = config_key((enum config_key_id)i);
		struct buffer text;
		buffer_init(&text, MAX_BYTES);
		assert_false(failed(config_key_print_help(key, &text)));
		const char *help = buffer_text(&text);
		assert_non_null(strstr(help, key->help));
		bool said = strstr(help, "(default: ") != NULL || strstr(help, "Not set: ") != NULL ||
			    strstr(help, "Must be set.") != NULL;
		if (!key->not_built && !said)
			fail_msg("%s: %s", key->name, help);
		if (key->default_text != NULL)
			assert_non_null(strstr(help, key->default_text));
		assert_int_equal(strstr(help, "Repeatable") != NULL, key->repeatable);
		buffer_cleanup(&text);
	}
}

static void test_a_full_buffer_is_an_error(void **state)
{
	struct buffer text;
	(void)state;
	buffer_init(&text, 10);
	assert_true(failed(config_key_print_help(config_key(KEY_LISTEN), &text)));
	buffer_cleanup(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name_is_found_and_unknown_ones_are_not),
	    cmocka_unit_test(test_the_sample_has_every_key_with_its_default),
	    cmocka_unit_test(test_the_man_page_has_every_key),
	    cmocka_unit_test(test_the_sample_is_a_right_configuration_with_the_defaults),
	    cmocka_unit_test(test_help_says_the_default_of_every_key),
	    cmocka_unit_test(test_a_full_buffer_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
