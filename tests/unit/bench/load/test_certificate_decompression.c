#include "bench/load/certificate_decompression.h"
#include "tests/support/unit.h"

static void test_a_list_of_algorithms_is_read(void **state)
{
	static const struct {
		const char *text;
		unsigned bits; /* 0: it is wrong */
	} rows[] = {
	    {"zlib", DECOMPRESSION_ZLIB},
	    {"brotli", DECOMPRESSION_BROTLI},
	    {"brotli,zlib", DECOMPRESSION_BROTLI | DECOMPRESSION_ZLIB},
	    {"zlib:brotli", DECOMPRESSION_BROTLI | DECOMPRESSION_ZLIB},
	    {"", 0},
	    {"zlib,", 0},
	    {",zlib", 0},
	    {"zlib,zlib", 0},
	    {"zstd", 0},
	    {"zli", 0},
	    {"zlibs", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned bits = 99;
		const char *wrong = certificate_decompression_parse(rows[i].text, &bits);
		assert_int_equal(wrong == NULL, rows[i].bits != 0);
		if (wrong == NULL)
			assert_int_equal(bits, rows[i].bits);
	}
}

/* Each can be registered once: that a second time fails shows that the first one was. */
static void test_what_is_offered(void **state)
{
	for (unsigned bits = 0; bits <= (DECOMPRESSION_ZLIB | DECOMPRESSION_BROTLI); bits++) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_method());
		uint64_t used = 0;
		(void)state;
		assert_non_null(ctx);
		assert_true(certificate_decompression_offer(ctx, bits, &used));
		assert_int_equal(certificate_decompression_offer(ctx, bits, &used), bits == 0);
		assert_true(SSL_CTX_get_app_data(ctx) == &used);
		SSL_CTX_free(ctx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_list_of_algorithms_is_read),
	    cmocka_unit_test(test_what_is_offered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
