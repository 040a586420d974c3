#include "chaincache/files/certificate_file.h"

#include <stdio.h>

#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/mem.h>

#include "chaincache/base/buffer.h"
#include "chaincache/files/certificate_collector.h"
#include "chaincache/files/der_kind.h"
#include "chaincache/files/pem_reader.h"
#include "chaincache/files/private_key.h"

/* DER */

static const char *const instead_of[] = {
    [DER_KIND_REQUEST] =
	"the file holds a certificate request (CSR), and no certificate: it has to be signed by a CA first",
    [DER_KIND_CRL] = "the file holds a revocation list (CRL), and no certificate",
    [DER_KIND_PUBLIC_KEY] = "the file holds a public key, and neither a certificate nor a private key",
};

static struct error parse_der_key(struct certificate_collector *collector, struct bytes der)
{
	EVP_PKEY *key;

	if (collector->skip_keys)
		return error_of(ERROR_FORMAT, 0, "the file holds a private key, and no certificate");
	struct error error = private_key_parse_der(der, collector->password, &key);
	return failed(error) ? error : certificate_collector_add_key(collector, key);
}

static struct error parse_der(struct certificate_collector *collector, struct bytes der,
			      enum certificate_file_format *out_format)
{
	enum der_kind kind = der_kind_judge(der);

	switch (kind) {
	case DER_KIND_CERTIFICATE:
		*out_format = FILE_FORMAT_DER;
		return certificate_collector_add_one(collector, der);
	case DER_KIND_PKCS7:
		*out_format = FILE_FORMAT_PKCS7;
		return certificate_collector_add_pkcs7(collector, der);
	case DER_KIND_PKCS12:
		*out_format = FILE_FORMAT_PKCS12;
		return certificate_collector_add_pkcs12(collector, der);
	case DER_KIND_PRIVATE_KEY:
	case DER_KIND_ENCRYPTED_KEY:
	case DER_KIND_RSA_KEY:
	case DER_KIND_EC_KEY:
		*out_format = FILE_FORMAT_KEY;
		return parse_der_key(collector, der);
	case DER_KIND_REQUEST:
	case DER_KIND_CRL:
	case DER_KIND_PUBLIC_KEY:
		return error_of(ERROR_FORMAT, 0, instead_of[kind]);
	case DER_KIND_UNKNOWN:
		break;
	}
	return error_of(ERROR_FORMAT, 0, "the file is DER, but neither a certificate nor a key nor PKCS#7 nor PKCS#12");
}

/* PEM */

static struct error on_certificate(struct certificate_collector *collector, const struct pem_block *block)
{
	return certificate_collector_add(collector, block->der);
}

/* OpenSSL's own form: the certificate, then trust settings, which no other program knows and which are left out. */
static struct error on_trusted_certificate(struct certificate_collector *collector, const struct pem_block *block)
{
	CBS cbs;
	CBS first;

	CBS_init(&cbs, block->der.data, block->der.len);
	if (!CBS_get_asn1_element(&cbs, &first, CBS_ASN1_SEQUENCE))
		return certificate_collector_add(collector, block->der);
	return certificate_collector_add(collector, bytes_of(CBS_data(&first), CBS_len(&first)));
}

static struct error on_pkcs7(struct certificate_collector *collector, const struct pem_block *block)
{
	struct error error = certificate_collector_add_pkcs7(collector, block->der);

	return failed(error) ? certificate_collector_tolerate(collector, error) : error;
}

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

static struct error on_openssh_key(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
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
	collector->instead = instead_of[DER_KIND_REQUEST];
	return error_none();
}

static struct error on_public_key(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	collector->instead = instead_of[DER_KIND_PUBLIC_KEY];
	return error_none();
}

static struct error on_crl(struct certificate_collector *collector, const struct pem_block *block)
{
	(void)block;
	collector->instead = instead_of[DER_KIND_CRL];
	return error_none();
}

/* The labels that mean something here; a block with another one ("EC PARAMETERS", say) is passed over, broken too. */
static const struct pem_label {
	const char *label;
	struct error (*on_block)(struct certificate_collector *collector, const struct pem_block *block);
	bool is_key;
} pem_labels[] = {
    {"CERTIFICATE", on_certificate, false},
    {"X509 CERTIFICATE", on_certificate, false},
    {"TRUSTED CERTIFICATE", on_trusted_certificate, false},
    {"PKCS7", on_pkcs7, false},
    {"PKCS #7 SIGNED DATA", on_pkcs7, false},
    {"CMS", on_pkcs7, false},
    {"PRIVATE KEY", on_private_key, true},
    {"ENCRYPTED PRIVATE KEY", on_private_key, true},
    {"RSA PRIVATE KEY", on_private_key, true},
    {"EC PRIVATE KEY", on_private_key, true},
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

static struct error on_block(struct certificate_collector *collector, const struct pem_reader *reader,
			     enum pem_status status)
{
	const struct pem_label *label = find_label(reader->block.label);

	if (label == NULL)
		return error_none();
	if (status == PEM_BLOCK)
		return label->on_block(collector, &reader->block);
	if (label->is_key && collector->skip_keys)
		return error_none();
	return certificate_collector_tolerate(collector, reader->error);
}

static struct error parse_pem(struct certificate_collector *collector, struct bytes text, struct certificate_file *out)
{
	struct pem_reader reader;
	enum pem_status status;
	struct error error = error_none();

	out->format = FILE_FORMAT_PEM;
	pem_reader_init(&reader, text);
	while (!failed(error) && (status = pem_reader_next(&reader)) != PEM_END)
		error = on_block(collector, &reader, status);
	if (failed(error)) {
		out->fault_block = reader.num_blocks;
		out->fault_line = pem_reader_line(&reader);
	}
	pem_reader_cleanup(&reader);
	return error;
}

/* UTF-16, as Windows' Notepad and PowerShell write it: PEM is ASCII, so all else becomes a question mark. */
static struct error parse_utf16(struct certificate_collector *collector, struct bytes content, bool big_endian,
				struct certificate_file *out)
{
	size_t len = content.len / 2;
	uint8_t *text = OPENSSL_malloc(len + 1);
	if (text == NULL)
		return error_of(ERROR_MEMORY, 0, "convert UTF-16");

	for (size_t i = 0; i < len; i++) {
		uint8_t low = content.data[2 * i + (big_endian ? 1 : 0)];
		uint8_t high = content.data[2 * i + (big_endian ? 0 : 1)];
		text[i] = high == 0 && low < 0x80 ? low : '?';
	}
	struct error error = parse_pem(collector, bytes_of(text, len), out);
	OPENSSL_free(text);
	return error;
}

/* Formats */

/* Text never has the first two bytes of DER with the right length behind them; "0..." in a text has a wrong one. */
static bool is_whole_der(struct bytes content)
{
	size_t len = der_outer_length(content);

	return len == content.len || (len == SIZE_MAX && der_kind_judge(content) != DER_KIND_UNKNOWN);
}

static bool contains_pem(struct bytes content)
{
	static const char begin[] = "-----BEGIN ";

	for (size_t i = 0; i + sizeof(begin) - 1 <= content.len; i++)
		if (content.data[i] == '-' && memcmp(content.data + i, begin, sizeof(begin) - 1) == 0)
			return true;
	return false;
}

static struct error parse_binary(struct bytes content)
{
	size_t len = der_outer_length(content);

	if (len == 0 || der_kind_judge(content) == DER_KIND_UNKNOWN)
		return error_of(ERROR_FORMAT, 0, "the file holds no certificate and no key, being neither PEM nor DER");
	return len > content.len ? error_of(ERROR_FORMAT, 0, "the file is cut short, as its DER says that it is longer")
				 : error_of(ERROR_FORMAT, 0, "bytes follow the DER structure in the file");
}

static bool has_prefix(struct bytes content, const char *prefix, size_t len)
{
	return content.len >= len && memcmp(content.data, prefix, len) == 0;
}

static struct error parse_content(struct certificate_collector *collector, struct bytes content,
				  struct certificate_file *out)
{
	if (content.len == 0)
		return error_of(ERROR_FORMAT, 0, "the file is empty");
	if (is_whole_der(content))
		return parse_der(collector, content, &out->format);
	if (has_prefix(content, "\xff\xfe", 2) || has_prefix(content, "\xfe\xff", 2))
		return parse_utf16(collector, bytes_of(content.data + 2, content.len - 2), content.data[0] == 0xfe,
				   out);
	if (has_prefix(content, "-\0-\0", 4) || has_prefix(content, "\0-\0-", 4))
		return parse_utf16(collector, content, content.data[0] == 0, out);
	return contains_pem(content) ? parse_pem(collector, content, out) : parse_binary(content);
}

static struct error judge_result(const struct certificate_collector *collector)
{
	if (collector->certificates.count > 0 || collector->key != NULL)
		return error_none();
	if (collector->num_unreadable > 0)
		return error_of(ERROR_FORMAT, 0, "no certificate in the file parses");
	return error_of(ERROR_FORMAT, 0,
			collector->instead != NULL ? collector->instead : "the file holds no certificate and no key");
}

struct error certificate_file_parse(struct bytes content, const struct certificate_file_options *options,
				    struct certificate_file *out)
{
	size_t max_bytes = options->max_bytes > 0 ? options->max_bytes : CERTIFICATE_FILE_MAX_BYTES;
	size_t max_certificates =
	    options->max_certificates > 0 ? options->max_certificates : CERTIFICATE_FILE_MAX_CERTIFICATES;
	struct certificate_collector collector = {
	    .password = options->password,
	    .source = options->source,
	    .max_certificates = max_certificates,
	    .too_many = max_certificates == CERTIFICATE_FILE_MAX_CERTIFICATES
			    ? "the file holds more than 100 certificates"
			    : "the file holds more certificates than are read",
	    .pass_over_unreadable = options->pass_over_unreadable,
	    .skip_keys = options->skip_keys || options->source == SOURCE_FETCHED,
	};

	*out = (struct certificate_file){0};
	struct error error = content.len > max_bytes ? error_of(ERROR_LIMIT, 0, "the file is larger than what is read")
						     : parse_content(&collector, content, out);
	if (!failed(error))
		error = judge_result(&collector);
	if (failed(error)) {
		certificate_collector_cleanup(&collector);
		*out = (struct certificate_file){.fault_block = out->fault_block, .fault_line = out->fault_line};
		return error;
	}
	out->certificates = collector.certificates;
	out->key = collector.key;
	out->is_set = collector.num_in_sets > 0 && collector.num_in_sets == collector.certificates.count;
	out->num_unreadable = collector.num_unreadable;
	return error_none();
}

const char *certificate_file_fault(const struct certificate_file *file, char out[CERTIFICATE_FILE_MAX_FAULT])
{
	out[0] = '\0';
	if (file->fault_block > 0)
		snprintf(out, CERTIFICATE_FILE_MAX_FAULT, "PEM block %u (line %u): ", file->fault_block,
			 file->fault_line);
	return out;
}

struct error certificate_file_read(const char *path, const struct certificate_file_options *options,
				   struct certificate_file *out)
{
	size_t max_bytes = options->max_bytes > 0 ? options->max_bytes : CERTIFICATE_FILE_MAX_BYTES;
	struct buffer content;

	*out = (struct certificate_file){0};
	buffer_init(&content, max_bytes);
	struct error error = file_read_all(path, max_bytes, &content);
	if (!failed(error))
		error = certificate_file_parse(buffer_bytes(&content), options, out);
	OPENSSL_cleanse(content.data, content.len); /* there may be a key in it */
	buffer_cleanup(&content);
	return error;
}

void certificate_file_cleanup(struct certificate_file *file)
{
	certificate_list_cleanup(&file->certificates);
	EVP_PKEY_free(file->key);
	*file = (struct certificate_file){0};
}
