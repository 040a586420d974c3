#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chaincache/stores/cache_entry.h"
#include "tests/support/pki.h"

static const struct certificate *ca;

static int setup(void **state)
{
	(void)state;
	ca = PKI(.cn = "Issuing CA", .ca = true);
	return 0;
}

/* One of the certificate's PEM, between two texts. */
static struct error parse_around(const char *before, const char *after, struct cache_entry *out)
{
	struct buffer text;

	buffer_init(&text, 1024 * 1024);
	assert_false(failed(buffer_printf(&text, "%s", before)));
	assert_false(failed(certificate_write_pem(ca, &text)));
	assert_false(failed(buffer_printf(&text, "%s", after)));
	struct error error = cache_entry_parse(buffer_bytes(&text), out);
	buffer_cleanup(&text);
	return error;
}

static void test_prints_what_it_parses(void **state)
{
	static const char start[] = "source: http://aia.example/ca.crt\nfetched: 2026-01-01T00:00:00Z\n-----BEGIN";
	struct buffer text;
	struct cache_entry entry;

	(void)state;
	buffer_init(&text, CACHE_ENTRY_MAX_BYTES);
	assert_false(failed(cache_entry_print(ca, "http://aia.example/ca.crt", PKI_NOW, &text)));
	assert_memory_equal(buffer_text(&text), start, sizeof(start) - 1);
	assert_false(failed(cache_entry_parse(buffer_bytes(&text), &entry)));
	assert_true(certificate_equal(entry.certificate, ca));
	assert_string_equal(entry.source, "http://aia.example/ca.crt");
	assert_string_equal(entry.fetched, "2026-01-01T00:00:00Z");
	cache_entry_cleanup(&entry);
	buffer_cleanup(&text);
}

static void test_lines_before_the_block(void **state)
{
	struct cache_entry entry;

	(void)state;
	assert_false(failed(parse_around("", "", &entry)));
	assert_string_equal(entry.source, "");
	assert_string_equal(entry.fetched, "");
	cache_entry_cleanup(&entry);
	assert_false(failed(parse_around("note: kept by hand\r\nsource:import\r\n", "\r\n\n \t", &entry)));
	assert_string_equal(entry.source, "import");
	cache_entry_cleanup(&entry);
	assert_false(failed(parse_around("source: a\x1b[31m\x80\n", "", &entry)));
	assert_string_equal(entry.source, "a\\x1b[31m\\x80");
	cache_entry_cleanup(&entry);
}

static void test_what_is_no_entry(void **state)
{
	static const char *const texts[] = {
	    "",
	    "\n",
	    "source: x\n",
	    "-----BEGIN CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE----",
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	    " -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	};
	struct cache_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(failed(cache_entry_parse(bytes_of_string(texts[i]), &entry)));
		assert_null(entry.certificate);
	}
	assert_int_equal(parse_around("", "x", &entry).kind, ERROR_FORMAT);
	assert_int_equal(parse_around("", "-----BEGIN CERTIFICATE-----\n", &entry).kind, ERROR_FORMAT);
	assert_int_equal(cache_entry_parse(bytes_of(NULL, 0), &entry).kind, ERROR_FORMAT);
}

/* Each proper prefix of an entry is none: what a crash might have left. */
static void test_an_entry_that_is_cut_short_is_none(void **state)
{
	struct buffer text;
	struct cache_entry entry;

	(void)state;
	buffer_init(&text, CACHE_ENTRY_MAX_BYTES);
	assert_false(failed(cache_entry_print(ca, "x", PKI_NOW, &text)));
	for (size_t len = 0; len + 1 < text.len; len++)
		assert_true(failed(cache_entry_parse(bytes_of(text.data, len), &entry)));
	buffer_cleanup(&text);
}

static void test_an_entry_has_a_maximum(void **state)
{
	char *source = calloc(1, 2 * CACHE_ENTRY_MAX_SOURCE + 1);
	struct buffer text;
	struct cache_entry entry;

	(void)state;
	assert_non_null(source);
	memset(source, 'a', 2 * CACHE_ENTRY_MAX_SOURCE);
	buffer_init(&text, CACHE_ENTRY_MAX_BYTES);
	assert_false(failed(cache_entry_print(ca, source, PKI_NOW, &text)));
	assert_false(failed(cache_entry_parse(buffer_bytes(&text), &entry)));
	assert_int_equal(strlen(entry.source), CACHE_ENTRY_MAX_SOURCE);
	cache_entry_cleanup(&entry);
	buffer_cleanup(&text);
	free(source);

	uint8_t *large = calloc(1, CACHE_ENTRY_MAX_BYTES + 1);
	assert_non_null(large);
	assert_int_equal(cache_entry_parse(bytes_of(large, CACHE_ENTRY_MAX_BYTES + 1), &entry).kind, ERROR_LIMIT);
	free(large);
}

static void test_source_with_line_ends(void **state)
{
	struct buffer text;
	struct cache_entry entry;

	(void)state;
	buffer_init(&text, CACHE_ENTRY_MAX_BYTES);
	assert_false(failed(cache_entry_print(ca, "http://a/\nfetched: never", PKI_NOW, &text)));
	assert_false(failed(cache_entry_parse(buffer_bytes(&text), &entry)));
	assert_string_equal(entry.source, "http://a/\\x0afetched: never");
	assert_string_equal(entry.fetched, "2026-01-01T00:00:00Z");
	cache_entry_cleanup(&entry);
	buffer_cleanup(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prints_what_it_parses),  cmocka_unit_test(test_lines_before_the_block),
	    cmocka_unit_test(test_what_is_no_entry),       cmocka_unit_test(test_an_entry_that_is_cut_short_is_none),
	    cmocka_unit_test(test_an_entry_has_a_maximum), cmocka_unit_test(test_source_with_line_ends),
	};

	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
