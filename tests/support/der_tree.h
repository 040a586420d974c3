/* der_tree - DER or BER (X.690) as a tree that can be changed and written anew, with right lengths around every change.
 *
 * It reads loosely: what does not parse inside stays a leaf with the bytes that it had, and what stands behind the last
 * element becomes a leaf without an identifier. An OCTET STRING or BIT STRING whose content is exactly one constructed
 * element has that element as its child, so that extensions, keys, signatures and the parts of PKCS#12 open.
 */
#ifndef TESTS_SUPPORT_DER_TREE_H
#define TESTS_SUPPORT_DER_TREE_H

#include "chaincache/base/bytes.h"

#define DER_TREE_MAX_DEPTH 48U
#define DER_TREE_MAX_NODES ((size_t)32768)
#define DER_TREE_SPARE_NODES ((size_t)512) /* for what changes add */
#define DER_TREE_ROOM_BYTES ((size_t)40 * 1024) /* for the contents that changes add */
#define DER_MAX_ID_BYTES 4
#define DER_NONE SIZE_MAX
#define DER_ROOT ((size_t)0) /* the node that holds the whole row of elements; it has no identifier */

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONSTRUCTED = 0x20,
};

enum der_length {
	DER_LENGTH_SHORTEST, /* as DER has it */
	DER_LENGTH_PADDED, /* BER: one octet more than needed */
	DER_LENGTH_INDEFINITE, /* BER: up to the end-of-contents octets; constructed elements alone */
};

struct der_node {
	uint8_t id[DER_MAX_ID_BYTES]; /* class, constructed bit and tag number */
	uint8_t id_len; /* 0: raw bytes without a header */
	enum der_length length;
	bool has_children; /* else `content` counts */
	bool has_unused_bits; /* a BIT STRING that wraps its children: their first octet, 0, stands before them */
	struct bytes content; /* borrowed from what was read, or from the room */
	size_t first, next; /* nodes, or DER_NONE */
	size_t printed_len; /* of the content, while it is printed */
};

struct der_tree {
	struct der_node *nodes;
	size_t count, max;
	size_t **links; /* what der_tree_walk found */
	uint8_t *room;
	size_t room_len;
};

/* der_tree_init reads `der`, which must outlive the tree; false without memory, or where not even the first element
 * parses. The tree is a zeroed one, or one that was in use before, whose memory is used again. */
bool der_tree_init(struct der_tree *tree, struct bytes der);
void der_tree_cleanup(struct der_tree *tree);

/* der_tree_walk lists what can be reached, parents first: tree->links[i] is the link that leads to a node, so that
 * writing to it puts another node there. Valid until the next change. Returns their number; the root is not among them. */
size_t der_tree_walk(struct der_tree *tree);

/* der_tree_add makes a node without parent, content or siblings; DER_NONE when there are too many. */
size_t der_tree_add(struct der_tree *tree, uint8_t id);

/* der_tree_copy copies a node of `from` (the same tree or another one, which must outlive this one) with all that is in
 * it; DER_NONE when there are too many. */
size_t der_tree_copy(struct der_tree *tree, const struct der_tree *from, size_t node);

/* der_tree_room is memory for new content; NULL when there is no more. */
uint8_t *der_tree_room(struct der_tree *tree, size_t len);

/* der_tree_measure is the length of a node as der_tree_print writes it. */
size_t der_tree_measure(struct der_tree *tree, size_t node);

/* der_tree_print writes a node, or all for DER_ROOT. Returns its length; 0 when it does not fit. */
size_t der_tree_print(struct der_tree *tree, size_t node, uint8_t *out, size_t out_size);

/* der_is_well_formed says whether `ber` is a row of elements whose lengths are right at every level. */
bool der_is_well_formed(struct bytes ber);

#endif
