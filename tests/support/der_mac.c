#include "tests/support/der_mac.h"

#include <stdlib.h>

#include <openssl/digest.h>
#include <openssl/hmac.h>

enum {
	BLOCK_BYTES = 64, /* of SHA-1 and SHA-256 (v in RFC 7292) */
	MAC_ID = 3,
	MAX_SALT_BYTES = BLOCK_BYTES,
};

static const uint8_t oid_sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};

struct mac {
	size_t content; /* the OCTET STRING whose content is protected */
	size_t value; /* the OCTET STRING of the MAC */
	struct bytes salt;
	uint32_t turns;
	const EVP_MD *digest;
};

/* Child number `index` of a node; DER_NONE for one that is not there, or of DER_NONE. */
static size_t child(const struct der_tree *tree, size_t node, unsigned index)
{
	size_t at = node != DER_NONE && tree->nodes[node].has_children ? tree->nodes[node].first : DER_NONE;

	while (at != DER_NONE && index-- > 0)
		at = tree->nodes[at].next;
	return at;
}

static struct bytes content_of(const struct der_tree *tree, size_t node)
{
	return node != DER_NONE && !tree->nodes[node].has_children ? tree->nodes[node].content : bytes_of("", 0);
}

static const EVP_MD *find_digest(struct bytes oid)
{
	if (bytes_equal(oid, bytes_of(oid_sha1, sizeof(oid_sha1))))
		return EVP_sha1();
	return bytes_equal(oid, bytes_of(oid_sha256, sizeof(oid_sha256))) ? EVP_sha256() : NULL;
}

static uint32_t read_turns(struct bytes number)
{
	uint32_t turns = number.len > 0 ? 0 : 1;

	for (size_t i = 0; i < number.len; i++)
		turns = turns <= DER_MAC_MAX_TURNS ? turns << 8 | number.data[i] : turns;
	return turns;
}

/* PFX: version, authSafe (ContentInfo), macData: a DigestInfo, the salt, and the turns. */
static bool find(const struct der_tree *tree, struct mac *out)
{
	size_t pfx = child(tree, DER_ROOT, 0), data = child(tree, pfx, 2), info = child(tree, data, 0);

	out->content = child(tree, child(tree, child(tree, pfx, 1), 1), 0);
	out->value = child(tree, info, 1);
	out->salt = content_of(tree, child(tree, data, 1));
	out->turns = read_turns(content_of(tree, child(tree, data, 2)));
	out->digest = find_digest(content_of(tree, child(tree, child(tree, info, 0), 0)));
	return out->content != DER_NONE && out->value != DER_NONE && out->digest != NULL && out->salt.len > 0 &&
	       out->salt.len <= MAX_SALT_BYTES && out->turns > 0 && out->turns <= DER_MAC_MAX_TURNS;
}

static void fill(uint8_t out[BLOCK_BYTES], struct bytes with)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		out[i] = with.data[i % with.len];
}

static void derive_key(const struct mac *mac, uint8_t key[EVP_MAX_MD_SIZE])
{
	uint8_t input[3 * BLOCK_BYTES], password[2 * sizeof(DER_MAC_PASSWORD)] = {0};
	unsigned len = 0;

	for (size_t i = 0; i < sizeof(DER_MAC_PASSWORD); i++)
		password[2 * i + 1] = (uint8_t)DER_MAC_PASSWORD[i]; /* UTF-16, and its NUL */
	memset(input, MAC_ID, BLOCK_BYTES);
	fill(input + BLOCK_BYTES, mac->salt);
	fill(input + (size_t)2 * BLOCK_BYTES, bytes_of(password, sizeof(password)));
	if (!EVP_Digest(input, sizeof(input), key, &len, mac->digest, NULL))
		abort();
	for (uint32_t turn = 1; turn < mac->turns; turn++)
		if (!EVP_Digest(key, len, key, &len, mac->digest, NULL))
			abort();
}

/* Prints the content of an OCTET STRING, without its header and those of its pieces. `out` has room for all. */
static size_t print_content(struct der_tree *tree, size_t node, uint8_t *out)
{
	const struct der_node *string = &tree->nodes[node];
	bool in_pieces = (string->id[0] & DER_CONSTRUCTED) != 0;
	size_t len = 0;

	if (!string->has_children) {
		if (string->content.len > 0)
			memcpy(out, string->content.data, string->content.len);
		return string->content.len;
	}
	for (size_t at = string->first; at != DER_NONE; at = tree->nodes[at].next)
		len += in_pieces && !tree->nodes[at].has_children
			   ? print_content(tree, at, out + len)
			   : der_tree_print(tree, at, out + len, der_tree_measure(tree, at));
	return len;
}

void der_mac_renew(struct der_tree *tree)
{
	struct mac mac;
	uint8_t key[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!find(tree, &mac))
		return;
	uint8_t *content = malloc(der_tree_measure(tree, mac.content) + 1);
	uint8_t *value = der_tree_room(tree, EVP_MAX_MD_SIZE);
	if (content != NULL && value != NULL) {
		derive_key(&mac, key);
		size_t content_len = print_content(tree, mac.content, content);
		if (HMAC(mac.digest, key, EVP_MD_size(mac.digest), content, content_len, value, &len) == NULL)
			abort();
		tree->nodes[mac.value].has_children = false;
		tree->nodes[mac.value].content = bytes_of(value, len);
	}
	free(content);
}
