#include "tests/support/der_signature.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/sha.h>

enum { NUMBER_BYTES = 32, SIGNATURE_BYTES = 73 };

static const uint8_t order[NUMBER_BYTES] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
					    0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
					    0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t generator_x[NUMBER_BYTES] = {0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
						  0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
						  0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96};

/* The elements of a SIGNED{} (RFC 5912): what is signed, the algorithm, the signature. */
struct parts {
	size_t content;
	size_t signature;
};

static size_t next(const struct der_tree *tree, size_t node)
{
	return node != DER_NONE ? tree->nodes[node].next : DER_NONE;
}

static bool has_tag(const struct der_tree *tree, size_t node, uint8_t id)
{
	return node != DER_NONE && tree->nodes[node].id_len == 1 && tree->nodes[node].id[0] == id;
}

static bool is_ours(const struct der_tree *tree, size_t signature)
{
	size_t row = tree->nodes[signature].has_children ? tree->nodes[signature].first : DER_NONE;
	size_t r = has_tag(tree, row, DER_SEQUENCE) ? tree->nodes[row].first : DER_NONE;

	return has_tag(tree, r, DER_INTEGER) &&
	       bytes_equal(tree->nodes[r].content, bytes_of(generator_x, sizeof(generator_x)));
}

static bool find_parts(const struct der_tree *tree, size_t node, struct parts *out)
{
	out->content = tree->nodes[node].first;
	size_t algorithm = next(tree, out->content);
	out->signature = next(tree, algorithm);
	return has_tag(tree, out->content, DER_SEQUENCE) && has_tag(tree, algorithm, DER_SEQUENCE) &&
	       has_tag(tree, out->signature, DER_BIT_STRING) && is_ours(tree, out->signature);
}

static void add_modulo_order(const uint8_t digest[NUMBER_BYTES], uint8_t out[NUMBER_BYTES])
{
	BIGNUM *a = BN_bin2bn(digest, NUMBER_BYTES, NULL), *b = BN_bin2bn(generator_x, NUMBER_BYTES, NULL);
	BIGNUM *n = BN_bin2bn(order, NUMBER_BYTES, NULL);
	BN_CTX *ctx = BN_CTX_new();

	if (a == NULL || b == NULL || n == NULL || ctx == NULL || !BN_mod_add(a, a, b, n, ctx) ||
	    !BN_bn2bin_padded(out, NUMBER_BYTES, a))
		abort();
	BN_free(a);
	BN_free(b);
	BN_free(n);
	BN_CTX_free(ctx);
}

static size_t put_integer(uint8_t *out, const uint8_t number[NUMBER_BYTES])
{
	size_t zeros = 0;

	while (zeros < NUMBER_BYTES - 1 && number[zeros] == 0 && number[zeros + 1] < 0x80)
		zeros++;
	size_t sign = number[zeros] >= 0x80;
	size_t len = NUMBER_BYTES - zeros;
	out[0] = DER_INTEGER;
	out[1] = (uint8_t)(len + sign);
	out[2] = 0;
	memcpy(out + 2 + sign, number + zeros, len);
	return 2 + sign + len;
}

static bool hash(struct der_tree *tree, size_t node, uint8_t digest[NUMBER_BYTES])
{
	size_t len = der_tree_measure(tree, node);
	uint8_t *der = malloc(len > 0 ? len : 1);

	if (der == NULL)
		return false;
	SHA256(der, der_tree_print(tree, node, der, len), digest);
	free(der);
	return true;
}

static void sign(struct der_tree *tree, const struct parts *parts)
{
	uint8_t digest[NUMBER_BYTES], s[NUMBER_BYTES];
	uint8_t *signature = der_tree_room(tree, SIGNATURE_BYTES);

	if (signature == NULL || !hash(tree, parts->content, digest))
		return;
	add_modulo_order(digest, s);
	signature[0] = 0; /* unused bits */
	signature[1] = DER_SEQUENCE;
	size_t len = 3 + put_integer(signature + 3, generator_x);
	len += put_integer(signature + len, s);
	signature[2] = (uint8_t)(len - 3);
	struct der_node *node = &tree->nodes[parts->signature];
	node->has_children = node->has_unused_bits = false;
	node->first = DER_NONE;
	node->length = DER_LENGTH_SHORTEST;
	node->content = bytes_of(signature, len);
}

static void renew(struct der_tree *tree, size_t node)
{
	struct parts parts;

	for (size_t child = tree->nodes[node].first; child != DER_NONE; child = tree->nodes[child].next)
		renew(tree, child);
	if (find_parts(tree, node, &parts))
		sign(tree, &parts);
}

void der_signature_renew(struct der_tree *tree)
{
	renew(tree, DER_ROOT);
}
