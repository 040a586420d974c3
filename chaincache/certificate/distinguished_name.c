#include "chaincache/certificate/distinguished_name.h"

#include <stdint.h>
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include "chaincache/base/buffer.h"

/* A certificate has at most 64 KiB, and a byte of it becomes at most four characters; an escaped one three more. */
#define MAX_TEXT_BYTES ((size_t)1024 * 1024)

struct code_range {
	uint32_t first;
	uint32_t last;
};

/* Characters that draw nothing of their own but move the cursor, end the line or turn the order of the others. */
static const struct code_range deceptive[] = {
    {0x0000, 0x001f}, /* C0 */
    {0x007f, 0x009f}, /* DEL and C1: U+009B starts a terminal's control sequence */
    {0x061c, 0x061c}, /* Arabic letter mark */
    {0x200b, 0x200f}, /* zero width, direction marks */
    {0x2028, 0x202e}, /* line and paragraph separator, bidirectional embeddings and overrides */
    {0x2060, 0x206f}, /* word joiner, isolates, deprecated format characters */
    {0xfeff, 0xfeff}, /* zero width no-break space */
};

static bool is_deceptive(uint32_t code)
{
	if (code >= ' ' && code < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof(deceptive) / sizeof(deceptive[0]); i++)
		if (code >= deceptive[i].first && code <= deceptive[i].last)
			return true;
	return false;
}

/* Returns the length of the character at `text`, whose code point goes to *out_code; 1 for a byte that is no valid
 * UTF-8. */
static size_t decode_utf8(struct bytes text, uint32_t *out_code)
{
	uint8_t lead = text.data[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;

	*out_code = 0; /* escaped, as NUL is */
	if (len == 0 || len > text.len)
		return 1;
	uint32_t code = len == 1 ? lead : lead & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text.data[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (text.data[i] & 0x3fU);
	}
	*out_code = code;
	return len;
}

/* Plain text is appended in whole runs: names are printed for every certificate of a cache. */
static struct error append_escaped(struct buffer *out, struct bytes text)
{
	struct error error = error_none();
	size_t plain = 0;
	uint32_t code;

	for (size_t at = 0, len; at < text.len && !failed(error); at += len) {
		len = decode_utf8(bytes_of(text.data + at, text.len - at), &code);
		if (!is_deceptive(code))
			continue;
		error = buffer_append(out, bytes_of(text.data + plain, at - plain));
		for (size_t i = at; i < at + len && !failed(error); i++)
			error = buffer_printf(out, "\\%02X", (unsigned)text.data[i]);
		plain = at + len;
	}
	return failed(error) ? error : buffer_append(out, bytes_of(text.data + plain, text.len - plain));
}

static struct error escape(struct bytes text, char **out)
{
	struct buffer buffer;

	buffer_init(&buffer, MAX_TEXT_BYTES);
	struct error error = append_escaped(&buffer, text);
	if (failed(error)) {
		buffer_cleanup(&buffer);
		return error;
	}
	*out = (char *)buffer.data; /* handed over: the caller frees it */
	return error_none();
}

static struct error out_of_memory(void)
{
	return error_of(ERROR_MEMORY, 0, "print a name");
}

/* A value whose characters do not decode is no reason to lose the certificate: it is printed as its DER in hex. */
static struct error print_with_fallback(BIO *bio, const X509_NAME *name)
{
	const unsigned long readable = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	const unsigned long dumped = XN_FLAG_RFC2253 | ASN1_STRFLGS_DUMP_ALL; /* it has DUMP_DER */

	if (X509_NAME_print_ex(bio, name, 0, readable) >= 0)
		return error_none();
	if (error_crypto_is_memory())
		return out_of_memory();
	return BIO_reset(bio) > 0 && X509_NAME_print_ex(bio, name, 0, dumped) >= 0 ? error_none()
										   : error_crypto("print a name");
}

struct error distinguished_name_print(const X509_NAME *name, char **out)
{
	const uint8_t *data;
	size_t len;
	struct error error;

	*out = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	if (bio == NULL) {
		ERR_clear_error();
		return out_of_memory();
	}
	error = print_with_fallback(bio, name);
	if (!failed(error) && !BIO_mem_contents(bio, &data, &len))
		error = error_crypto("print a name");
	if (!failed(error))
		error = escape(len > 0 ? bytes_of(data, len) : bytes_of_string(""), out);
	BIO_free(bio);
	return error;
}

static const ASN1_STRING *last_common_name(const X509_NAME *name)
{
	int last = -1;

	for (int i = -1; (i = X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0;)
		last = i;
	return last < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last));
}

struct error distinguished_name_common_name(const X509_NAME *name, char **out)
{
	*out = NULL;
	const ASN1_STRING *value = last_common_name(name);
	if (value == NULL)
		return error_none();

	unsigned char *text;
	int len = ASN1_STRING_to_UTF8(&text, value);
	if (len < 0)
		return error_crypto_is_memory() ? out_of_memory() : error_none();
	struct error error = escape(len > 0 ? bytes_of(text, (size_t)len) : bytes_of_string(""), out);
	OPENSSL_free(text);
	return error;
}
