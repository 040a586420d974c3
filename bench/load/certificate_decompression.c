#include "bench/load/certificate_decompression.h"

#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>

#include <openssl/pool.h>

static const struct {
	const char *name;
	uint16_t algorithm;
} algorithms[] = {{"zlib", DECOMPRESSION_ZLIB}, {"brotli", DECOMPRESSION_BROTLI}};

#define NUM_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

const char *certificate_decompression_parse(const char *text, unsigned *out_bits)
{
	*out_bits = 0;
	for (const char *word = text; word != NULL;) {
		size_t len = strcspn(word, ",:");
		unsigned before = *out_bits;
		for (size_t i = 0; i < NUM_ALGORITHMS; i++) {
			if (strlen(algorithms[i].name) == len && strncmp(algorithms[i].name, word, len) == 0)
				*out_bits |= algorithms[i].algorithm;
		}
		if (*out_bits == before)
			return "it is a list of brotli and zlib, each once";
		word = word[len] != '\0' ? word + len + 1 : NULL;
	}
	return NULL;
}

static bool inflate_all(uint8_t *out, size_t out_len, const uint8_t *in, size_t in_len)
{
	uLongf len = (uLongf)out_len;
	return uncompress(out, &len, in, (uLong)in_len) == Z_OK && len == out_len;
}

static bool brotli_all(uint8_t *out, size_t out_len, const uint8_t *in, size_t in_len)
{
	size_t len = out_len;
	return BrotliDecoderDecompress(in_len, in, &len, out) == BROTLI_DECODER_RESULT_SUCCESS && len == out_len;
}

/* BoringSSL has bounded `whole_len`: SSL_CTX_set_max_cert_list. */
static int decompress(SSL *ssl, CRYPTO_BUFFER **out, size_t whole_len, const uint8_t *in, size_t in_len,
		      bool (*all)(uint8_t *out, size_t out_len, const uint8_t *in, size_t in_len))
{
	uint64_t *used = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	uint8_t *data;

	*out = CRYPTO_BUFFER_alloc(&data, whole_len);
	if (*out == NULL)
		return 0;
	if (!all(data, whole_len, in, in_len)) {
		CRYPTO_BUFFER_free(*out);
		*out = NULL;
		return 0;
	}
	(*used)++;
	return 1;
}

static int decompress_zlib(SSL *ssl, CRYPTO_BUFFER **out, size_t whole_len, const uint8_t *in, size_t in_len)
{
	return decompress(ssl, out, whole_len, in, in_len, inflate_all);
}

static int decompress_brotli(SSL *ssl, CRYPTO_BUFFER **out, size_t whole_len, const uint8_t *in, size_t in_len)
{
	return decompress(ssl, out, whole_len, in, in_len, brotli_all);
}

bool certificate_decompression_offer(SSL_CTX *ctx, unsigned bits, uint64_t *used)
{
	SSL_CTX_set_app_data(ctx, used);
	if ((bits & DECOMPRESSION_BROTLI) != 0 &&
	    !SSL_CTX_add_cert_compression_alg(ctx, DECOMPRESSION_BROTLI, NULL, decompress_brotli))
		return false;
	return (bits & DECOMPRESSION_ZLIB) == 0 ||
	       SSL_CTX_add_cert_compression_alg(ctx, DECOMPRESSION_ZLIB, NULL, decompress_zlib);
}
