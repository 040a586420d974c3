#include "chaincache/files/der_content.h"

#include "chaincache/files/private_key.h"

static const char *const instead_of[] = {
    [DER_KIND_REQUEST] =
	"the file holds a certificate request (CSR), and no certificate: it has to be signed by a CA first",
    [DER_KIND_CRL] = "the file holds a revocation list (CRL), and no certificate",
    [DER_KIND_PUBLIC_KEY] = "the file holds a public key, and neither a certificate nor a private key",
};

const char *der_content_instead(enum der_kind kind)
{
	return (size_t)kind < sizeof(instead_of) / sizeof(instead_of[0]) ? instead_of[kind] : NULL;
}

/* Transfers and editors leave these after a structure. */
static bool is_padding(uint8_t c)
{
	return c == '\0' || c == ' ' || (c >= '\t' && c <= '\r');
}

static struct error cut_padding(struct bytes *der)
{
	size_t len = der_whole_length(*der);

	if (len == 0 || len >= der->len)
		return error_none();
	for (size_t i = len; i < der->len; i++)
		if (!is_padding(der->data[i]))
			return error_of(ERROR_FORMAT, (int)(der->len - len),
					"bytes follow the DER structure (%d of them)");
	der->len = len;
	return error_none();
}

struct error der_content_add(struct certificate_collector *collector, enum der_kind kind, struct bytes der)
{
	struct error error = cut_padding(&der);

	if (failed(error))
		return error;
	switch (kind) {
	case DER_KIND_CERTIFICATE:
		return certificate_collector_add_one(collector, der);
	case DER_KIND_PKCS7:
		return certificate_collector_add_pkcs7(collector, der);
	case DER_KIND_PKCS12:
		return certificate_collector_add_pkcs12(collector, der);
	default:
		break;
	}
	const char *instead = der_content_instead(kind);
	return error_of(
	    ERROR_FORMAT, 0,
	    instead != NULL ? instead : "the file is DER, but neither a certificate nor a key nor PKCS#7 nor PKCS#12");
}

static struct error read_key(struct certificate_collector *collector, struct bytes der)
{
	EVP_PKEY *key;

	if (collector->skip_keys)
		return error_of(ERROR_FORMAT, 0, "the file holds a private key, and no certificate");
	struct error error = cut_padding(&der);
	if (!failed(error))
		error = certificate_collector_spend_turns(collector, der);
	if (!failed(error))
		error = private_key_parse_der(der, collector->password, &key);
	return failed(error) ? error : certificate_collector_add_key(collector, key);
}

struct error der_content_read(struct certificate_collector *collector, struct bytes der)
{
	enum der_kind kind = der_kind_judge(der);

	return der_kind_is_key(kind) ? read_key(collector, der) : der_content_add(collector, kind, der);
}
