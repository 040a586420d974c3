#include "tools/lists/key_lists.h"

#include <stdio.h>
#include <string.h>

#include "conf/keys.h"
#include "conf/reader.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)100000)

static void print(struct error (*list)(struct buffer *out), struct buffer *out)
{
	buffer_init(out, MAX_BYTES);
	assert_ok(list(out));
}

/* How often a line begins with the key's name between `before` and `after`. */
static size_t count_lines(const struct buffer *text, const char *before, const char *name, const char *after)
{
	char start[100];
	size_t count = 0;
	snprintf(start, sizeof(start), "%s%s%s", before, name, after);
	for (const char *at = buffer_text(text); (at = strstr(at, start)) != NULL; at++)
		count += at == buffer_text(text) || at[-1] == '\n' ? 1 : 0;
	return count;
}

/* roots and crl stand in both sections. */
static size_t scopes_of(const char *name)
{
	size_t chainmend = config_key_find(SCOPE_CHAINMEND, name) != NUM_CONFIG_KEYS;
	size_t site = config_key_find(SCOPE_SITE, name) != NUM_CONFIG_KEYS;
	return chainmend + site;
}

static void read_sample(struct buffer *text, struct config **config)
{
	struct buffer errors;
	buffer_init(&errors, MAX_BYTES);
	if (!config_read_text(buffer_text(text), text->len, "sample", config, &errors))
		fail_msg("%s", buffer_text(&errors));
	buffer_cleanup(&errors);
}

static void test_the_sample_has_every_key_that_is_built(void **state)
{
	struct buffer text;
	(void)state;
	print(key_lists_sample, &text);
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		const struct config_key *key = config_key(id);
		bool in_force = key->sample != SAMPLE_COMMENTED;
		size_t commented = count_lines(&text, ";", key->name, " = ");
		size_t plain = count_lines(&text, "", key->name, " = ");
		if (key->not_built)
			assert_int_equal(commented + plain, 0);
		else
			assert_int_equal(in_force ? plain : commented, scopes_of(key->name));
		char edit[100];
		snprintf(edit, sizeof(edit), "; EDIT this line:\n%s = ", key->name);
		assert_int_equal(strstr(buffer_text(&text), edit) != NULL, key->sample == SAMPLE_EDIT);
	}
	assert_non_null(strstr(buffer_text(&text), "before it works: hostnames, certificate, key and backend, in"));
	buffer_cleanup(&text);
}

static void test_the_sample_is_a_right_configuration_with_the_defaults(void **state)
{
	struct config *config = NULL;
	struct buffer sample;
	(void)state;
	print(key_lists_sample, &sample);
	read_sample(&sample, &config);
	assert_int_equal(config->num_sites, 1);
	assert_string_equal(config->cache, "/var/cache/chainmend");
	config_free(config);
	config = NULL;

	/* And so it is with every line of it in force; the keys of http need its protocol. */
	char *text = (char *)sample.data;
	char *protocol = strstr(text, ";protocol = tcp\n");
	assert_non_null(protocol);
	memcpy(protocol, "protocol = http", strlen("protocol = http"));
	for (size_t i = 1; i < sample.len; i++) {
		if (text[i - 1] == '\n' && text[i] == ';' && text[i + 1] != ' ' && text[i + 1] != '\n')
			text[i] = ' ';
	}
	read_sample(&sample, &config);
	assert_string_equal(config->user, "chainmend");
	assert_int_equal(config->sites[0].alpn.count, 1);
	config_free(config);
	buffer_cleanup(&sample);
}

/* Each key stands in the list of its section, or in that of the keys that are not built, and in no other. */
static void test_every_key_is_in_one_list(void **state)
{
	enum { CHAINMEND, SITE, NOT_BUILT };
	static const struct {
		const char *before, *after;
		unsigned kind;
		struct error (*list)(struct buffer *out);
	} cases[] = {
	    {"| `", "` |", CHAINMEND, key_lists_table_chainmend},
	    {"| `", "` |", SITE, key_lists_table_site},
	    {"| `", "` |", NOT_BUILT, key_lists_table_not_built},
	    {".BR ", " \" = ", CHAINMEND, key_lists_manual_chainmend},
	    {".BR ", " \" = ", SITE, key_lists_manual_site},
	    {".B ", "\n", NOT_BUILT, key_lists_manual_not_built},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer text;
		print(cases[i].list, &text);
		for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
			const struct config_key *key = config_key(id);
			unsigned kind = key->not_built ? NOT_BUILT : key->scope == SCOPE_SITE ? SITE : CHAINMEND;
			size_t count = count_lines(&text, cases[i].before, key->name, cases[i].after);
			if (kind == cases[i].kind)
				assert_int_equal(count, 1);
			else if (scopes_of(key->name) == 1)
				assert_int_equal(count, 0);
		}
		buffer_cleanup(&text);
	}
}

static void test_the_manual_says_what_a_site_must_have(void **state)
{
	struct buffer text;
	(void)state;
	print(key_lists_manual_required, &text);
	assert_string_equal(buffer_text(&text), "The keys listen, certificate and backend must be there.\n");
	buffer_cleanup(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_sample_has_every_key_that_is_built),
	    cmocka_unit_test(test_the_sample_is_a_right_configuration_with_the_defaults),
	    cmocka_unit_test(test_every_key_is_in_one_list),
	    cmocka_unit_test(test_the_manual_says_what_a_site_must_have),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
