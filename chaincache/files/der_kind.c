#include "chaincache/files/der_kind.h"

enum {
	TAG_INTEGER = 0x02,
	TAG_BIT_STRING = 0x03,
	TAG_OCTET_STRING = 0x04,
	TAG_OID = 0x06,
	TAG_UTC_TIME = 0x17,
	TAG_GENERALIZED_TIME = 0x18,
	TAG_SEQUENCE = 0x30,
	TAG_CONTEXT_0 = 0xa0,
	TAG_NUMBER_BITS = 0x1f, /* all set: the number stands in further octets */
};

#define MAX_LENGTH_OCTETS 4

/* One element's header. BER's indefinite form (old PKCS#7 and PKCS#12 writers) has the length SIZE_MAX. */
struct header {
	uint8_t tag;
	size_t header_len;
	size_t content_len;
};

static bool read_header(struct bytes in, struct header *out)
{
	if (in.len < 2)
		return false;
	*out = (struct header){in.data[0], 2, in.data[1]};
	if (in.data[1] == 0x80)
		out->content_len = SIZE_MAX;
	if (in.data[1] <= 0x80)
		return true;

	size_t octets = in.data[1] & 0x7f;
	if (octets > MAX_LENGTH_OCTETS || in.len < 2 + octets)
		return false;
	out->header_len = 2 + octets;
	out->content_len = 0;
	for (size_t i = 0; i < octets; i++)
		out->content_len = out->content_len << 8 | in.data[2 + i];
	return true;
}

static uint8_t peek(struct bytes in)
{
	return in.len > 0 ? in.data[0] : 0;
}

/* Steps into the element at the start of `in`. */
static bool enter(struct bytes *in, uint8_t tag)
{
	struct header header;

	if (!read_header(*in, &header) || header.tag != tag)
		return false;
	*in = bytes_of(in->data + header.header_len, in->len - header.header_len);
	return true;
}

/* Steps over the element at the start of `in`. */
static bool skip(struct bytes *in, uint8_t tag)
{
	struct header header;

	if (!read_header(*in, &header) || header.tag != tag || header.content_len > in->len - header.header_len)
		return false;
	size_t len = header.header_len + header.content_len;
	*in = bytes_of(in->data + len, in->len - len);
	return true;
}

size_t der_outer_length(struct bytes der)
{
	struct header header;

	if (!read_header(der, &header) || header.tag != TAG_SEQUENCE)
		return 0;
	return header.content_len == SIZE_MAX ? SIZE_MAX : header.header_len + header.content_len;
}

/* Steps over one header, and over what a definite length counts; *depth is the number of indefinite ones around it. */
static bool skip_within(struct bytes *in, size_t *depth)
{
	struct header header;

	if (!read_header(*in, &header) || (header.tag & TAG_NUMBER_BITS) == TAG_NUMBER_BITS)
		return false;
	bool is_end = header.tag == 0 && header.content_len == 0;
	bool is_indefinite = header.content_len == SIZE_MAX;
	size_t content_len = is_indefinite ? 0 : header.content_len;
	if (content_len > in->len - header.header_len)
		return false;
	*in = bytes_of(in->data + header.header_len + content_len, in->len - header.header_len - content_len);
	*depth = *depth + is_indefinite - is_end;
	return true;
}

size_t der_whole_length(struct bytes der)
{
	size_t len = der_outer_length(der);
	struct bytes rest = der;
	size_t depth = 0;

	if (len != SIZE_MAX)
		return len;
	do {
		if (!skip_within(&rest, &depth))
			return SIZE_MAX;
	} while (depth > 0);
	return der.len - rest.len;
}

/* SEQUENCE { INTEGER version, ... }: a private key of some kind, or PKCS#12 (RFC 5208, 8017, 5915, 7292). */
static enum der_kind judge_versioned(struct bytes in)
{
	bool is_pfx = in.len > 2 && in.data[1] == 1 && in.data[2] >= 3;

	if (!skip(&in, TAG_INTEGER))
		return DER_KIND_UNKNOWN;
	switch (peek(in)) {
	case TAG_SEQUENCE:
		return is_pfx ? DER_KIND_PKCS12 : DER_KIND_PRIVATE_KEY;
	case TAG_INTEGER:
		return DER_KIND_RSA_KEY;
	case TAG_OCTET_STRING:
		return DER_KIND_EC_KEY;
	default:
		return DER_KIND_UNKNOWN;
	}
}

/* SEQUENCE { AlgorithmIdentifier, ... }: an encrypted private key or a public key. */
static enum der_kind judge_algorithm(struct bytes in)
{
	if (!skip(&in, TAG_SEQUENCE))
		return DER_KIND_UNKNOWN;
	switch (peek(in)) {
	case TAG_OCTET_STRING:
		return DER_KIND_ENCRYPTED_KEY;
	case TAG_BIT_STRING:
		return DER_KIND_PUBLIC_KEY;
	default:
		return DER_KIND_UNKNOWN;
	}
}

/* Judges a signed structure. A request is { version, subject, key, [0] attributes }; a version 1 certificate starts
 * like one, but has six elements of which the fourth is the validity; a CRL has a time there, and need not have a
 * version (RFC 5280 5.1). */
static enum der_kind judge_signed(struct bytes in)
{
	if (peek(in) == TAG_CONTEXT_0)
		return DER_KIND_CERTIFICATE;
	bool has_number = skip(&in, TAG_INTEGER);
	for (int i = 0; i < 2; i++) {
		if (!skip(&in, TAG_SEQUENCE))
			return DER_KIND_UNKNOWN;
	}
	if (peek(in) == TAG_UTC_TIME || peek(in) == TAG_GENERALIZED_TIME)
		return DER_KIND_CRL;
	if (!has_number)
		return DER_KIND_UNKNOWN;
	return peek(in) == TAG_SEQUENCE ? DER_KIND_CERTIFICATE : DER_KIND_REQUEST;
}

bool der_kind_is_key(enum der_kind kind)
{
	return kind == DER_KIND_PRIVATE_KEY || kind == DER_KIND_ENCRYPTED_KEY || kind == DER_KIND_RSA_KEY ||
	       kind == DER_KIND_EC_KEY;
}

enum der_kind der_kind_judge(struct bytes der)
{
	struct bytes inner = der;

	if (!enter(&inner, TAG_SEQUENCE))
		return DER_KIND_UNKNOWN;
	switch (peek(inner)) {
	case TAG_OID:
		return DER_KIND_PKCS7;
	case TAG_INTEGER:
		return judge_versioned(inner);
	case TAG_SEQUENCE:
		break;
	default:
		return DER_KIND_UNKNOWN;
	}

	struct bytes first = inner;
	if (!enter(&first, TAG_SEQUENCE))
		return DER_KIND_UNKNOWN;
	return peek(first) == TAG_OID ? judge_algorithm(inner) : judge_signed(first);
}
