/* A ticket is: the key's name, a nonce, the sealed session. Sealed by AES-256-GCM through BoringSSL's AEAD hook
 * and not by the older callback (AES-CBC and HMAC): one pass, no HMAC to set up a ticket. Nonces are random:
 * TICKET_KEY_LIFETIME_S at a hundred thousand tickets a second stays below NIST SP 800-38D's 2^32 a key. */
#include "proxy/glue/ticket_keys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/aead.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

enum { NAME_BYTES = 16, SECRET_BYTES = 32, NONCE_BYTES = 12, TAG_BYTES = 16 };

struct ticket_key {
	uint8_t name[NAME_BYTES];
	uint8_t secret[SECRET_BYTES];
};

struct ticket_keys {
	atomic_uint references;
	pthread_mutex_t lock; /* over all that follows */
	struct ticket_key current;
	struct ticket_key former;
	bool has_former;
	uint64_t made_s; /* when `current` was made */
};

static void make_key(struct ticket_key *key)
{
	RAND_bytes(key->name, sizeof(key->name)); /* BoringSSL's never fails: it aborts */
	RAND_bytes(key->secret, sizeof(key->secret));
}

struct error ticket_keys_new(uint64_t now_s, struct ticket_keys **out)
{
	struct ticket_keys *keys = calloc(1, sizeof(*keys));
	if (keys == NULL)
		return error_of(ERROR_MEMORY, 0, "make the ticket keys");
	int status = pthread_mutex_init(&keys->lock, NULL);
	if (status != 0) {
		free(keys);
		return error_of(ERROR_SYSTEM, status, "make the ticket keys' lock");
	}

	atomic_init(&keys->references, 1);
	make_key(&keys->current);
	keys->made_s = now_s;
	*out = keys;
	return error_none();
}

struct ticket_keys *ticket_keys_ref(struct ticket_keys *keys)
{
	atomic_fetch_add_explicit(&keys->references, 1, memory_order_relaxed);
	return keys;
}

void ticket_keys_unref(struct ticket_keys *keys)
{
	if (keys == NULL || atomic_fetch_sub_explicit(&keys->references, 1, memory_order_acq_rel) != 1)
		return;
	pthread_mutex_destroy(&keys->lock);
	OPENSSL_cleanse(keys, sizeof(*keys));
	free(keys);
}

struct error ticket_keys_rotate(struct ticket_keys *keys, uint64_t now_s)
{
	pthread_mutex_lock(&keys->lock);
	uint64_t age_s = now_s > keys->made_s ? now_s - keys->made_s : 0;
	if (age_s >= TICKET_KEY_LIFETIME_S) {
		keys->former = keys->current;
		/* After a long sleep the present key is itself older than a former one may be. */
		keys->has_former = age_s < (uint64_t)2 * TICKET_KEY_LIFETIME_S;
		make_key(&keys->current);
		keys->made_s = now_s;
	}
	pthread_mutex_unlock(&keys->lock);
	return error_none();
}

static struct ticket_key copy_current(struct ticket_keys *keys)
{
	pthread_mutex_lock(&keys->lock);
	struct ticket_key key = keys->current;
	pthread_mutex_unlock(&keys->lock);
	return key;
}

static bool copy_by_name(struct ticket_keys *keys, const uint8_t *name, struct ticket_key *out)
{
	bool found = true;

	pthread_mutex_lock(&keys->lock);
	if (memcmp(name, keys->current.name, NAME_BYTES) == 0)
		*out = keys->current;
	else if (keys->has_former && memcmp(name, keys->former.name, NAME_BYTES) == 0)
		*out = keys->former;
	else
		found = false;
	pthread_mutex_unlock(&keys->lock);
	return found;
}

static struct ticket_keys *keys_of(SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

static size_t max_overhead(SSL *ssl)
{
	(void)ssl;
	return NAME_BYTES + NONCE_BYTES + TAG_BYTES;
}

static int seal(SSL *ssl, uint8_t *out, size_t *out_len, size_t max_out_len, const uint8_t *in, size_t in_len)
{
	struct ticket_key key = copy_current(keys_of(ssl));
	EVP_AEAD_CTX aead;
	size_t sealed_len = 0;
	int done = 0;

	EVP_AEAD_CTX_zero(&aead);
	if (max_out_len < in_len + NAME_BYTES + NONCE_BYTES + TAG_BYTES)
		goto out;
	uint8_t *nonce = out + NAME_BYTES;
	uint8_t *body = nonce + NONCE_BYTES;
	if (!EVP_AEAD_CTX_init(&aead, EVP_aead_aes_256_gcm(), key.secret, SECRET_BYTES, TAG_BYTES, NULL))
		goto out;
	/* `in` may be `out`: moved to where it is sealed before the head is written. */
	memmove(body, in, in_len);
	memcpy(out, key.name, NAME_BYTES);
	RAND_bytes(nonce, NONCE_BYTES);
	if (!EVP_AEAD_CTX_seal(&aead, body, &sealed_len, max_out_len - NAME_BYTES - NONCE_BYTES, nonce, NONCE_BYTES,
			       body, in_len, out, NAME_BYTES))
		goto out;
	*out_len = NAME_BYTES + NONCE_BYTES + sealed_len;
	done = 1;
out:
	EVP_AEAD_CTX_cleanup(&aead);
	OPENSSL_cleanse(&key, sizeof(key));
	return done;
}

static enum ssl_ticket_aead_result_t open_ticket(SSL *ssl, uint8_t *out, size_t *out_len, size_t max_out_len,
						 const uint8_t *in, size_t in_len)
{
	enum ssl_ticket_aead_result_t result = ssl_ticket_aead_ignore_ticket;
	struct ticket_key key;
	EVP_AEAD_CTX aead;

	if (in_len < NAME_BYTES + NONCE_BYTES + TAG_BYTES || !copy_by_name(keys_of(ssl), in, &key))
		return ssl_ticket_aead_ignore_ticket;
	const uint8_t *nonce = in + NAME_BYTES;
	const uint8_t *body = nonce + NONCE_BYTES;
	size_t body_len = in_len - NAME_BYTES - NONCE_BYTES;
	EVP_AEAD_CTX_zero(&aead);
	if (EVP_AEAD_CTX_init(&aead, EVP_aead_aes_256_gcm(), key.secret, SECRET_BYTES, TAG_BYTES, NULL) &&
	    EVP_AEAD_CTX_open(&aead, out, out_len, max_out_len, nonce, NONCE_BYTES, body, body_len, in, NAME_BYTES))
		result = ssl_ticket_aead_success;
	EVP_AEAD_CTX_cleanup(&aead);
	OPENSSL_cleanse(&key, sizeof(key));
	return result;
}

static const SSL_TICKET_AEAD_METHOD ticket_method = {
    .max_overhead = max_overhead,
    .seal = seal,
    .open = open_ticket,
};

struct error ticket_keys_attach(struct ticket_keys *keys, SSL_CTX *ctx)
{
	if (!SSL_CTX_set_app_data(ctx, keys))
		return error_crypto("attach the ticket keys");
	SSL_CTX_set_ticket_aead_method(ctx, &ticket_method);
	return error_none();
}
