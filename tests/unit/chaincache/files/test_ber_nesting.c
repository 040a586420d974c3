#include "tests/support/unit.h"

#include "chaincache/base/buffer.h"
#include "chaincache/files/ber_nesting.h"

enum { MAX_BYTES = 1024 * 1024 };

/* `depth` sequences within each other: a byte between each two, a NULL in the last one. */
static void write_indefinite(struct buffer *out, size_t depth)
{
	static const uint8_t opens[] = {0x05, 0x00, 0x30, 0x80}, ends[] = {0x00, 0x00, 0x05, 0x00};

	buffer_init(out, MAX_BYTES);
	for (size_t i = 0; i < depth; i++)
		assert_ok(buffer_append(out, bytes_of(opens, sizeof(opens))));
	for (size_t i = 0; i < depth; i++)
		assert_ok(buffer_append(out, bytes_of(ends, sizeof(ends))));
}

/* The same with lengths of two bytes each. */
static void write_definite(struct buffer *out, size_t depth)
{
	enum { HEADER_BYTES = 4 };

	buffer_init(out, MAX_BYTES);
	for (size_t i = depth; i-- > 0;) {
		size_t len = i * HEADER_BYTES;
		uint8_t header[HEADER_BYTES] = {0x30, 0x82, (uint8_t)(len >> 8), (uint8_t)len};
		assert_ok(buffer_append(out, bytes_of(header, sizeof(header))));
	}
}

static void test_bounds_both_kinds_of_length(void **state)
{
	static const struct {
		size_t depth;
		bool bounded;
	} cases[] = {{0, true}, {1, true}, {BER_MAX_NESTING, true}, {BER_MAX_NESTING + 1, false}, {10000, false}};
	struct buffer content;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_indefinite(&content, cases[i].depth);
		assert_int_equal(ber_nesting_is_bounded(buffer_bytes(&content)), cases[i].bounded);
		buffer_cleanup(&content);
		write_definite(&content, cases[i].depth);
		assert_int_equal(ber_nesting_is_bounded(buffer_bytes(&content)), cases[i].bounded);
		buffer_cleanup(&content);
	}
}

/* Many elements side by side are no nest, of whatever length each is. */
static void test_comes_out_of_each_element(void **state)
{
	static const uint8_t both[] = {0x30, 0x80, 0x30, 0x02, 0x05, 0x00, 0x30, 0x80, 0x00, 0x00, 0x00, 0x00};
	struct buffer content;
	(void)state;

	buffer_init(&content, MAX_BYTES);
	for (size_t i = 0; i < (size_t)2 * BER_MAX_NESTING; i++)
		assert_ok(buffer_append(&content, bytes_of(both, sizeof(both))));
	assert_true(ber_nesting_is_bounded(buffer_bytes(&content)));
	/* Behind them a nest is one yet. */
	struct buffer nest;
	write_indefinite(&nest, BER_MAX_NESTING + 1);
	assert_ok(buffer_append(&content, buffer_bytes(&nest)));
	assert_false(ber_nesting_is_bounded(buffer_bytes(&content)));
	buffer_cleanup(&nest);
	buffer_cleanup(&content);
}

/* PKCS#12's parts are wrapped in OCTET STRINGs; BoringSSL turns each of them into DER by itself. */
static void test_looks_into_octet_strings(void **state)
{
	enum { HEADER_BYTES = 4 };
	struct buffer content;
	struct buffer nest;
	(void)state;

	for (size_t depth = BER_MAX_NESTING - 1; depth <= BER_MAX_NESTING; depth++) {
		write_indefinite(&nest, depth);
		uint8_t header[HEADER_BYTES] = {0x04, 0x82, (uint8_t)(nest.len >> 8), (uint8_t)nest.len};
		buffer_init(&content, MAX_BYTES);
		assert_ok(buffer_append(&content, bytes_of(header, sizeof(header))));
		assert_ok(buffer_append(&content, buffer_bytes(&nest)));
		assert_int_equal(ber_nesting_is_bounded(buffer_bytes(&content)), depth < BER_MAX_NESTING);
		buffer_cleanup(&content);
		buffer_cleanup(&nest);
	}
}

static void test_rubbish_has_no_nest(void **state)
{
	static const struct {
		uint8_t bytes[6];
		size_t len;
	} cases[] = {
	    {{0}, 0},
	    {{0x30}, 1},
	    {{0x30, 0x80}, 2},
	    {{0x30, 0x05, 0x30, 0x80}, 4}, /* longer than there are bytes */
	    {{0x00, 0x00, 0x00, 0x00}, 4},
	    {{0x04, 0x80, 0x00, 0x00}, 4}, /* primitive, of indefinite length */
	    {{0x30, 0x80, 0x1f, 0xff, 0xff, 0xff}, 6},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(ber_nesting_is_bounded(bytes_of(cases[i].bytes, cases[i].len)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bounds_both_kinds_of_length),
	    cmocka_unit_test(test_comes_out_of_each_element),
	    cmocka_unit_test(test_looks_into_octet_strings),
	    cmocka_unit_test(test_rubbish_has_no_nest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
