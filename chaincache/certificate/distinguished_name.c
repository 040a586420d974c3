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
#include "chaincache/base/printable.h"

/* A certificate has at most 64 KiB, and a byte of it becomes at most four characters; an escaped one three more. */
#define MAX_TEXT_BYTES ((size_t)1024 * 1024)

/* Plain text is appended in whole runs: names are printed for every certificate of a cache. */
static struct error append_escaped(struct buffer *out, struct bytes text)
{
	struct error error = error_none();
	size_t plain = 0;

	for (size_t at = 0, len; at < text.len && !failed(error); at += len) {
		bool is_plain;
		len = printable_next(bytes_of(text.data + at, text.len - at), PRINTABLE_LINE, &is_plain);
		if (is_plain)
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
