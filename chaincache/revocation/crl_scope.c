#include "chaincache/revocation/crl_scope.h"

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

/* The fields of issuingDistributionPoint and of DistributionPoint: context tags. */
enum {
	TAG_POINT = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0, /* around the choice below */
	TAG_FULL_NAME = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0,
	TAG_ONLY_USERS = CBS_ASN1_CONTEXT_SPECIFIC | 1,
	TAG_ONLY_AUTHORITIES = CBS_ASN1_CONTEXT_SPECIFIC | 2,
	TAG_SOME_REASONS = CBS_ASN1_CONTEXT_SPECIFIC | 3,
	TAG_INDIRECT = CBS_ASN1_CONTEXT_SPECIFIC | 4,
	TAG_ONLY_ATTRIBUTES = CBS_ASN1_CONTEXT_SPECIFIC | 5,
};

static bool read_point(CBS *point, struct crl_scope *out)
{
	CBS names;
	CBS_ASN1_TAG tag;

	if (!CBS_get_any_asn1(point, &names, &tag) || CBS_len(point) > 0)
		return false;
	out->is_part = true;
	if (tag == TAG_FULL_NAME)
		out->names = bytes_of(CBS_data(&names), CBS_len(&names));
	else
		out->refused = "its distribution point is named by a part of a name alone";
	return true;
}

static bool read_field(CBS_ASN1_TAG tag, CBS *value, struct crl_scope *out)
{
	bool set = CBS_len(value) == 1 && CBS_data(value)[0] != 0;

	switch (tag) {
	case TAG_POINT:
		return read_point(value, out);
	case TAG_ONLY_USERS:
		out->only_leaves = set;
		return true;
	case TAG_ONLY_AUTHORITIES:
		out->only_authorities = set;
		return true;
	case TAG_SOME_REASONS:
		out->refused = "it is about some of the reasons for a revocation alone";
		return true;
	case TAG_INDIRECT:
		if (set)
			out->refused = "it is an indirect CRL, which lists certificates of other issuers";
		return true;
	case TAG_ONLY_ATTRIBUTES:
		if (set)
			out->refused = "it is about attribute certificates alone";
		return true;
	default:
		return false;
	}
}

bool crl_scope_read(struct bytes extension, struct crl_scope *out)
{
	CBS cbs, fields, value;
	CBS_ASN1_TAG tag;

	*out = (struct crl_scope){0};
	CBS_init(&cbs, extension.data, extension.len);
	if (!CBS_get_asn1(&cbs, &fields, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0)
		return false;
	while (CBS_len(&fields) > 0)
		if (!CBS_get_any_asn1(&fields, &value, &tag) || !read_field(tag, &value, out))
			return false;
	return true;
}

/* Says whether the list has a name that is this one, byte by byte. */
static bool has_name(struct bytes names, struct bytes wanted)
{
	CBS list, name;

	CBS_init(&list, names.data, names.len);
	while (CBS_get_any_asn1_element(&list, &name, NULL, NULL))
		if (bytes_equal(bytes_of(CBS_data(&name), CBS_len(&name)), wanted))
			return true;
	return false;
}

/* One DistributionPoint of a certificate: what it says of reasons or of another issuer makes it no ordinary one. */
static bool point_is_named(CBS *point, struct bytes names)
{
	CBS choice, full, name;

	if (!CBS_get_asn1(point, &choice, TAG_POINT) || CBS_len(point) > 0 ||
	    !CBS_get_asn1(&choice, &full, TAG_FULL_NAME))
		return false;
	while (CBS_get_any_asn1_element(&full, &name, NULL, NULL))
		if (has_name(names, bytes_of(CBS_data(&name), CBS_len(&name))))
			return true;
	return false;
}

static bool is_named_by(const struct certificate *certificate, struct bytes names)
{
	CBS cbs, points, point;
	int index = X509_get_ext_by_NID(certificate->x509, NID_crl_distribution_points, -1);

	if (index < 0)
		return false;
	const ASN1_OCTET_STRING *content = X509_EXTENSION_get_data(X509_get_ext(certificate->x509, index));
	CBS_init(&cbs, ASN1_STRING_get0_data(content), (size_t)ASN1_STRING_length(content));
	if (!CBS_get_asn1(&cbs, &points, CBS_ASN1_SEQUENCE))
		return false;
	while (CBS_get_asn1(&points, &point, CBS_ASN1_SEQUENCE))
		if (point_is_named(&point, names))
			return true;
	return false;
}

bool crl_scope_covers(const struct crl_scope *scope, const struct certificate *certificate)
{
	if ((scope->only_leaves && certificate->is_ca) || (scope->only_authorities && !certificate->is_ca))
		return false;
	return !scope->is_part || is_named_by(certificate, scope->names);
}
