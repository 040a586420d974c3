#include "tests/support/decompression.h"

#include <brotli/decode.h>
#include <openssl/pool.h>
#include <zlib.h>

bool decompress(enum certificate_compression algorithm, struct bytes in, uint8_t *out, size_t out_len)
{
	size_t brotli_len = out_len;
	uLongf zlib_len = out_len;

	if (algorithm == COMPRESSION_BROTLI)
		return BrotliDecoderDecompress(in.len, in.data, &brotli_len, out) == BROTLI_DECODER_RESULT_SUCCESS &&
		       brotli_len == out_len;
	return uncompress(out, &zlib_len, in.data, in.len) == Z_OK && zlib_len == out_len;
}

static int take(enum certificate_compression algorithm, CRYPTO_BUFFER **out, size_t out_len, struct bytes in)
{
	uint8_t *room = NULL;

	*out = CRYPTO_BUFFER_alloc(&room, out_len);
	if (*out != NULL && decompress(algorithm, in, room, out_len))
		return 1;
	CRYPTO_BUFFER_free(*out);
	*out = NULL;
	return 0;
}

static struct decompression *counts_of(SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static int on_brotli(SSL *ssl, CRYPTO_BUFFER **out, size_t out_len, const uint8_t *in, size_t in_len)
{
	counts_of(ssl)->num_brotli++;
	return take(COMPRESSION_BROTLI, out, out_len, bytes_of(in, in_len));
}

static int on_zlib(SSL *ssl, CRYPTO_BUFFER **out, size_t out_len, const uint8_t *in, size_t in_len)
{
	counts_of(ssl)->num_zlib++;
	return take(COMPRESSION_ZLIB, out, out_len, bytes_of(in, in_len));
}

void decompression_offer(SSL_CTX *ctx, enum certificate_compression algorithm, struct decompression *counts)
{
	SSL_CTX_set_app_data(ctx, counts);
	SSL_CTX_add_cert_compression_alg(ctx, (uint16_t)algorithm, NULL,
					 algorithm == COMPRESSION_BROTLI ? on_brotli : on_zlib);
}
