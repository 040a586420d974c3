#include "chaincache/files/certificate_collector.h"

#include <openssl/evp.h>

#include "chaincache/certificate/public_key.h"
#include "chaincache/files/certificate_container.h"
#include "chaincache/files/pkcs12_parts.h"
#include "chaincache/files/private_key.h"

#define JAVA_STORE_PASSWORD "changeit" /* of cacerts, in every Java */

void certificate_collector_cleanup(struct certificate_collector *collector)
{
	certificate_list_cleanup(&collector->certificates);
	EVP_PKEY_free(collector->key);
	*collector = (struct certificate_collector){0};
}

struct error certificate_collector_add_one(struct certificate_collector *collector, struct bytes der)
{
	const struct certificate *certificate;

	if (collector->certificates.count >= collector->max_certificates) {
		collector->num_passed_over++;
		return collector->pass_over_rest ? error_none() : error_of(ERROR_LIMIT, 0, collector->too_many);
	}
	struct error error = certificate_parse(der, &certificate);
	if (failed(error))
		return error;
	error = certificate_list_append(&collector->certificates, certificate, collector->source);
	certificate_unref(certificate);
	return error;
}

struct error certificate_collector_tolerate(struct certificate_collector *collector, struct error error)
{
	bool is_content = error.kind == ERROR_FORMAT || error.kind == ERROR_CRYPTO || error.kind == ERROR_LIMIT;
	bool is_full = collector->certificates.count >= collector->max_certificates;

	if (!collector->pass_over_unreadable || !is_content || is_full)
		return error;
	collector->num_unreadable++;
	return error_none();
}

struct error certificate_collector_add(struct certificate_collector *collector, struct bytes der)
{
	struct error error = certificate_collector_add_one(collector, der);

	return failed(error) ? certificate_collector_tolerate(collector, error) : error;
}

struct error certificate_collector_add_key(struct certificate_collector *collector, EVP_PKEY *take_key)
{
	if (!public_key_is_usable(take_key)) {
		EVP_PKEY_free(take_key);
		return collector->skip_keys ? error_none() : error_of(ERROR_FORMAT, 0, PRIVATE_KEY_UNSUPPORTED);
	}
	if (collector->key == NULL) {
		collector->key = take_key;
		return error_none();
	}
	bool same = EVP_PKEY_cmp(collector->key, take_key) == 1;
	EVP_PKEY_free(take_key);
	return same ? error_none() : error_of(ERROR_FORMAT, 0, "the file holds more than one private key");
}

struct error certificate_collector_spend_turns(struct certificate_collector *collector, struct bytes der)
{
	uint64_t num;
	struct error error = private_key_turns(der, &num);

	if (failed(error) || collector->password == NULL)
		return error;
	return password_turns_spend(
	    collector->turns, num,
	    "the private keys of the file ask for more than 10 million turns of their password's hash");
}

static struct error add_buffers(struct certificate_collector *collector, STACK_OF(CRYPTO_BUFFER) * take_buffers)
{
	struct error error = error_none();
	size_t before = collector->certificates.count;

	for (size_t i = 0; i < sk_CRYPTO_BUFFER_num(take_buffers) && !failed(error); i++) {
		const CRYPTO_BUFFER *buffer = sk_CRYPTO_BUFFER_value(take_buffers, i);
		error = certificate_collector_add(collector,
						  bytes_of(CRYPTO_BUFFER_data(buffer), CRYPTO_BUFFER_len(buffer)));
	}
	sk_CRYPTO_BUFFER_pop_free(take_buffers, CRYPTO_BUFFER_free);
	collector->num_in_sets += collector->certificates.count - before;
	return error;
}

struct error certificate_collector_add_pkcs7(struct certificate_collector *collector, struct bytes der)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	struct error error = certificate_container_read_pkcs7(der, &buffers);

	return failed(error) ? error : add_buffers(collector, buffers);
}

/* Takes the certificates of a store that no password protects. */
static struct error open_unprotected(struct bytes der, STACK_OF(CRYPTO_BUFFER) * *out)
{
	struct pkcs12_parts parts;
	struct error error = pkcs12_parts_read(der, &parts);

	if (failed(error))
		return error;
	if (parts.has_mac || sk_CRYPTO_BUFFER_num(parts.certificates) == 0)
		error = error_of(ERROR_FORMAT, 0, "the PKCS#12 file holds no certificate that is open to all");
	else
		*out = parts.certificates;
	if (!failed(error))
		parts.certificates = NULL;
	pkcs12_parts_cleanup(&parts);
	return error;
}

/* Tries no password and that of Java's own store: a trust store is no secret. */
static struct error open_store(const struct certificate_collector *collector, struct bytes der, EVP_PKEY **out_key,
			       STACK_OF(CRYPTO_BUFFER) * *out)
{
	const char *password = collector->password;

	*out_key = NULL;
	struct error error = open_unprotected(der, out);
	if (error.kind != ERROR_FORMAT)
		return error;
	struct error former = certificate_container_read_pkcs12(der, password, collector->turns, out_key, out);
	if (former.kind != ERROR_MISMATCH || password != NULL)
		return former;
	error = certificate_container_read_pkcs12(der, JAVA_STORE_PASSWORD, collector->turns, out_key, out);
	return error.kind == ERROR_MISMATCH || error.kind == ERROR_LIMIT ? former : error;
}

struct error certificate_collector_add_pkcs12(struct certificate_collector *collector, struct bytes der)
{
	STACK_OF(CRYPTO_BUFFER) * buffers;
	EVP_PKEY *key;

	if (collector->source == SOURCE_FETCHED)
		return error_of(ERROR_FORMAT, 0, "a PKCS#12 file where a certificate was asked for");
	struct error error =
	    collector->pass_over_unreadable
		? open_store(collector, der, &key, &buffers)
		: certificate_container_read_pkcs12(der, collector->password, collector->turns, &key, &buffers);
	if (failed(error))
		return error;
	if (key != NULL)
		error = certificate_collector_add_key(collector, key);
	struct error others = add_buffers(collector, buffers);
	return failed(error) ? error : others;
}
