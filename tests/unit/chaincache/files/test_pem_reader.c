#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "chaincache/base/buffer.h"
#include "chaincache/files/pem_reader.h"

#define BLOCK(label, body) "-----BEGIN " label "-----\n" body "\n-----END " label "-----\n"

/* Reads the next block and checks what it is; "YWJj" is "abc" and so on. */
static void expect_block(struct pem_reader *reader, const char *label, const char *content)
{
	assert_int_equal(pem_reader_next(reader), PEM_BLOCK);
	assert_string_equal(reader->block.label, label);
	assert_true(bytes_equal(reader->block.der, bytes_of_string(content)));
}

static void expect_broken(struct pem_reader *reader, const char *label, enum error_kind kind, const char *words)
{
	assert_int_equal(pem_reader_next(reader), PEM_BROKEN);
	assert_string_equal(reader->block.label, label);
	assert_step(reader->error, kind, words);
	assert_int_equal(reader->block.der.len, 0);
}

static void start(struct pem_reader *reader, const char *text)
{
	pem_reader_init(reader, bytes_of_string(text));
}

static void end(struct pem_reader *reader)
{
	assert_int_equal(pem_reader_next(reader), PEM_END);
	assert_int_equal(pem_reader_next(reader), PEM_END);
	pem_reader_cleanup(reader);
}

static void test_reads_blocks_with_anything_between(void **state)
{
	struct pem_reader reader;
	(void)state;

	start(&reader, "subject=/CN=x\n" BLOCK("A", "YWJj") "\n# -----BEGIN B----- in a comment\n-- \n" BLOCK(
			   "X509 CRL", "ZGVm") "end");
	expect_block(&reader, "A", "abc");
	expect_block(&reader, "X509 CRL", "def");
	end(&reader);
}

static void test_reads_every_kind_of_line(void **state)
{
	struct pem_reader reader;
	(void)state;

	start(&reader, "\xef\xbb\xbf-----BEGIN A-----\r\nYW\r\nJj  \r\n-----END A-----\r\n"
		       "  -----BEGIN B-----  \n\n Z G\tVm\n\n-----END B-----   \n"
		       "-----BEGIN C-----\rZ2hp\r-----END C-----\r-----BEGIN D-----amts-----END D-----");
	expect_block(&reader, "A", "abc");
	expect_block(&reader, "B", "def");
	expect_block(&reader, "C", "ghi");
	expect_block(&reader, "D", "jkl");
	end(&reader);
}

/* Two files joined, of which the first does not end in a newline. */
static void test_reads_a_block_right_behind_another(void **state)
{
	struct pem_reader reader;
	(void)state;

	start(&reader, "-----BEGIN A-----\nYWJj\n-----END A----------BEGIN B-----\nZGVm\n-----END B-----");
	expect_block(&reader, "A", "abc");
	expect_block(&reader, "B", "def");
	end(&reader);
}

static void test_splits_headers_from_the_text(void **state)
{
	struct pem_reader reader;
	static const char headers[] = "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00";
	(void)state;

	start(&reader,
	      "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nYWJj\n-----END A-----\n");
	expect_block(&reader, "A", "abc");
	assert_true(bytes_equal(reader.block.headers, bytes_of(headers, sizeof(headers) - 1)));
	end(&reader);
}

struct damage {
	const char *text;
	int line;
};

/* The block behind the damaged line is read all the same. */
static void test_names_a_damaged_line(void **state)
{
	static const struct damage damages[] = {
	    {"----BEGIN CERTIFICATE-----\nYWJj\n", 1},
	    {"words\n\n-----BEGIN CERTIFICATE----\nYWJj\n", 3},
	    {"-----BEGIN CERTIFICATE\nYWJj\n", 1},
	    {"------BEGIN CERTIFICATE-----\nYWJj\n", 1},
	    {"-----BEGIN A-----\nYWJj\n----END CERTIFICATE-----\n", 3},
	    {"-----BEGIN A-----\nYWJj\n-----END CERTIFICATE----\n", 3},
	    {"-----BEGIN A-----\r\nYWJj\r\n-END PRIVATE KEY-\r\n", 3},
	    {"YWJj\n-----END PRIVATE KEY-----\n", 2},
	    {"\xe2\x80\x94\xe2\x80\x94-BEGIN CERTIFICATE\xe2\x80\x94\nYWJj\n", 1},
	};
	struct pem_reader reader;
	struct buffer text;
	char words[ERROR_MAX_TEXT], start_of_words[32];
	(void)state;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		buffer_init(&text, 1024);
		assert_ok(buffer_printf(&text, "%s" BLOCK("B", "ZGVm"), damages[i].text));
		pem_reader_init(&reader, buffer_bytes(&text));
		assert_int_equal(pem_reader_next(&reader), PEM_BROKEN);
		assert_true(reader.is_damaged_line);
		assert_int_equal(pem_reader_line(&reader), damages[i].line);
		snprintf(start_of_words, sizeof(start_of_words), "line %d looks like", damages[i].line);
		assert_non_null(strstr(error_print(reader.error, words, sizeof(words)), start_of_words));
		expect_block(&reader, "B", "def");
		end(&reader);
		buffer_cleanup(&text);
	}
}

static void test_goes_on_behind_a_broken_block(void **state)
{
	struct pem_reader reader;
	(void)state;

	start(&reader,
	      BLOCK("A", "Y%Jj") BLOCK("B", "YWJ") BLOCK("C", "")
		  BLOCK("D", "YQ==YQ==") "-----BEGIN E-----\nYWJj\n-----END F-----\n"
					 "-----BEGIN G-----\nYWJj\n" BLOCK(
					     "H", "YWJj") "-----BEGIN I-----\nYW-----Jj\n-----END I-----\n"
							  "-----BEGIN J-----\nYWJj\n-----END J\n" BLOCK("K", "ZGVm"));
	expect_broken(&reader, "A", ERROR_FORMAT, "no base64");
	expect_broken(&reader, "B", ERROR_FORMAT, "no base64");
	expect_broken(&reader, "C", ERROR_FORMAT, "empty");
	expect_broken(&reader, "D", ERROR_FORMAT, "no base64");
	expect_broken(&reader, "E", ERROR_FORMAT, "name different things");
	expect_broken(&reader, "G", ERROR_FORMAT, "no END line");
	expect_block(&reader, "H", "abc");
	expect_broken(&reader, "I", ERROR_FORMAT, "no END line");
	expect_broken(&reader, "J", ERROR_FORMAT, "END line is broken");
	expect_block(&reader, "K", "def");
	end(&reader);
}

static void test_a_block_without_end_is_told(void **state)
{
	struct pem_reader reader;
	static const char whole[] = BLOCK("A", "YWJj");
	(void)state;

	start(&reader, "-----BEGIN A-----\nYWJj\n");
	expect_broken(&reader, "A", ERROR_FORMAT, "cut short");
	end(&reader);
	/* Cut anywhere: never the block, never a fault. Only the last newline may be missing. */
	for (size_t len = 0; len + 1 < sizeof(whole) - 1; len++) {
		pem_reader_init(&reader, bytes_of(whole, len));
		assert_int_not_equal(pem_reader_next(&reader), PEM_BLOCK);
		pem_reader_cleanup(&reader);
	}
}

static void test_what_is_no_begin_line_is_text(void **state)
{
	struct pem_reader reader;
	(void)state;

	start(&reader, "-----BEGIN A\n-----BEGIN -----\n-----BEGIN \x01-----\n----BEGIN B-----\nx -----BEGIN "
		       "C-----\n-----begin D-----\n"
		       "-----BEGIN LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL-----\n");
	expect_broken(&reader, "", ERROR_FORMAT, "no END line");
	end(&reader);
	start(&reader, "");
	end(&reader);
}

static void test_has_a_maximum_of_a_block(void **state)
{
	struct pem_reader reader;
	const size_t len = PEM_MAX_BLOCK_BYTES + 64;
	char *text = malloc(len);
	(void)state;

	assert_non_null(text);
	memset(text, 'A', len);
	memcpy(text, "-----BEGIN A-----", 17);
	memcpy(text + len - 15, "-----END A-----", 15);
	pem_reader_init(&reader, bytes_of(text, len));
	expect_broken(&reader, "A", ERROR_LIMIT, "48 MiB");
	end(&reader);
	free(text);
}

/* As many byte order marks as anybody likes: the text is walked in a loop. */
static void test_passes_over_any_number_of_byte_order_marks(void **state)
{
	enum { MARK_BYTES = 3, NUM_MARKS = 200 * 1024 / MARK_BYTES };
	static const char block[] = "-----BEGIN A-----\nAQID\n-----END A-----\n";
	struct pem_reader reader;
	struct buffer text;
	(void)state;

	buffer_init(&text, (size_t)1024 * 1024);
	for (size_t i = 0; i < NUM_MARKS; i++)
		assert_ok(buffer_append(&text, bytes_of_string("\xef\xbb\xbf")));
	assert_ok(buffer_append(&text, bytes_of_string(block)));
	pem_reader_init(&reader, buffer_bytes(&text));
	assert_int_equal(pem_reader_next(&reader), PEM_BLOCK);
	assert_int_equal(reader.block_at, NUM_MARKS * MARK_BYTES);
	assert_int_equal(reader.block.der.len, 3);
	assert_int_equal(pem_reader_next(&reader), PEM_END);
	pem_reader_cleanup(&reader);
	buffer_cleanup(&text);
}

static void test_tells_the_place_of_a_block(void **state)
{
	static const char text[] =
	    "words\r\n\rmore\n-----BEGIN A-----\nAAAA\n-----END A-----\n\n\n  -----BEGIN B-----\nAAAA\n-----END "
	    "B----------BEGIN C-----\nAAAA\n-----END C-----\n";
	static const unsigned lines[] = {4, 9, 11};
	struct pem_reader reader;
	(void)state;

	pem_reader_init(&reader, bytes_of_string(text));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(pem_reader_next(&reader), PEM_BLOCK);
		assert_int_equal(reader.num_blocks, i + 1);
		assert_int_equal(pem_reader_line(&reader), lines[i]);
	}
	assert_int_equal(pem_reader_next(&reader), PEM_END);
	pem_reader_cleanup(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_blocks_with_anything_between),
	    cmocka_unit_test(test_reads_every_kind_of_line),
	    cmocka_unit_test(test_reads_a_block_right_behind_another),
	    cmocka_unit_test(test_splits_headers_from_the_text),
	    cmocka_unit_test(test_names_a_damaged_line),
	    cmocka_unit_test(test_goes_on_behind_a_broken_block),
	    cmocka_unit_test(test_a_block_without_end_is_told),
	    cmocka_unit_test(test_what_is_no_begin_line_is_text),
	    cmocka_unit_test(test_passes_over_any_number_of_byte_order_marks),
	    cmocka_unit_test(test_tells_the_place_of_a_block),
	    cmocka_unit_test(test_has_a_maximum_of_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
