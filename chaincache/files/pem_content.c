#include "chaincache/files/pem_content.h"

#include <openssl/bytestring.h>
#include <openssl/evp.h>

#include "chaincache/files/der_content.h"
#include "chaincache/files/pem_reader.h"
#include "chaincache/files/private_key.h"

static struct error on_private_key(struct certificate_collector *collector, const struct pem_block *block)
{
	EVP_PKEY *key;

	if (collector->skip_keys) {
		collector->instead = "the file holds a private key, and no certificate";
		return error_none();
	}
	struct error error = certificate_collector_spend_turns(collector, block->der);
	if (!failed(error))
		error = private_key_parse_pem(block->headers, block->der, collector->password, &key);
	return failed(error) ? error : certificate_collector_add_key(collector, key);
}

/* The content says what it is. */
static struct error on_content(struct certificate_collector *collector, const struct pem_block *block)
{
	enum der_kind kind = der_kind_judge(block->der);

	if (der_kind_is_key(kind))
		return on_private_key(collector, block);
	struct error error = kind != DER_KIND_UNKNOWN ? der_content_add(collector, kind, block->der)
						      : certificate_collector_add_one(collector, block->der);
	return failed(error) ? certificate_collector_tolerate(collector, error) : error;
}

/* OpenSSL's own form: the certificate, then trust settings, which no other program knows and which are left out. */
static struct error on_trusted_certificate(struct certificate_collector *collector, const struct pem_block *block)
{
	struct pem_block first = *block;
	CBS cbs;
	CBS element;

	CBS_init(&cbs, block->der.data, block->der.len);
	if (CBS_get_asn1_element(&cbs, &element, CBS_ASN1_SEQUENCE))
		first.der = bytes_of(CBS_data(&element), CBS_len(&element));
	return on_content(collector, &first);
}

static struct error on_key(struct certificate_collector *collector, const struct pem_block *block)
{
	enum der_kind kind = block->headers.len == 0 ? der_kind_judge(block->der) : DER_KIND_UNKNOWN;

	return kind == DER_KIND_CERTIFICATE || kind == DER_KIND_PKCS7 || kind == DER_KIND_PKCS12
		   ? on_content(collector, block)
		   : on_private_key(collector, block);
}

static struct error on_openssh_key(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	collector->instead = "the file holds a private key of OpenSSH, and no certificate";
	if (collector->skip_keys)
		return error_none();
	return error_of(ERROR_FORMAT, 0,
			"the private key is in OpenSSH's own format: convert it with ssh-keygen -p -m PEM");
}

static struct error on_dsa_key(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	if (collector->skip_keys)
		return error_none();
	return error_of(ERROR_FORMAT, 0, "the private key is a DSA key, which TLS no longer uses");
}

static struct error on_request(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	collector->instead = der_content_instead(DER_KIND_REQUEST);
	return error_none();
}

static struct error on_public_key(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	collector->instead = der_content_instead(DER_KIND_PUBLIC_KEY);
	return error_none();
}

static struct error on_crl(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	collector->instead = der_content_instead(DER_KIND_CRL);
	return error_none();
}

struct pem_label {
	const char *label;
	struct error (*on_block)(struct certificate_collector *collector, const struct pem_block *block);
	bool is_key;
};

/* The labels that mean something here. */
static const struct pem_label pem_labels[] = {
    {"CERTIFICATE", on_content, false},
    {"X509 CERTIFICATE", on_content, false},
    {"TRUSTED CERTIFICATE", on_trusted_certificate, false},
    {"PKCS7", on_content, false},
    {"PKCS #7 SIGNED DATA", on_content, false},
    {"CMS", on_content, false},
    {"PKCS12", on_content, false},
    {"PRIVATE KEY", on_key, true},
    {"ENCRYPTED PRIVATE KEY", on_key, true},
    {"RSA PRIVATE KEY", on_key, true},
    {"EC PRIVATE KEY", on_key, true},
    {"DSA PRIVATE KEY", on_dsa_key, true},
    {"OPENSSH PRIVATE KEY", on_openssh_key, true},
    {"CERTIFICATE REQUEST", on_request, false},
    {"NEW CERTIFICATE REQUEST", on_request, false},
    {"PUBLIC KEY", on_public_key, false},
    {"RSA PUBLIC KEY", on_public_key, false},
    {"X509 CRL", on_crl, false},
};

static const struct pem_label *find_label(const char *label)
{
	for (size_t i = 0; i < sizeof(pem_labels) / sizeof(pem_labels[0]); i++)
		if (strcmp(pem_labels[i].label, label) == 0)
			return &pem_labels[i];
	return NULL;
}

/* A block with another label ("EC PARAMETERS", say) is skipped, broken too, unless certificates are in it. */
static struct error on_unknown_label(struct certificate_collector *collector, const struct pem_block *block)
{
	static const char pgp[] = "PGP ";
	enum der_kind kind = der_kind_judge(block->der);

	if (kind == DER_KIND_CERTIFICATE || kind == DER_KIND_PKCS7)
		return on_content(collector, block);
	if (strncmp(block->label, pgp, sizeof(pgp) - 1) == 0)
		collector->instead = "the file holds a block of PGP, and no certificate of X.509";
	return error_none();
}

/* Roots and leafs must not go missing behind a damaged line; an import says how much it skipped. */
static struct error on_damaged_line(struct certificate_collector *collector, const struct pem_reader *reader)
{
	if (collector->skip_keys && strstr(reader->block.label, " KEY") != NULL)
		return error_none();
	return collector->source == SOURCE_ROOTS ? reader->error
						 : certificate_collector_tolerate(collector, reader->error);
}

static struct error on_block(struct certificate_collector *collector, const struct pem_reader *reader,
			     enum pem_status status)
{
	const struct pem_label *label = find_label(reader->block.label);

	if (reader->is_damaged_line)
		return on_damaged_line(collector, reader);
	if (label == NULL)
		return on_unknown_label(collector, &reader->block);
	if (status == PEM_BLOCK)
		return label->on_block(collector, &reader->block);
	if (label->is_key && collector->skip_keys)
		return error_none();
	return certificate_collector_tolerate(collector, reader->error);
}

struct error pem_content_read(struct certificate_collector *collector, struct bytes text, bool *out_found,
			      struct pem_fault *out_fault)
{
	struct pem_reader reader;
	enum pem_status status;
	struct error error = error_none();

	*out_found = false;
	*out_fault = (struct pem_fault){0};
	pem_reader_init(&reader, text);
	while (!failed(error) && (status = pem_reader_next(&reader)) != PEM_END) {
		*out_found = true;
		error = on_block(collector, &reader, status);
	}
	if (failed(error) && !reader.is_damaged_line)
		*out_fault = (struct pem_fault){reader.num_blocks, pem_reader_line(&reader)};
	pem_reader_cleanup(&reader);
	return error;
}
