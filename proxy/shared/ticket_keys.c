/* A ticket is: the key's name, a nonce, the sealed session. Sealed by XChaCha20-Poly1305 through BoringSSL's AEAD
 * hook: a key from a file may live for years on many machines, and its 24 bytes of nonce are wide enough for that,
 * which AES-GCM's twelve are not (NIST SP 800-38D 8.3: 2^32 tickets).
 *
 * Random bytes would cost more than the sealing, so a nonce is a counter put through AES under a key of this set's
 * own: no two are alike, and no reader learns how many tickets there were. */
#include "proxy/shared/ticket_keys.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

#include "proxy/shared/client_handshake.h"

enum { NONCE_BYTES = 24, TAG_BYTES = 16, NONCE_TAIL_BYTES = NONCE_BYTES - AES_BLOCK_SIZE, NONCE_KEY_BITS = 128 };

struct ticket_key {
	uint8_t name[TICKET_NAME_BYTES];
	EVP_AEAD_CTX aead;
};

struct ticket_keys {
	atomic_uint references;
	size_t count; /* at least 1 */
	AES_KEY nonce_key;
	uint8_t nonce_tail[NONCE_TAIL_BYTES]; /* random: what keeps the sets of other processes apart */
	struct ticket_key keys[TICKET_KEYS_MAX];
	atomic_uint_fast64_t num_sealed; /* the one field that changes: after what all workers read */
};

/* BoringSSL's RAND_bytes never fails: it aborts. */
static bool make_nonces(struct ticket_keys *keys)
{
	uint8_t secret[NONCE_KEY_BITS / 8];

	RAND_bytes(secret, sizeof(secret));
	RAND_bytes(keys->nonce_tail, sizeof(keys->nonce_tail));
	bool done = AES_set_encrypt_key(secret, NONCE_KEY_BITS, &keys->nonce_key) == 0;
	OPENSSL_cleanse(secret, sizeof(secret));
	return done;
}

static void free_keys(struct ticket_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		EVP_AEAD_CTX_cleanup(&keys->keys[i].aead);
	OPENSSL_cleanse(keys, sizeof(*keys));
	free(keys);
}

struct error ticket_keys_new(const struct ticket_secret *secrets, size_t count, struct ticket_keys **out)
{
	if (count == 0 || count > TICKET_KEYS_MAX)
		return error_of(ERROR_LIMIT, 0, "there are 1 to 16 ticket keys");
	struct ticket_keys *keys = calloc(1, sizeof(*keys));
	if (keys == NULL)
		return error_of(ERROR_MEMORY, 0, "make the ticket keys");

	atomic_init(&keys->references, 1);
	atomic_init(&keys->num_sealed, 0);
	if (!make_nonces(keys))
		goto out;
	for (; keys->count < count; keys->count++) {
		struct ticket_key *key = &keys->keys[keys->count];

		memcpy(key->name, secrets[keys->count].name, TICKET_NAME_BYTES);
		if (!EVP_AEAD_CTX_init(&key->aead, EVP_aead_xchacha20_poly1305(), secrets[keys->count].secret,
				       TICKET_SECRET_BYTES, TAG_BYTES, NULL))
			goto out;
	}
	*out = keys;
	return error_none();
out:
	free_keys(keys);
	return error_crypto("make the ticket keys");
}

struct ticket_keys *ticket_keys_ref(struct ticket_keys *keys)
{
	atomic_fetch_add_explicit(&keys->references, 1, memory_order_relaxed);
	return keys;
}

void ticket_keys_unref(struct ticket_keys *keys)
{
	if (keys != NULL && atomic_fetch_sub_explicit(&keys->references, 1, memory_order_acq_rel) == 1)
		free_keys(keys);
}

static struct ticket_keys *keys_of(SSL *ssl)
{
	const struct client_handshake *handshake = SSL_get_app_data(ssl);
	return handshake != NULL ? handshake->ticket_keys : NULL;
}

static const struct ticket_key *find_key(const struct ticket_keys *keys, const uint8_t *name)
{
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(name, keys->keys[i].name, TICKET_NAME_BYTES) == 0)
			return &keys->keys[i];
	return NULL;
}

static void write_nonce(struct ticket_keys *keys, uint8_t out[NONCE_BYTES])
{
	uint8_t block[AES_BLOCK_SIZE] = {0};
	uint64_t number = atomic_fetch_add_explicit(&keys->num_sealed, 1, memory_order_relaxed);

	memcpy(block, &number, sizeof(number));
	AES_encrypt(block, out, &keys->nonce_key);
	memcpy(out + AES_BLOCK_SIZE, keys->nonce_tail, NONCE_TAIL_BYTES);
}

static size_t max_overhead(SSL *ssl)
{
	(void)ssl;
	return TICKET_NAME_BYTES + NONCE_BYTES + TAG_BYTES;
}

static int seal(SSL *ssl, uint8_t *out, size_t *out_len, size_t max_out_len, const uint8_t *in, size_t in_len)
{
	struct ticket_keys *keys = keys_of(ssl);
	size_t sealed_len = 0;

	if (keys == NULL || max_out_len < in_len + max_overhead(ssl))
		return 0;
	const struct ticket_key *key = &keys->keys[0];
	uint8_t *nonce = out + TICKET_NAME_BYTES;
	uint8_t *body = nonce + NONCE_BYTES;
	/* `in` may be `out`: moved to where it is sealed before the head is written. */
	memmove(body, in, in_len);
	memcpy(out, key->name, TICKET_NAME_BYTES);
	write_nonce(keys, nonce);
	if (!EVP_AEAD_CTX_seal(&key->aead, body, &sealed_len, max_out_len - TICKET_NAME_BYTES - NONCE_BYTES, nonce,
			       NONCE_BYTES, body, in_len, out, TICKET_NAME_BYTES))
		return 0;
	*out_len = TICKET_NAME_BYTES + NONCE_BYTES + sealed_len;
	return 1;
}

static enum ssl_ticket_aead_result_t open_ticket(SSL *ssl, uint8_t *out, size_t *out_len, size_t max_out_len,
						 const uint8_t *in, size_t in_len)
{
	const struct ticket_keys *keys = keys_of(ssl);
	const struct ticket_key *key = keys != NULL && in_len >= max_overhead(ssl) ? find_key(keys, in) : NULL;
	if (key == NULL)
		return ssl_ticket_aead_ignore_ticket;

	const uint8_t *nonce = in + TICKET_NAME_BYTES;
	const uint8_t *body = nonce + NONCE_BYTES;
	if (!EVP_AEAD_CTX_open(&key->aead, out, out_len, max_out_len, nonce, NONCE_BYTES, body,
			       in_len - TICKET_NAME_BYTES - NONCE_BYTES, in, TICKET_NAME_BYTES))
		return ssl_ticket_aead_ignore_ticket;
	return ssl_ticket_aead_success;
}

static const SSL_TICKET_AEAD_METHOD ticket_method = {
    .max_overhead = max_overhead,
    .seal = seal,
    .open = open_ticket,
};

void ticket_keys_serve(SSL_CTX *ctx)
{
	SSL_CTX_set_ticket_aead_method(ctx, &ticket_method);
}
