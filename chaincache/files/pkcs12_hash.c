#include "chaincache/files/pkcs12_hash.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/mem.h>

/* The names are those of the appendix: D, I (a salt S and a password P, each repeated to whole blocks), A and B. */
struct state {
	const EVP_MD *md;
	size_t block_len; /* v, in bytes */
	uint8_t D[EVP_MAX_MD_BLOCK_SIZE];
	uint8_t *I; /* owned */
	size_t I_len;
	uint8_t A[EVP_MAX_MD_SIZE];
};

static struct error out_of_memory(void)
{
	ERR_clear_error();
	return error_of(ERROR_MEMORY, 0, "hash a password");
}

/* The password as a BMPString with a NUL behind it (appendix B.1); nothing for none. */
static struct error encode_password(const char *password, CBB *out)
{
	static const uint8_t nul[] = {0, 0};
	ASN1_STRING *bmp = NULL;

	if (password == NULL)
		return error_none();
	int tag = ASN1_mbstring_copy(&bmp, (const uint8_t *)password, (ossl_ssize_t)strlen(password), MBSTRING_UTF8,
				     B_ASN1_BMPSTRING);
	bool is_memory = tag < 0 && error_crypto_begins_with_memory();
	bool is_added = tag >= 0 && CBB_add_bytes(out, ASN1_STRING_get0_data(bmp), (size_t)ASN1_STRING_length(bmp)) &&
			CBB_add_bytes(out, nul, sizeof(nul));
	ASN1_STRING_free(bmp);
	if (is_added)
		return error_none();
	if (tag >= 0 || is_memory)
		return out_of_memory();
	ERR_clear_error();
	return error_of(ERROR_MISMATCH, 0, "the password does not open the PKCS#12 file");
}

static size_t whole_blocks(size_t len, size_t block_len)
{
	return (len + block_len - 1) / block_len * block_len;
}

static void repeat(uint8_t *out, size_t out_len, const uint8_t *in, size_t in_len)
{
	for (size_t i = 0; i < out_len; i++)
		out[i] = in[i % in_len];
}

/* I = S || P */
static struct error join_salt(struct state *state, CBS salt, const CBB *password)
{
	size_t S_len = whole_blocks(CBS_len(&salt), state->block_len);

	state->I_len = S_len + whole_blocks(CBB_len(password), state->block_len);
	state->I = OPENSSL_malloc(state->I_len + 1); /* both may be empty */
	if (state->I == NULL)
		return out_of_memory();
	repeat(state->I, S_len, CBS_data(&salt), CBS_len(&salt));
	repeat(state->I + S_len, state->I_len - S_len, CBB_data(password), CBB_len(password));
	return error_none();
}

static struct error state_init(struct state *state, const struct pkcs12_hash *hash, enum pkcs12_purpose purpose)
{
	CBB password;

	*state = (struct state){.md = hash->md, .block_len = EVP_MD_block_size(hash->md)};
	memset(state->D, (int)purpose, state->block_len);
	if (!CBB_init(&password, 0))
		return out_of_memory();
	struct error error = encode_password(hash->password, &password);
	if (!failed(error))
		error = join_salt(state, hash->salt, &password);
	CBB_cleanup(&password); /* wipes it */
	return error;
}

/* A = H^turns(D || I) */
static bool turn(struct state *state, uint32_t num_turns, EVP_MD_CTX *context)
{
	bool holds = EVP_DigestInit_ex(context, state->md, NULL) &&
		     EVP_DigestUpdate(context, state->D, state->block_len) &&
		     EVP_DigestUpdate(context, state->I, state->I_len) && EVP_DigestFinal_ex(context, state->A, NULL);

	for (uint32_t i = 1; holds && i < num_turns; i++)
		holds = EVP_DigestInit_ex(context, state->md, NULL) &&
			EVP_DigestUpdate(context, state->A, EVP_MD_size(state->md)) &&
			EVP_DigestFinal_ex(context, state->A, NULL);
	return holds;
}

/* Each block of I becomes (I + B + 1) mod 2^v, B being A repeated to a block. */
static void add_to_blocks(struct state *state)
{
	uint8_t B[EVP_MAX_MD_BLOCK_SIZE];

	repeat(B, state->block_len, state->A, EVP_MD_size(state->md));
	for (uint8_t *block = state->I; block < state->I + state->I_len; block += state->block_len) {
		unsigned carry = 1;
		for (size_t i = state->block_len; i-- > 0;) {
			carry += (unsigned)block[i] + B[i];
			block[i] = (uint8_t)carry;
			carry >>= 8;
		}
	}
	OPENSSL_cleanse(B, sizeof(B));
}

struct error pkcs12_hash_make(const struct pkcs12_hash *hash, enum pkcs12_purpose purpose, uint8_t *out, size_t out_len)
{
	struct state state;
	struct error error = state_init(&state, hash, purpose);
	EVP_MD_CTX context;

	EVP_MD_CTX_init(&context);
	while (!failed(error) && out_len > 0) {
		if (!turn(&state, hash->num_turns, &context)) {
			error = out_of_memory();
			break;
		}
		size_t len = EVP_MD_size(hash->md) < out_len ? EVP_MD_size(hash->md) : out_len;
		memcpy(out, state.A, len);
		out += len;
		out_len -= len;
		if (out_len > 0)
			add_to_blocks(&state);
	}
	EVP_MD_CTX_cleanup(&context);
	OPENSSL_free(state.I);
	OPENSSL_cleanse(&state, sizeof(state));
	return error;
}
