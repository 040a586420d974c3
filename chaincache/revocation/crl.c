#include "chaincache/revocation/crl.h"

#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/x509.h>

#include "chaincache/revocation/revocation_reason.h"

#define TAG_EXTENSIONS (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0)

/* id-ce-*, 2.5.29.* */
static const uint8_t oid_crl_number[] = {0x55, 0x1d, 20};
static const uint8_t oid_reason[] = {0x55, 0x1d, 21};
static const uint8_t oid_invalidity_date[] = {0x55, 0x1d, 24};
static const uint8_t oid_delta[] = {0x55, 0x1d, 27};
static const uint8_t oid_scope[] = {0x55, 0x1d, 28};
static const uint8_t oid_certificate_issuer[] = {0x55, 0x1d, 29};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 35};

struct extension {
	CBS oid;
	bool critical;
	CBS content;
};

#define IS(extension, known) CBS_mem_equal(&(extension)->oid, (known), sizeof(known))

static struct error broken(void)
{
	return error_of(ERROR_FORMAT, 0, "the CRL does not parse");
}

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING } */
static bool read_extension(CBS *list, struct extension *out)
{
	CBS extension, critical;
	int has_critical;

	if (!CBS_get_asn1(list, &extension, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&extension, &out->oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_optional_asn1(&extension, &critical, &has_critical, CBS_ASN1_BOOLEAN) ||
	    !CBS_get_asn1(&extension, &out->content, CBS_ASN1_OCTETSTRING) || CBS_len(&extension) > 0)
		return false;
	out->critical = has_critical && !(CBS_len(&critical) == 1 && CBS_data(&critical)[0] == 0);
	return true;
}

/* Refuses a CRL by the extensions of one entry (5.3); all entries are looked at once. */
static bool look_at_entry(struct crl *crl, CBS rest)
{
	CBS list;
	struct extension extension;

	if (!CBS_get_any_asn1_element(&rest, NULL, NULL, NULL))
		return false;
	if (CBS_len(&rest) == 0)
		return true;
	if (!CBS_get_asn1(&rest, &list, CBS_ASN1_SEQUENCE) || CBS_len(&rest) > 0)
		return false;
	while (CBS_len(&list) > 0) {
		if (!read_extension(&list, &extension))
			return false;
		if (IS(&extension, oid_certificate_issuer))
			crl->refused = "it lists certificates of other issuers";
		else if (extension.critical && !IS(&extension, oid_reason) && !IS(&extension, oid_invalidity_date))
			crl->refused = "one of its entries has a critical extension that nobody knows";
	}
	return true;
}

static int compare_serials(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len > 0 ? memcmp(a.data, b.data, a.len) : 0;
}

static int compare_entries(const void *a, const void *b)
{
	return compare_serials(((const struct crl_entry *)a)->serial, ((const struct crl_entry *)b)->serial);
}

static size_t count_entries(CBS list)
{
	size_t count = 0;

	while (CBS_get_any_asn1_element(&list, NULL, NULL, NULL))
		count++;
	return count;
}

static bool read_entry(struct crl *crl, CBS *list)
{
	struct crl_entry *entry = &crl->entries[crl->num_entries];
	CBS fields, serial;

	if (!CBS_get_asn1(list, &fields, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&fields, &serial, CBS_ASN1_INTEGER) ||
	    !CBS_is_valid_asn1_integer(&serial, NULL) || !look_at_entry(crl, fields))
		return false;
	*entry = (struct crl_entry){bytes_of(CBS_data(&serial), CBS_len(&serial)),
				    bytes_of(CBS_data(&fields), CBS_len(&fields))};
	crl->num_entries++;
	return true;
}

static bool is_sorted(const struct crl *crl)
{
	for (size_t i = 1; i < crl->num_entries; i++)
		if (compare_entries(&crl->entries[i - 1], &crl->entries[i]) > 0)
			return false;
	return true;
}

static struct error read_entries(struct crl *crl, CBS *content)
{
	CBS list;

	if (CBS_len(content) == 0 || !CBS_peek_asn1_tag(content, CBS_ASN1_SEQUENCE))
		return error_none();
	if (!CBS_get_asn1(content, &list, CBS_ASN1_SEQUENCE))
		return broken();
	size_t count = count_entries(list);
	crl->entries = calloc(count + 1, sizeof(*crl->entries));
	if (crl->entries == NULL)
		return error_of(ERROR_MEMORY, 0, "list the entries of a CRL");
	while (CBS_len(&list) > 0)
		if (!read_entry(crl, &list))
			return broken();
	if (!is_sorted(crl))
		qsort(crl->entries, crl->num_entries, sizeof(*crl->entries), compare_entries);
	return error_none();
}

/* Ignores authorityKeyIdentifier and cRLNumber (5.2), which a look-up does not need; others count where they are
 * critical. */
static bool take_extension(struct crl *crl, const struct extension *extension)
{
	if (IS(extension, oid_scope))
		return crl_scope_read(bytes_of(CBS_data(&extension->content), CBS_len(&extension->content)),
				      &crl->scope);
	if (IS(extension, oid_delta))
		crl->is_delta = true;
	else if (extension->critical && !IS(extension, oid_crl_number) && !IS(extension, oid_authority_key_id))
		crl->refused = "it has a critical extension that nobody knows";
	return true;
}

static bool read_extensions(struct crl *crl, CBS *content)
{
	CBS wrapper, list;
	int present;
	struct extension extension;

	if (!CBS_get_optional_asn1(content, &wrapper, &present, TAG_EXTENSIONS) || CBS_len(content) > 0)
		return false;
	if (!present)
		return true;
	if (!CBS_get_asn1(&wrapper, &list, CBS_ASN1_SEQUENCE) || CBS_len(&wrapper) > 0)
		return false;
	while (CBS_len(&list) > 0)
		if (!read_extension(&list, &extension) || !take_extension(crl, &extension))
			return false;
	if (crl->refused == NULL)
		crl->refused = crl->scope.refused;
	return true;
}

static bool is_time(const CBS *cbs)
{
	return CBS_peek_asn1_tag(cbs, CBS_ASN1_UTCTIME) || CBS_peek_asn1_tag(cbs, CBS_ASN1_GENERALIZEDTIME);
}

/* TBSCertList up to revokedCertificates. */
static bool read_head(struct crl *crl, CBS *content)
{
	CBS algorithm, name;
	uint64_t version;

	if (CBS_peek_asn1_tag(content, CBS_ASN1_INTEGER) && (!CBS_get_asn1_uint64(content, &version) || version > 1))
		return false;
	if (!CBS_get_asn1_element(content, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(content, &name, CBS_ASN1_SEQUENCE) ||
	    !signed_data_read_time(content, &crl->this_update))
		return false;
	crl->has_next_update = is_time(content);
	if (crl->has_next_update && !signed_data_read_time(content, &crl->next_update))
		return false;
	/* 5.1.1.2: what is signed names the algorithm too, and the same one. */
	if (!CBS_mem_equal(&algorithm, crl->signed_data.algorithm.data, crl->signed_data.algorithm.len))
		return false;
	const uint8_t *at = CBS_data(&name);
	crl->issuer = d2i_X509_NAME(NULL, &at, (long)CBS_len(&name));
	if (crl->issuer == NULL)
		return false;
	crl->issuer_hash = (uint32_t)X509_NAME_hash(crl->issuer);
	return true;
}

static struct error read_crl(struct crl *crl, struct bytes der)
{
	CBS cbs, outer, content;

	CBS_init(&cbs, der.data, der.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE))
		return error_of(ERROR_FORMAT, 0, "not a CRL: it is no complete DER sequence");
	if (CBS_len(&cbs) > 0)
		return error_of(ERROR_FORMAT, 0, "bytes follow the CRL");
	if (!signed_data_read(&outer, &crl->signed_data) || CBS_len(&outer) > 0)
		return broken();
	CBS_init(&cbs, crl->signed_data.content.data, crl->signed_data.content.len);
	if (!CBS_get_asn1(&cbs, &content, CBS_ASN1_SEQUENCE) || !read_head(crl, &content))
		return broken();
	struct error error = read_entries(crl, &content);
	if (!failed(error) && !read_extensions(crl, &content))
		error = broken();
	return error;
}

struct error crl_parse(struct bytes der, const char *path, struct crl **out)
{
	*out = NULL;
	if (der.len > CRL_MAX_BYTES)
		return error_of(ERROR_LIMIT, 0, "a CRL is larger than 32 MiB");
	struct crl *crl = calloc(1, sizeof(*crl));
	if (crl == NULL)
		return error_of(ERROR_MEMORY, 0, "make a CRL");
	crl->path = strdup(path);
	crl->der = malloc(der.len > 0 ? der.len : 1);
	if (crl->path == NULL || crl->der == NULL) {
		crl_free(crl);
		return error_of(ERROR_MEMORY, 0, "copy a CRL");
	}
	if (der.len > 0)
		memcpy(crl->der, der.data, der.len);
	ERR_clear_error();
	struct error error = read_crl(crl, bytes_of(crl->der, der.len));
	if (error_crypto_is_memory() && failed(error))
		error = error_of(ERROR_MEMORY, 0, "read a CRL");
	if (failed(error)) {
		crl_free(crl);
		return error;
	}
	*out = crl;
	return error_none();
}

void crl_free(struct crl *crl)
{
	if (crl == NULL)
		return;
	X509_NAME_free(crl->issuer);
	free(crl->entries);
	free(crl->der);
	free(crl->path);
	free(crl);
}

bool crl_is_of(const struct crl *crl, const struct certificate *certificate)
{
	return crl->issuer_hash == certificate->issuer_hash &&
	       X509_NAME_cmp(crl->issuer, X509_get_issuer_name(certificate->x509)) == 0;
}

/* Returns the reason among an entry's extensions; -1 when it gives none. */
static int read_reason(CBS *rest)
{
	CBS list, value;
	struct extension extension;

	if (!CBS_get_asn1(rest, &list, CBS_ASN1_SEQUENCE))
		return -1;
	while (read_extension(&list, &extension))
		if (IS(&extension, oid_reason))
			return CBS_get_asn1(&extension.content, &value, CBS_ASN1_ENUMERATED) && CBS_len(&value) == 1
				   ? CBS_data(&value)[0]
				   : -1;
	return -1;
}

static const struct crl_entry *find(const struct crl *crl, struct bytes serial)
{
	const struct crl_entry wanted = {.serial = serial};

	if (crl->num_entries == 0)
		return NULL;
	return bsearch(&wanted, crl->entries, crl->num_entries, sizeof(*crl->entries), compare_entries);
}

bool crl_lists(const struct crl *crl, const struct certificate *certificate, struct crl_revocation *out)
{
	const struct crl_entry *entry = find(crl, certificate->serial_number);
	CBS cbs;

	if (entry == NULL)
		return false;
	CBS_init(&cbs, entry->rest.data, entry->rest.len);
	*out = (struct crl_revocation){.since = crl->this_update, .reason = -1};
	if (!signed_data_read_time(&cbs, &out->since))
		out->since = crl->this_update;
	out->reason = read_reason(&cbs);
	return out->reason != REVOCATION_REASON_REMOVED;
}
