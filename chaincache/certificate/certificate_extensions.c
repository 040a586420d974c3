#include "chaincache/certificate/certificate_extensions.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* GeneralName's choices (RFC 5280 4.2.1.6): implicit context tags. */
enum {
	TAG_DNS_NAME = CBS_ASN1_CONTEXT_SPECIFIC | 2,
	TAG_URI = CBS_ASN1_CONTEXT_SPECIFIC | 6,
	TAG_IP_ADDRESS = CBS_ASN1_CONTEXT_SPECIFIC | 7,
};

/* id-ad-caIssuers, 1.3.6.1.5.5.7.48.2 */
static const uint8_t oid_ca_issuers[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02};

/* id-pe-tlsfeature, 1.3.6.1.5.5.7.1.24, for which BoringSSL has no number */
static const uint8_t oid_tls_feature[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18};

#define FEATURE_STATUS_REQUEST 5

static struct bytes octets(const ASN1_OCTET_STRING *string)
{
	if (string == NULL)
		return bytes_of(NULL, 0);
	return bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

/* What X509 works out by itself. The calls fill its own caches too, so that later ones only read. */
static void read_constraints(struct certificate *certificate)
{
	uint32_t flags = X509_get_extension_flags(certificate->x509);
	uint32_t purposes = X509_get_extended_key_usage(certificate->x509);
	long path_length = X509_get_pathlen(certificate->x509);

	certificate->self_issued = (flags & EXFLAG_SI) != 0;
	certificate->is_ca = (flags & EXFLAG_CA) != 0 || ((flags & EXFLAG_V1) != 0 && certificate->self_issued);
	certificate->may_sign_certificates = (X509_get_key_usage(certificate->x509) & X509v3_KU_KEY_CERT_SIGN) != 0;
	certificate->has_server_auth = (flags & EXFLAG_XKUSAGE) == 0 || (purposes & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
	certificate->path_length = path_length < 0 ? -1 : path_length > INT_MAX ? INT_MAX : (int)path_length;
	certificate->extensions_valid = (flags & EXFLAG_INVALID) == 0;
}

/* The content of the first extension of this kind: false when there is none. */
static bool find_extension(const X509 *x509, int nid, CBS *out)
{
	int index = X509_get_ext_by_NID(x509, nid, -1);

	if (index < 0)
		return false;
	struct bytes content = octets(X509_EXTENSION_get_data(X509_get_ext(x509, index)));
	CBS_init(out, content.data, content.len);
	return true;
}

/* Counts the elements of a SEQUENCE OF and leaves its content in *out; 0 when it does not parse to its end. */
static size_t count_elements(CBS *extension, CBS *out)
{
	size_t count = 0;

	if (!CBS_get_asn1(extension, out, CBS_ASN1_SEQUENCE) || CBS_len(extension) > 0)
		return 0;
	for (CBS walk = *out; CBS_len(&walk) > 0; count++)
		if (!CBS_get_any_asn1_element(&walk, NULL, NULL, NULL))
			return 0;
	return count;
}

/* NameConstraints (RFC 5280 4.2.1.10): two lists of subtrees under the tags 0 and 1. */
static size_t count_constraints(const struct certificate *certificate)
{
	CBS extension;
	CBS lists;
	CBS list;
	CBS_ASN1_TAG tag;
	size_t count = 0;

	if (!find_extension(certificate->x509, NID_name_constraints, &extension) ||
	    !CBS_get_asn1(&extension, &lists, CBS_ASN1_SEQUENCE))
		return 0;
	while (CBS_get_any_asn1(&lists, &list, &tag))
		while (CBS_get_any_asn1_element(&list, NULL, NULL, NULL))
			count++;
	return count;
}

static struct error read_alt_names(struct certificate *certificate)
{
	CBS extension;
	CBS names;
	CBS value;
	CBS_ASN1_TAG tag;

	certificate->has_alt_names = find_extension(certificate->x509, NID_subject_alt_name, &extension);
	size_t count = certificate->has_alt_names ? count_elements(&extension, &names) : 0;
	if (count == 0)
		return error_none();
	if (count > CERTIFICATE_MAX_NAMES)
		return error_of(ERROR_LIMIT, 0, "the certificate has more than 1000 names");
	certificate->alt_names = calloc(count, sizeof *certificate->alt_names);
	if (certificate->alt_names == NULL)
		return error_of(ERROR_MEMORY, 0, "list a certificate's names");

	while (CBS_len(&names) > 0 && CBS_get_any_asn1(&names, &value, &tag)) {
		struct alt_name *name = &certificate->alt_names[certificate->num_alt_names++];
		bool is_ip = tag == TAG_IP_ADDRESS && (CBS_len(&value) == 4 || CBS_len(&value) == 16);
		name->type = tag == TAG_DNS_NAME ? ALT_NAME_DNS : is_ip ? ALT_NAME_IP : ALT_NAME_OTHER;
		name->value = bytes_of(CBS_data(&value), CBS_len(&value));
	}
	return error_none();
}

static bool is_plain_text(const CBS *text)
{
	for (size_t i = 0; i < CBS_len(text); i++)
		if (CBS_data(text)[i] <= ' ' || CBS_data(text)[i] >= 0x7f)
			return false;
	return CBS_len(text) > 0;
}

static struct error keep_url(struct certificate *certificate, const CBS *url)
{
	if (certificate->num_ca_issuer_urls >= CERTIFICATE_MAX_URLS || !is_plain_text(url)) {
		certificate->num_urls_dropped++;
		return error_none();
	}
	char *copy = malloc(CBS_len(url) + 1);
	if (copy == NULL)
		return error_of(ERROR_MEMORY, 0, "copy a URL");
	memcpy(copy, CBS_data(url), CBS_len(url));
	copy[CBS_len(url)] = '\0';
	certificate->ca_issuer_urls[certificate->num_ca_issuer_urls++] = copy;
	return error_none();
}

/* AuthorityInfoAccessSyntax (RFC 5280 4.2.2.1). An entry that is no URL, or for another method, is passed over. */
static struct error read_ca_issuer_urls(struct certificate *certificate)
{
	CBS extension;
	CBS entries;
	CBS entry;
	CBS method;
	CBS url;
	struct error error = error_none();

	if (!find_extension(certificate->x509, NID_info_access, &extension))
		return error_none();
	size_t count = count_elements(&extension, &entries);
	if (count == 0)
		return error_none();
	certificate->ca_issuer_urls =
	    calloc(count < CERTIFICATE_MAX_URLS ? count : CERTIFICATE_MAX_URLS, sizeof *certificate->ca_issuer_urls);
	if (certificate->ca_issuer_urls == NULL)
		return error_of(ERROR_MEMORY, 0, "list a certificate's URLs");

	while (!failed(error) && CBS_get_asn1(&entries, &entry, CBS_ASN1_SEQUENCE))
		if (CBS_get_asn1(&entry, &method, CBS_ASN1_OBJECT) &&
		    CBS_mem_equal(&method, oid_ca_issuers, sizeof oid_ca_issuers) &&
		    CBS_get_asn1(&entry, &url, TAG_URI))
			error = keep_url(certificate, &url);
	return error;
}

static bool is_tls_feature(const X509_EXTENSION *extension)
{
	/* API version 26 takes an extension that it may change. */
	const ASN1_OBJECT *object = X509_EXTENSION_get_object((X509_EXTENSION *)extension);

	return OBJ_length(object) == sizeof oid_tls_feature &&
	       memcmp(OBJ_get0_data(object), oid_tls_feature, sizeof oid_tls_feature) == 0;
}

/* Features (RFC 7633): a list of numbers of TLS extensions. */
static bool has_status_request(CBS content)
{
	CBS features;
	uint64_t feature;

	if (!CBS_get_asn1(&content, &features, CBS_ASN1_SEQUENCE))
		return false;
	while (CBS_get_asn1_uint64(&features, &feature))
		if (feature == FEATURE_STATUS_REQUEST)
			return true;
	return false;
}

static void read_tls_feature(struct certificate *certificate)
{
	CBS content;

	for (int i = 0; i < X509_get_ext_count(certificate->x509); i++) {
		const X509_EXTENSION *extension = X509_get_ext(certificate->x509, i);
		if (!is_tls_feature(extension))
			continue;
		struct bytes value = octets(X509_EXTENSION_get_data((X509_EXTENSION *)extension));
		CBS_init(&content, value.data, value.len);
		certificate->must_staple = has_status_request(content);
	}
}

struct error certificate_extensions_read(struct certificate *certificate)
{
	read_constraints(certificate);
	read_tls_feature(certificate);
	certificate->num_constraints = count_constraints(certificate);
	certificate->subject_key_id = octets(X509_get0_subject_key_id(certificate->x509));
	certificate->authority_key_id = octets(X509_get0_authority_key_id(certificate->x509));

	struct error error = read_alt_names(certificate);
	return failed(error) ? error : read_ca_issuer_urls(certificate);
}
