#include "proxy/wire/client_hello.h"

#include <openssl/bytestring.h>

enum { SNI_HOST_NAME = 0 };

static bool is_name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_';
}

/* Lets nothing but a name's characters pass: the name goes to logs and tables. */
bool client_hello_copy_name(struct bytes name, char out[HOST_NAME_MAX_CHARS + 1])
{
	out[0] = '\0';
	if (name.len > 0 && name.data[name.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len > HOST_NAME_MAX_CHARS)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (!is_name_char(name.data[i]))
			return false;
	}
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];
		out[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	out[name.len] = '\0';
	return true;
}

/* RFC 6066 3: a list of (type, name); host_name alone was ever defined. */
static void read_sni(struct bytes content, struct client_hello *out)
{
	CBS body, list, name;
	uint8_t type;

	CBS_init(&body, content.data, content.len);
	if (!CBS_get_u16_length_prefixed(&body, &list) || !CBS_get_u8(&list, &type) || type != SNI_HOST_NAME ||
	    !CBS_get_u16_length_prefixed(&list, &name))
		return;
	out->has_sni = client_hello_copy_name(bytes_of(CBS_data(&name), CBS_len(&name)), out->sni);
}

static struct bytes read_list16(struct bytes content)
{
	CBS body, list;

	CBS_init(&body, content.data, content.len);
	if (!CBS_get_u16_length_prefixed(&body, &list))
		return bytes_of(NULL, 0);
	return bytes_of(CBS_data(&list), CBS_len(&list));
}

static bool offers_tls13(struct bytes content)
{
	CBS body, list;
	uint16_t version;

	CBS_init(&body, content.data, content.len);
	if (!CBS_get_u8_length_prefixed(&body, &list))
		return false;
	while (CBS_get_u16(&list, &version))
		if (version == TLS1_3_VERSION)
			return true;
	return false;
}

static void read_extension(uint16_t type, struct bytes content, struct client_hello *out)
{
	switch (type) {
	case TLSEXT_TYPE_server_name:
		read_sni(content, out);
		break;
	case TLSEXT_TYPE_application_layer_protocol_negotiation:
		out->alpn = read_list16(content);
		break;
	case TLSEXT_TYPE_signature_algorithms:
		out->signature_algorithms = read_list16(content);
		break;
	case TLSEXT_TYPE_supported_versions:
		out->offers_tls13 = offers_tls13(content);
		break;
	case TLSEXT_TYPE_supported_groups:
		out->supported_groups = read_list16(content);
		break;
	case TLSEXT_TYPE_key_share:
		out->key_shares = read_list16(content);
		break;
	default:
		break;
	}
}

/* Finds all in one walk. BoringSSL has refused a hello with the same extension twice. */
void client_hello_read(const SSL_CLIENT_HELLO *hello, struct client_hello *out)
{
	CBS extensions, content;
	uint16_t type;

	out->has_sni = false;
	out->sni[0] = '\0';
	out->alpn = bytes_of(NULL, 0);
	out->signature_algorithms = bytes_of(NULL, 0);
	out->cipher_suites = bytes_of(hello->cipher_suites, hello->cipher_suites_len);
	out->supported_groups = bytes_of(NULL, 0);
	out->key_shares = bytes_of(NULL, 0);
	out->offers_tls13 = false;
	CBS_init(&extensions, hello->extensions, hello->extensions_len);
	while (CBS_get_u16(&extensions, &type) && CBS_get_u16_length_prefixed(&extensions, &content))
		read_extension(type, bytes_of(CBS_data(&content), CBS_len(&content)), out);
}

static bool has_number(struct bytes numbers, uint16_t wanted)
{
	CBS list;
	uint16_t number;

	CBS_init(&list, numbers.data, numbers.len);
	while (CBS_get_u16(&list, &number))
		if (number == wanted)
			return true;
	return false;
}

/* Says whether the client verifies one of these, the end of which is a 0. */
static bool verifies_one(const struct client_hello *hello, const uint16_t *algorithms)
{
	for (; *algorithms != 0; algorithms++)
		if (has_number(hello->signature_algorithms, *algorithms))
			return true;
	return false;
}

static const uint16_t rsa_pss[] = {SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PSS_RSAE_SHA384,
				   SSL_SIGN_RSA_PSS_RSAE_SHA512, 0};
static const uint16_t rsa_pkcs1[] = {SSL_SIGN_RSA_PKCS1_SHA256, SSL_SIGN_RSA_PKCS1_SHA384, SSL_SIGN_RSA_PKCS1_SHA512,
				     SSL_SIGN_RSA_PKCS1_SHA1, 0};
static const uint16_t ecdsa[] = {SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_SIGN_ECDSA_SECP384R1_SHA384,
				 SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_SIGN_ECDSA_SHA1, 0};

static enum client_hello_fit fit_tls13(const struct client_hello *hello, const struct client_hello_demand *demand)
{
	bool verifies = demand->signature_algorithm != 0
			    ? has_number(hello->signature_algorithms, demand->signature_algorithm)
			    : verifies_one(hello, rsa_pss);

	return verifies ? CLIENT_HELLO_FITS : CLIENT_HELLO_MISFIT;
}

/* A suite of TLS 1.2 and below names the kind of key. BoringSSL agrees on no group with a client that names none, though
 * it might (RFC 8422 4), and so on no ECDHE suite. */
static bool has_suite(const struct client_hello *hello, const struct client_hello_demand *demand)
{
	int wanted = demand->signature_algorithm != 0 ? NID_auth_ecdsa : NID_auth_rsa;

	for (size_t i = 0; i < sk_SSL_CIPHER_num(demand->ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(demand->ciphers, i);
		bool needs_group = SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe;

		if (SSL_CIPHER_get_auth_nid(cipher) == wanted && (!needs_group || hello->supported_groups.len > 0) &&
		    has_number(hello->cipher_suites, SSL_CIPHER_get_protocol_id(cipher)))
			return true;
	}
	return false;
}

/* In TLS 1.2 an ECDSA key of any curve signs by any hash. A client that names none verifies SHA-1 (RFC 5246 7.4.1.4.1). */
static bool verifies_tls12(const struct client_hello *hello, const struct client_hello_demand *demand)
{
	if (demand->signature_algorithm == SSL_SIGN_ED25519)
		return has_number(hello->signature_algorithms, SSL_SIGN_ED25519);
	if (hello->signature_algorithms.len == 0)
		return true;
	if (demand->signature_algorithm != 0)
		return verifies_one(hello, ecdsa);
	return verifies_one(hello, rsa_pss) || verifies_one(hello, rsa_pkcs1);
}

static enum client_hello_fit fit_tls12(const struct client_hello *hello, const struct client_hello_demand *demand)
{
	bool knows_curve = demand->curve == 0 || has_number(hello->supported_groups, demand->curve);

	if (!has_suite(hello, demand))
		return CLIENT_HELLO_MISFIT;
	return knows_curve && verifies_tls12(hello, demand) ? CLIENT_HELLO_FITS : CLIENT_HELLO_UNLIKELY;
}

enum client_hello_fit client_hello_fit(const struct client_hello *hello, const struct client_hello_demand *demand)
{
	bool tls13 = hello->offers_tls13 && demand->tls_max >= TLS1_3_VERSION;

	return tls13 ? fit_tls13(hello, demand) : fit_tls12(hello, demand);
}

static bool has_share(struct bytes shares, uint16_t group)
{
	CBS list, share;
	uint16_t id;

	CBS_init(&list, shares.data, shares.len);
	while (CBS_get_u16(&list, &id) && CBS_get_u16_length_prefixed(&list, &share))
		if (id == group)
			return true;
	return false;
}

uint16_t client_hello_sparing_group(const struct client_hello *hello, const struct tls_groups *groups)
{
	uint16_t first = 0;

	for (size_t i = 0; hello->offers_tls13 && i < groups->count; i++) {
		uint16_t group = groups->ids[i];

		if (!has_number(hello->supported_groups, group))
			continue;
		if (first == 0)
			first = group;
		if (!has_share(hello->key_shares, group))
			continue;
		if (group == first)
			return 0;
		if (groups->is_ours || tls_groups_strength(group) >= tls_groups_strength(first))
			return group;
	}
	return 0;
}
