#include "proxy/shared/credential.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/nid.h>
#include <openssl/sha.h>

#include "chaincache/certificate/host_name.h"
#include "conf/config.h"
#include "proxy/shared/client_handshake.h"
#include "proxy/shared/compressed_chain.h"
#include "proxy/shared/ticket_keys.h"
#include "proxy/shared/tls_settings.h"
#include "proxy/wire/tls_ciphers.h"

_Static_assert(CREDENTIAL_SITE_ID_BYTES + sizeof(uint64_t) <= SSL_MAX_SID_CTX_LENGTH, "a session id context");

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds a dNSName as credential_covers looks it up; skips one that matches nothing (with a dot at its end, say). */
static struct error add_name(struct credential *credential, struct bytes value)
{
	if (value.len == 0 || value.len > 255 || memchr(value.data, '\0', value.len) != NULL ||
	    value.data[value.len - 1] == '.')
		return error_none();
	char *name = strndup((const char *)value.data, value.len);
	if (name == NULL)
		return error_of(ERROR_MEMORY, 0, "collect a certificate's names");
	for (char *at = name; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	credential->names[credential->num_names++] = name;
	return error_none();
}

static struct error collect_names(struct credential *credential, const struct certificate *leaf)
{
	if (leaf->num_alt_names == 0)
		return error_none();
	credential->names = calloc(leaf->num_alt_names, sizeof(*credential->names));
	if (credential->names == NULL)
		return error_of(ERROR_MEMORY, 0, "collect a certificate's names");
	struct error error = error_none();
	for (size_t i = 0; i < leaf->num_alt_names && !failed(error); i++) {
		if (leaf->alt_names[i].type == ALT_NAME_DNS)
			error = add_name(credential, leaf->alt_names[i].value);
	}
	qsort(credential->names, credential->num_names, sizeof(*credential->names), compare_names);
	return error;
}

static bool has_name(const struct credential *credential, const char *name)
{
	return bsearch(&name, credential->names, credential->num_names, sizeof(*credential->names), compare_names) !=
	       NULL;
}

bool credential_covers(const struct credential *credential, const char *sni)
{
	char wildcard[HOST_NAME_MAX_CHARS + 3];

	if (credential->num_names == 0 || sni[0] == '*')
		return false;
	if (has_name(credential, sni))
		return true;
	const char *parent = strchr(sni, '.');
	/* Never directly above a single label: *.com covers nothing. */
	if (parent == NULL || parent == sni || strchr(parent + 1, '.') == NULL)
		return false;
	size_t len = strlen(parent);
	if (len + 2 > sizeof(wildcard))
		return false;
	wildcard[0] = '*';
	memcpy(wildcard + 1, parent, len + 1);
	return has_name(credential, wildcard);
}

/* Notes what its key asks of a client. */
static void note_key(struct credential *credential, const struct certificate *leaf)
{
	static const struct {
		int curve_nid;
		uint16_t algorithm, curve;
	} curves[] = {
	    {NID_X9_62_prime256v1, SSL_SIGN_ECDSA_SECP256R1_SHA256, SSL_GROUP_SECP256R1},
	    {NID_secp384r1, SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_GROUP_SECP384R1},
	    {NID_secp521r1, SSL_SIGN_ECDSA_SECP521R1_SHA512, SSL_GROUP_SECP521R1},
	};

	credential->is_ecdsa = leaf->key_type != KEY_TYPE_RSA;
	if (leaf->key_type == KEY_TYPE_ED25519)
		credential->signature_algorithm = SSL_SIGN_ED25519;
	for (size_t i = 0; leaf->key_type == KEY_TYPE_EC && i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (curves[i].curve_nid != leaf->ec_curve_nid)
			continue;
		credential->signature_algorithm = curves[i].algorithm;
		credential->curve = curves[i].curve;
	}
}

void credential_digest_chain(const struct certificate_list *chain, uint8_t out[SHA256_BYTES])
{
	SHA256_CTX context;

	SHA256_Init(&context);
	for (size_t i = 0; i < chain->count; i++)
		SHA256_Update(&context, chain->items[i].certificate->sha256, SHA256_BYTES);
	SHA256_Final(out, &context);
}

static enum ssl_select_cert_result_t on_client_hello(const SSL_CLIENT_HELLO *hello)
{
	struct client_handshake *handshake = SSL_get_app_data(hello->ssl);
	return handshake != NULL ? handshake->calls->select(handshake, hello) : ssl_select_cert_success;
}

/* The select_certificate callback can only refuse with handshake_failure; this one says why (RFC 6066 3). */
static int on_server_name(SSL *ssl, int *out_alert, void *argument)
{
	(void)argument;
	const struct client_handshake *handshake = SSL_get_app_data(ssl);
	if (handshake == NULL || !handshake->refuse_name)
		return SSL_TLSEXT_ERR_OK;
	*out_alert = SSL_AD_UNRECOGNIZED_NAME;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* RFC 7301 3.2: with a protocol list on both sides and nothing in common, the handshake ends. */
static int on_alpn(SSL *ssl, const uint8_t **out, uint8_t *out_len, const uint8_t *in, unsigned in_len, void *argument)
{
	const struct client_handshake *handshake = SSL_get_app_data(ssl);
	uint8_t *selected = NULL;

	(void)argument;
	struct bytes offer = handshake != NULL ? handshake->calls->alpn(handshake) : bytes_of(NULL, 0);
	if (offer.len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&selected, out_len, offer.data, (unsigned)offer.len, in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

static void make_site_id(struct credential *credential, const struct config_site *site)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)site->name, strlen(site->name), digest);
	memcpy(credential->site_id, digest, CREDENTIAL_SITE_ID_BYTES);
}

static struct error set_protocol(struct credential *credential, const struct config_site *site)
{
	SSL_CTX *ctx = credential->ssl_ctx;

	if (!SSL_CTX_set_min_proto_version(ctx, site->tls_min) || !SSL_CTX_set_max_proto_version(ctx, site->tls_max))
		return error_crypto("set the TLS versions");
	struct error error = site->ciphers != NULL ? tls_ciphers_set(ctx, site->ciphers) : error_none();
	if (!failed(error))
		error = tls_groups_read(site->groups, &credential->groups);
	if (failed(error))
		return error;
	if (!SSL_CTX_set1_group_ids(ctx, credential->groups.ids, credential->groups.count))
		return error_crypto("set the groups that `groups` names");
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE); /* of groups too */
	if (site->alpn.count > 0)
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
	return error_none();
}

static struct error set_callbacks(struct credential *credential)
{
	SSL_CTX *ctx = credential->ssl_ctx;

	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets alone: nothing is kept here */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_select_certificate_cb(ctx, on_client_hello);
	SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
	if (!SSL_CTX_set_session_id_context(ctx, credential->site_id, CREDENTIAL_SITE_ID_BYTES))
		return error_crypto("set the session id context");
	ticket_keys_serve(ctx);
	return error_none();
}

/* TLS 1.3 is the only version that has it. */
static struct error compress(struct credential *credential, const struct config_site *site)
{
	if (!site->certificate_compression || site->tls_max < TLS1_3_VERSION)
		return error_none();
	struct error error = compressed_chain_new(&credential->chain, &credential->compressed);
	if (failed(error))
		return error;
	return compressed_chain_serve(credential->compressed, credential->ssl_ctx);
}

struct error credential_new(const struct config_site *site, const struct certificate_list *chain, EVP_PKEY *key,
			    struct credential **out)
{
	struct credential *credential = calloc(1, sizeof(*credential));
	if (credential == NULL)
		return error_of(ERROR_MEMORY, 0, "make a credential");

	atomic_init(&credential->references, 1);
	credential->tls_min = site->tls_min;
	credential->tls_max = site->tls_max;
	make_site_id(credential, site);

	struct error error = error_of(ERROR_MEMORY, 0, "make a credential");
	credential->ssl_ctx = SSL_CTX_new(TLS_with_buffers_method());
	if (credential->ssl_ctx == NULL)
		goto out;
	error = tls_settings_set_chain(credential->ssl_ctx, chain, key);
	if (failed(error))
		goto out;
	const struct certificate *leaf = chain->items[0].certificate;
	note_key(credential, leaf);
	credential_digest_chain(chain, credential->chain_sha256);
	error = certificate_list_copy(&credential->chain, chain);
	if (!failed(error))
		error = collect_names(credential, leaf);
	if (!failed(error))
		error = set_protocol(credential, site);
	if (!failed(error))
		error = set_callbacks(credential);
	if (!failed(error))
		error = compress(credential, site);
out:
	if (failed(error))
		credential_unref(credential);
	else
		*out = credential;
	return error;
}

void credential_set_tally(struct credential *credential, struct chain_tally *tally)
{
	chain_tally_unref(credential->tally);
	credential->tally = chain_tally_ref(tally);
}

struct credential *credential_ref(struct credential *credential)
{
	atomic_fetch_add_explicit(&credential->references, 1, memory_order_relaxed);
	return credential;
}

void credential_unref(struct credential *credential)
{
	if (credential == NULL || atomic_fetch_sub_explicit(&credential->references, 1, memory_order_acq_rel) != 1)
		return;
	SSL_CTX_free(credential->ssl_ctx);
	compressed_chain_free(credential->compressed);
	certificate_list_cleanup(&credential->chain);
	for (size_t i = 0; i < credential->num_names; i++)
		free(credential->names[i]);
	free(credential->names);
	chain_tally_unref(credential->tally);
	free(credential);
}

enum client_hello_fit credential_fit(const struct credential *credential, const struct client_hello *hello)
{
	/* A key of another kind: few clients know it. */
	if (credential->is_ecdsa && credential->signature_algorithm == 0)
		return CLIENT_HELLO_MISFIT;
	const struct client_hello_demand demand = {
	    .signature_algorithm = credential->signature_algorithm,
	    .curve = credential->curve,
	    .tls_max = credential->tls_max,
	    .ciphers = SSL_CTX_get_ciphers(credential->ssl_ctx),
	};
	return client_hello_fit(hello, &demand);
}

/* FNV-1a: it keeps a site's names apart, it protects nothing. */
static uint64_t name_digest(const char *name)
{
	uint64_t digest = 0xcbf29ce484222325;

	for (; *name != '\0'; name++)
		digest = (digest ^ (uint8_t)*name) * 0x100000001b3;
	return digest;
}

/* SSL_set_SSL_CTX takes certificate, ciphers and callbacks along, and leaves these as the first SSL_CTX had them. */
static struct error attach_protocol(const struct credential *credential, const struct credential *first, SSL *ssl)
{
	if ((credential->tls_min != first->tls_min && !SSL_set_min_proto_version(ssl, credential->tls_min)) ||
	    (credential->tls_max != first->tls_max && !SSL_set_max_proto_version(ssl, credential->tls_max)))
		return error_crypto("set the TLS versions of a handshake");
	return error_none();
}

/* By default an SSL asks for the best group of both sides, even where the client sent a share for another one. */
static struct error attach_groups(const struct credential *credential, const struct credential *first, SSL *ssl,
				  const struct client_hello *hello)
{
	const struct tls_groups *groups = &credential->groups;
	uint16_t sparing = credential->tls_max >= TLS1_3_VERSION ? client_hello_sparing_group(hello, groups) : 0;
	bool done = true;

	if (sparing != 0)
		done = SSL_set1_group_ids(ssl, &sparing, 1);
	else if (credential != first && !tls_groups_equal(groups, &first->groups))
		done = SSL_set1_group_ids(ssl, groups->ids, groups->count);
	return done ? error_none() : error_crypto("set the groups of a handshake");
}

struct error credential_attach(const struct credential *credential, const struct credential *first, SSL *ssl,
			       const struct client_hello *hello)
{
	uint8_t context[CREDENTIAL_SITE_ID_BYTES + sizeof(uint64_t)];
	uint64_t digest = name_digest(hello->sni);
	struct error error = error_none();

	if (credential != first) {
		if (SSL_set_SSL_CTX(ssl, credential->ssl_ctx) == NULL)
			return error_crypto("change the certificate of a handshake");
		error = attach_protocol(credential, first, ssl);
	}
	if (!failed(error))
		error = attach_groups(credential, first, ssl, hello);
	if (failed(error))
		return error;
	memcpy(context, credential->site_id, CREDENTIAL_SITE_ID_BYTES);
	memcpy(context + CREDENTIAL_SITE_ID_BYTES, &digest, sizeof(digest));
	if (!SSL_set_session_id_context(ssl, context, sizeof(context)))
		return error_crypto("set the session id context of a handshake");
	return error_none();
}
