#include "proxy/shared/compressed_chain.h"

#include <stdlib.h>

#include <brotli/encode.h>
#include <openssl/bytestring.h>
#include <openssl/mem.h>
#include <zlib.h>

/* Brotli's two highest qualities take 30 times as long and save a certificate chain one byte in a hundred. With a
 * window above 16 bits this one would use tables of 32 MB for each chain. */
enum { BROTLI_QUALITY = 9, BROTLI_WINDOW = 16, ZLIB_LEVEL = 9 };

/* CompressedCertificate adds an algorithm and two lengths (RFC 8879 4). */
enum { ENVELOPE_BYTES = 2 + 3 + 3 };

static bool compress_brotli(struct bytes in, uint8_t *out, size_t *out_len)
{
	return BrotliEncoderCompress(BROTLI_QUALITY, BROTLI_WINDOW, BROTLI_MODE_GENERIC, in.len, in.data, out_len,
				     out) == BROTLI_TRUE;
}

static bool compress_zlib(struct bytes in, uint8_t *out, size_t *out_len)
{
	uLongf len = *out_len;

	if (compress2(out, &len, in.data, in.len, ZLIB_LEVEL) != Z_OK)
		return false;
	*out_len = len;
	return true;
}

static int on_brotli(SSL *ssl, CBB *out, const uint8_t *in, size_t in_len);
static int on_zlib(SSL *ssl, CBB *out, const uint8_t *in, size_t in_len);

static const struct algorithm {
	enum certificate_compression id;
	bool (*compress)(struct bytes in, uint8_t *out, size_t *out_len); /* `out` has room for *out_len bytes */
	ssl_cert_compression_func_t on_compress;
} algorithms[COMPRESSED_CHAIN_FORMS] = {
    {COMPRESSION_BROTLI, compress_brotli, on_brotli},
    {COMPRESSION_ZLIB, compress_zlib, on_zlib},
};

static const struct algorithm *find_algorithm(enum certificate_compression id)
{
	return &algorithms[id == algorithms[0].id ? 0 : 1];
}

/* RFC 8446 4.4.2, as a server writes it: an empty request context, no extension after any certificate. */
static bool write_message(const struct certificate_list *chain, CBB *out)
{
	CBB list, entry;
	bool good = CBB_add_u8(out, 0) && CBB_add_u24_length_prefixed(out, &list);

	for (size_t i = 0; good && i < chain->count; i++) {
		struct bytes der = chain->items[i].certificate->der;

		good = CBB_add_u24_length_prefixed(&list, &entry) && CBB_add_bytes(&entry, der.data, der.len) &&
		       CBB_add_u16(&list, 0);
	}
	return good && CBB_flush(out);
}

bool compressed_chain_is(const struct compressed_chain *compressed, struct bytes message)
{
	CBS body, list, der, extensions;
	uint8_t context_len;

	CBS_init(&body, message.data, message.len);
	if (!CBS_get_u8(&body, &context_len) || context_len != 0 || !CBS_get_u24_length_prefixed(&body, &list) ||
	    CBS_len(&body) != 0)
		return false;
	for (size_t i = 0; i < compressed->chain.count; i++) {
		struct bytes own = compressed->chain.items[i].certificate->der;

		if (!CBS_get_u24_length_prefixed(&list, &der) || !CBS_mem_equal(&der, own.data, own.len) ||
		    !CBS_get_u16_length_prefixed(&list, &extensions) || CBS_len(&extensions) != 0)
			return false;
	}
	return CBS_len(&list) == 0;
}

/* Keeps the result only if it is smaller than the message. */
static struct error add_form(struct compressed_chain *compressed, const struct algorithm *algorithm,
			     struct bytes message)
{
	struct compressed_form *form = &compressed->forms[compressed->num_forms];
	uint8_t *out = malloc(message.len);
	size_t len = message.len;
	struct error error = error_none();

	if (out == NULL)
		return error_of(ERROR_MEMORY, 0, "compress a chain");
	if (algorithm->compress(message, out, &len) && len + ENVELOPE_BYTES < message.len) {
		form->algorithm = algorithm->id;
		buffer_init(&form->bytes, message.len);
		error = buffer_reserve(&form->bytes, len);
		if (!failed(error))
			error = buffer_append(&form->bytes, bytes_of(out, len));
		compressed->num_forms++;
	}
	free(out);
	return error;
}

static int compare_forms(const void *left, const void *right)
{
	const struct compressed_form *a = left, *b = right;

	return a->bytes.len < b->bytes.len ? -1 : a->bytes.len > b->bytes.len;
}

static struct error make_forms(struct compressed_chain *compressed)
{
	struct error error = error_none();
	CBB message;

	if (!CBB_init(&message, certificate_list_bytes(&compressed->chain) + 64) ||
	    !write_message(&compressed->chain, &message)) {
		CBB_cleanup(&message);
		return error_of(ERROR_MEMORY, 0, "compress a chain");
	}
	struct bytes body = bytes_of(CBB_data(&message), CBB_len(&message));
	for (size_t i = 0; i < COMPRESSED_CHAIN_FORMS && body.len <= COMPRESSED_CHAIN_MAX_BYTES && !failed(error); i++)
		error = add_form(compressed, &algorithms[i], body);
	CBB_cleanup(&message);
	qsort(compressed->forms, compressed->num_forms, sizeof(compressed->forms[0]), compare_forms);
	return error;
}

struct error compressed_chain_new(const struct certificate_list *chain, struct compressed_chain **out)
{
	struct compressed_chain *compressed = calloc(1, sizeof(*compressed));
	if (compressed == NULL)
		return error_of(ERROR_MEMORY, 0, "compress a chain");

	struct error error = certificate_list_copy(&compressed->chain, chain);
	if (!failed(error))
		error = make_forms(compressed);
	if (failed(error))
		compressed_chain_free(compressed);
	else
		*out = compressed;
	return error;
}

void compressed_chain_free(struct compressed_chain *compressed)
{
	if (compressed == NULL)
		return;
	for (size_t i = 0; i < compressed->num_forms; i++)
		buffer_cleanup(&compressed->forms[i].bytes);
	certificate_list_cleanup(&compressed->chain);
	free(compressed);
}

/* Compresses a message that has more than the chain (an SCT list, an OCSP response): no prepared form fits it. */
static bool write_now(const struct algorithm *algorithm, struct bytes message, CBB *out)
{
	/* A few bytes above what does not shrink at all. */
	size_t len = message.len + message.len / 8 + 64;
	uint8_t *room = NULL;

	return CBB_reserve(out, &room, len) && algorithm->compress(message, room, &len) && CBB_did_write(out, len);
}

static int write_form(SSL *ssl, CBB *out, enum certificate_compression algorithm, struct bytes message)
{
	const struct compressed_chain *compressed = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!compressed_chain_is(compressed, message))
		return write_now(find_algorithm(algorithm), message, out);
	for (size_t i = 0; i < compressed->num_forms; i++) {
		struct bytes bytes = buffer_bytes(&compressed->forms[i].bytes);

		if (compressed->forms[i].algorithm == algorithm)
			return CBB_add_bytes(out, bytes.data, bytes.len);
	}
	return 0;
}

static int on_brotli(SSL *ssl, CBB *out, const uint8_t *in, size_t in_len)
{
	return write_form(ssl, out, COMPRESSION_BROTLI, bytes_of(in, in_len));
}

static int on_zlib(SSL *ssl, CBB *out, const uint8_t *in, size_t in_len)
{
	return write_form(ssl, out, COMPRESSION_ZLIB, bytes_of(in, in_len));
}

struct error compressed_chain_serve(const struct compressed_chain *compressed, SSL_CTX *ctx)
{
	if (!SSL_CTX_set_app_data(ctx, (void *)(uintptr_t)compressed))
		return error_crypto("offer a compressed chain");
	for (size_t i = 0; i < compressed->num_forms; i++) {
		const struct algorithm *algorithm = find_algorithm(compressed->forms[i].algorithm);

		if (!SSL_CTX_add_cert_compression_alg(ctx, (uint16_t)algorithm->id, algorithm->on_compress, NULL))
			return error_crypto("offer a compressed chain");
	}
	return error_none();
}
