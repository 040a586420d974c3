#include "tests/support/unit.h"

#include "chaincache/base/buffer.h"
#include "chaincache/files/ber_work.h"
#include "tests/support/unit_data.h"

enum { MAX_BYTES = 1024 * 1024 };

static struct ber_work measure(struct bytes ber)
{
	struct ber_work work;

	assert_ok(ber_work_measure(ber, &work));
	return work;
}

static bool nesting_is_bounded(struct bytes ber)
{
	return measure(ber).nesting <= BER_MAX_NESTING;
}

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
		assert_int_equal(nesting_is_bounded(buffer_bytes(&content)), cases[i].bounded);
		buffer_cleanup(&content);
		write_definite(&content, cases[i].depth);
		assert_int_equal(nesting_is_bounded(buffer_bytes(&content)), cases[i].bounded);
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
	assert_true(nesting_is_bounded(buffer_bytes(&content)));
	/* Behind them a nest is one yet. */
	struct buffer nest;
	write_indefinite(&nest, BER_MAX_NESTING + 1);
	assert_ok(buffer_append(&content, buffer_bytes(&nest)));
	assert_false(nesting_is_bounded(buffer_bytes(&content)));
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
		assert_int_equal(nesting_is_bounded(buffer_bytes(&content)), depth < BER_MAX_NESTING);
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
		assert_true(nesting_is_bounded(bytes_of(cases[i].bytes, cases[i].len)));
}

/* Appends one element with a length of two bytes. */
static void append_element(struct buffer *out, uint8_t tag, struct bytes content)
{
	uint8_t header[] = {tag, 0x82, (uint8_t)(content.len >> 8), (uint8_t)content.len};

	assert_ok(buffer_append(out, bytes_of(header, sizeof(header))));
	assert_ok(buffer_append(out, content));
}

/* An OCTET STRING in pieces, of one byte each and in two halves, the second of indefinite length. */
static void append_in_pieces(struct buffer *out, struct bytes content)
{
	static const uint8_t open[] = {0x24, 0x80}, end[] = {0x00, 0x00};

	assert_ok(buffer_append(out, bytes_of(open, sizeof(open))));
	for (size_t i = 0; i < content.len; i++) {
		if (i == content.len / 2)
			assert_ok(buffer_append(out, bytes_of(open, sizeof(open))));
		append_element(out, 0x04, bytes_of(content.data + i, 1));
	}
	assert_ok(buffer_append(out, bytes_of(end, sizeof(end))));
	assert_ok(buffer_append(out, bytes_of(end, sizeof(end))));
}

static void test_joins_octet_strings_in_pieces(void **state)
{
	struct buffer content;
	struct buffer nest;
	(void)state;

	for (size_t depth = BER_MAX_NESTING - 1; depth <= BER_MAX_NESTING; depth++) {
		write_definite(&nest, depth);
		buffer_init(&content, MAX_BYTES);
		append_in_pieces(&content, buffer_bytes(&nest));
		assert_int_equal(measure(buffer_bytes(&content)).nesting, depth + 1);
		buffer_cleanup(&content);
		buffer_cleanup(&nest);
	}
}

/* BoringSSL opens no more than three within each other, and what is random may look like anything. */
static void test_opens_few_octet_strings_within_each_other(void **state)
{
	static const uint8_t six[] = {0x04, 0x0a, 0x04, 0x08, 0x04, 0x06, 0x04, 0x04, 0x04, 0x02, 0x04, 0x00};
	(void)state;

	assert_int_equal(measure(bytes_of(six, sizeof(six))).nesting, 4);
}

struct turns_case {
	uint8_t bytes[24];
	size_t len;
	uint64_t turns;
};

static void test_counts_the_turns_of_password_hashes(void **state)
{
	static const struct turns_case cases[] = {
	    {{0x30, 0x0a, 0x04, 0x02, 0x01, 0x02, 0x02, 0x04, 0x00, 0x98, 0x96, 0x80}, 12, 10000000},
	    {{0x04, 0x07, 0x30, 0x05, 0x04, 0x00, 0x02, 0x01, 0x05}, 9, 5}, /* wrapped as in PKCS#12 */
	    {{0x30, 0x80, 0x04, 0x00, 0x02, 0x01, 0x05, 0x00, 0x00}, 9, 5}, /* BER: indefinite */
	    {{0x30, 0x06, 0x04, 0x00, 0x02, 0x81, 0x01, 0x05}, 8, 5}, /* BER: a length in a longer form */
	    {{0x30, 0x09, 0x24, 0x80, 0x04, 0x00, 0x00, 0x00, 0x02, 0x01, 0x05}, 11, 5}, /* BER: salt in pieces */
	    {{0x04, 0x00, 0x02, 0x01, 0x05, 0x04, 0x00, 0x02, 0x01, 0x06}, 10, 11}, /* two */
	    {{0x04, 0x00, 0x02, 0x01, 0x80}, 5, 0}, /* negative */
	    {{0x04, 0x00, 0x02, 0x00}, 4, 0},
	    {{0x04, 0x00, 0x02, 0x05, 0x01}, 5, 0}, /* cut short */
	    {{0x04, 0x00, 0x02, 0x09, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 13, UINT64_MAX},
	    {{0x04, 0x00, 0x02, 0x09, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x04, 0x00, 0x02, 0x01,
	      0x01},
	     18,
	     UINT64_MAX}, /* above what there is room for */
	    {{0x04, 0x00, 0x02, 0x09, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 13, 0}, /* above 64 bits: the order of an EC group */
	    {{0}, 0, 0},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(measure(bytes_of(cases[i].bytes, cases[i].len)).turns, cases[i].turns);
}

/* A salt that nests too deep does not hide the turns behind it. */
static void test_what_is_not_read_counts_as_too_many_turns(void **state)
{
	static const uint8_t turns[] = {0x02, 0x04, 0x00, 0x98, 0x96, 0x81};
	struct buffer content;
	struct buffer nest;
	(void)state;

	write_definite(&nest, BER_MAX_NESTING);
	buffer_init(&content, MAX_BYTES);
	append_element(&content, 0x04, buffer_bytes(&nest));
	assert_ok(buffer_append(&content, bytes_of(turns, sizeof(turns))));
	assert_int_equal(measure(buffer_bytes(&content)).turns, UINT64_MAX);
	buffer_cleanup(&nest);
	buffer_cleanup(&content);
}

/* Those of the certificates, of the key and of the MAC, 2048 each; the key's stand 16 deep. */
static void test_finds_all_turns_of_pkcs12(void **state)
{
	struct buffer content;
	(void)state;

	unit_data_read(UNIT_DATA, "modern.p12", &content);
	assert_int_equal(measure(buffer_bytes(&content)).turns, 3 * 2048);
	buffer_cleanup(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bounds_both_kinds_of_length),
	    cmocka_unit_test(test_comes_out_of_each_element),
	    cmocka_unit_test(test_looks_into_octet_strings),
	    cmocka_unit_test(test_rubbish_has_no_nest),
	    cmocka_unit_test(test_joins_octet_strings_in_pieces),
	    cmocka_unit_test(test_opens_few_octet_strings_within_each_other),
	    cmocka_unit_test(test_counts_the_turns_of_password_hashes),
	    cmocka_unit_test(test_what_is_not_read_counts_as_too_many_turns),
	    cmocka_unit_test(test_finds_all_turns_of_pkcs12),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
