#include "chaincache/certificate/certificate_extensions.h"

#include <stdlib.h>
#include <string.h>

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

/* The CA/Browser Forum's reserved policies: 2.23.140.1.1 (extended validation) and 2.23.140.1.2.x (domain,
 * organisation, individual validated) */
static const uint8_t oid_extended_validation[] = {0x67, 0x81, 0x0c, 0x01, 0x01};
static const uint8_t oid_baseline_requirements[] = {0x67, 0x81, 0x0c, 0x01, 0x02};

#define FEATURE_STATUS_REQUEST 5

static struct bytes octets(const ASN1_OCTET_STRING *string)
{
	if (string == NULL)
		return bytes_of(NULL, 0);
	return bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

struct bytes certificate_extensions_subject_key_id(X509 *x509)
{
	return octets(X509_get0_subject_key_id(x509));
}

struct bytes certificate_extensions_authority_key_id(X509 *x509)
{
	return octets(X509_get0_authority_key_id(x509));
}

/* Finds the content of the first extension of this kind; false where there is none. */
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
size_t certificate_extensions_count_constraints(const X509 *x509)
{
	CBS extension;
	CBS lists;
	CBS list;
	CBS_ASN1_TAG tag;
	size_t count = 0;

	if (!find_extension(x509, NID_name_constraints, &extension) ||
	    !CBS_get_asn1(&extension, &lists, CBS_ASN1_SEQUENCE))
		return 0;
	while (CBS_get_any_asn1(&lists, &list, &tag))
		while (CBS_get_any_asn1_element(&list, NULL, NULL, NULL))
			count++;
	return count;
}

struct error certificate_extensions_alt_names(const X509 *x509, bool *out_present, struct alt_name **out,
					      size_t *out_count)
{
	CBS extension;
	CBS names;
	CBS value;
	CBS_ASN1_TAG tag;

	*out = NULL;
	*out_count = 0;
	*out_present = find_extension(x509, NID_subject_alt_name, &extension);
	size_t count = *out_present ? count_elements(&extension, &names) : 0;
	if (count == 0)
		return error_none();
	*out = calloc(count, sizeof(**out));
	if (*out == NULL)
		return error_of(ERROR_MEMORY, 0, "list a certificate's names");

	while (CBS_len(&names) > 0 && CBS_get_any_asn1(&names, &value, &tag)) {
		struct alt_name *name = &(*out)[(*out_count)++];
		bool is_ip = tag == TAG_IP_ADDRESS && (CBS_len(&value) == 4 || CBS_len(&value) == 16);
		name->type = tag == TAG_DNS_NAME ? ALT_NAME_DNS : is_ip ? ALT_NAME_IP : ALT_NAME_OTHER;
		name->value = bytes_of(CBS_data(&value), CBS_len(&value));
	}
	return error_none();
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts off the blanks around a URL that some authorities' templates leave there. */
static void trim(CBS *text)
{
	struct bytes left = bytes_of(CBS_data(text), CBS_len(text));

	while (left.len > 0 && is_blank(left.data[0]))
		left = bytes_of(left.data + 1, left.len - 1);
	while (left.len > 0 && is_blank(left.data[left.len - 1]))
		left.len--;
	CBS_init(text, left.data, left.len);
}

/* Allows ASCII without control characters; copy_url escapes the spaces. */
static bool is_plain_text(const CBS *text)
{
	for (size_t i = 0; i < CBS_len(text); i++)
		if (CBS_data(text)[i] < ' ' || CBS_data(text)[i] >= 0x7f)
			return false;
	return CBS_len(text) > 0;
}

/* Escapes spaces, as Windows does: an authority's name often has some, and its URL is made from it. */
static char *copy_url(const CBS *text)
{
	static const char escape[] = "%20";
	char *copy = malloc(strlen(escape) * CBS_len(text) + 1);
	size_t len = 0;

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < CBS_len(text); i++) {
		bool is_space = CBS_data(text)[i] == ' ';
		memcpy(copy + len, is_space ? (const void *)escape : CBS_data(text) + i, is_space ? strlen(escape) : 1);
		len += is_space ? strlen(escape) : 1;
	}
	copy[len] = '\0';
	return copy;
}

/* Reads the URL of an AccessDescription that is for caIssuers. */
static bool get_ca_issuer_url(CBS *entry, CBS *out)
{
	CBS method;

	return CBS_get_asn1(entry, &method, CBS_ASN1_OBJECT) &&
	       CBS_mem_equal(&method, oid_ca_issuers, sizeof(oid_ca_issuers)) && CBS_get_asn1(entry, out, TAG_URI);
}

/* AuthorityInfoAccessSyntax (RFC 5280 4.2.2.1). An entry that is no URL, or for another method, is skipped. */
struct error certificate_extensions_ca_issuer_urls(const X509 *x509, char ***out, size_t *out_count,
						   size_t *out_dropped)
{
	CBS extension;
	CBS entries;
	CBS entry;
	CBS url;

	*out = NULL;
	*out_count = *out_dropped = 0;
	size_t count = find_extension(x509, NID_info_access, &extension) ? count_elements(&extension, &entries) : 0;
	if (count == 0)
		return error_none();
	*out = calloc(count < CERTIFICATE_MAX_URLS ? count : CERTIFICATE_MAX_URLS, sizeof(**out));
	if (*out == NULL)
		return error_of(ERROR_MEMORY, 0, "list a certificate's URLs");

	while (CBS_get_asn1(&entries, &entry, CBS_ASN1_SEQUENCE)) {
		if (!get_ca_issuer_url(&entry, &url))
			continue;
		trim(&url);
		if (*out_count == CERTIFICATE_MAX_URLS || !is_plain_text(&url)) {
			(*out_dropped)++;
			continue;
		}
		char *copy = copy_url(&url);
		if (copy == NULL)
			return error_of(ERROR_MEMORY, 0, "copy a URL");
		(*out)[(*out_count)++] = copy;
	}
	return error_none();
}

static bool is_tls_feature(const X509_EXTENSION *extension)
{
	/* API version 26 takes an extension that it may change. */
	const ASN1_OBJECT *object = X509_EXTENSION_get_object((X509_EXTENSION *)extension);

	return OBJ_length(object) == sizeof(oid_tls_feature) &&
	       memcmp(OBJ_get0_data(object), oid_tls_feature, sizeof(oid_tls_feature)) == 0;
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

bool certificate_extensions_must_staple(const X509 *x509)
{
	bool must_staple = false;
	CBS content;

	for (int i = 0; i < X509_get_ext_count(x509); i++) {
		const X509_EXTENSION *extension = X509_get_ext(x509, i);
		if (!is_tls_feature(extension))
			continue;
		struct bytes value = octets(X509_EXTENSION_get_data((X509_EXTENSION *)extension));
		CBS_init(&content, value.data, value.len);
		must_staple = has_status_request(content);
	}
	return must_staple;
}

static bool is_public_policy(const CBS *policy)
{
	if (CBS_mem_equal(policy, oid_extended_validation, sizeof(oid_extended_validation)))
		return true;
	return CBS_len(policy) == sizeof(oid_baseline_requirements) + 1 &&
	       memcmp(CBS_data(policy), oid_baseline_requirements, sizeof(oid_baseline_requirements)) == 0;
}

/* CertificatePolicies (RFC 5280 4.2.1.4) */
bool certificate_extensions_public_policy(const X509 *x509)
{
	CBS extension;
	CBS policies;
	CBS information;
	CBS policy;

	if (!find_extension(x509, NID_certificate_policies, &extension) ||
	    !CBS_get_asn1(&extension, &policies, CBS_ASN1_SEQUENCE))
		return false;
	while (CBS_get_asn1(&policies, &information, CBS_ASN1_SEQUENCE) &&
	       CBS_get_asn1(&information, &policy, CBS_ASN1_OBJECT))
		if (is_public_policy(&policy))
			return true;
	return false;
}
