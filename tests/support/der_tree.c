#include "tests/support/der_tree.h"

#include <stdlib.h>

enum { TAG_MASK = 0x1f, MORE = 0x80, LONG_LENGTH = 0x80, MAX_LENGTH_BYTES = 4 };

struct header {
	uint8_t id[DER_MAX_ID_BYTES];
	uint8_t id_len;
	bool indefinite;
	size_t len; /* of the content */
};

static bool take_byte(struct bytes *in, uint8_t *out)
{
	if (in->len == 0)
		return false;
	*out = in->data[0];
	*in = bytes_of(in->data + 1, in->len - 1);
	return true;
}

static struct bytes take(struct bytes *in, size_t len)
{
	struct bytes taken = bytes_of(in->data, len);

	*in = bytes_of(in->data + len, in->len - len);
	return taken;
}

static bool read_id(struct bytes *in, struct header *out)
{
	if (!take_byte(in, &out->id[0]))
		return false;
	out->id_len = 1;
	if ((out->id[0] & TAG_MASK) != TAG_MASK)
		return true;
	do {
		if (out->id_len == DER_MAX_ID_BYTES || !take_byte(in, &out->id[out->id_len]))
			return false;
		out->id_len++;
	} while ((out->id[out->id_len - 1] & MORE) != 0);
	return true;
}

static bool read_length(struct bytes *in, struct header *out)
{
	uint8_t byte;

	if (!take_byte(in, &byte))
		return false;
	out->indefinite = byte == LONG_LENGTH;
	out->len = byte < LONG_LENGTH ? byte : 0;
	if (byte <= LONG_LENGTH)
		return !out->indefinite || (out->id[0] & DER_CONSTRUCTED) != 0;
	size_t count = byte & 0x7fU;
	if (count > MAX_LENGTH_BYTES)
		return false;
	for (; count > 0; count--) {
		if (!take_byte(in, &byte))
			return false;
		out->len = out->len << 8 | byte;
	}
	return out->len <= in->len;
}

/* End-of-contents octets stand for nothing where no indefinite length waits for them. */
static bool read_header(struct bytes *in, struct header *out)
{
	struct bytes rest = *in;

	if (!read_id(&rest, out) || !read_length(&rest, out) || out->len > rest.len || out->id[0] == 0)
		return false;
	*in = rest;
	return true;
}

static bool takes_end_of_contents(struct bytes *in)
{
	if (in->len < 2 || in->data[0] != 0 || in->data[1] != 0)
		return false;
	take(in, 2);
	return true;
}

static bool is_well_formed(struct bytes *in, unsigned depth, bool indefinite)
{
	struct header header;

	if (depth > DER_TREE_MAX_DEPTH)
		return false;
	while (!(indefinite ? takes_end_of_contents(in) : in->len == 0)) {
		if (!read_header(in, &header))
			return false;
		if (header.indefinite) {
			if (!is_well_formed(in, depth + 1, true))
				return false;
			continue;
		}
		struct bytes content = take(in, header.len);
		if ((header.id[0] & DER_CONSTRUCTED) != 0 && !is_well_formed(&content, depth + 1, false))
			return false;
	}
	return true;
}

bool der_is_well_formed(struct bytes ber)
{
	return is_well_formed(&ber, 0, false);
}

size_t der_tree_add(struct der_tree *tree, uint8_t id)
{
	if (tree->count == tree->max)
		return DER_NONE;
	tree->nodes[tree->count] =
	    (struct der_node){.id = {id}, .id_len = 1, .content = bytes_of("", 0), .first = DER_NONE, .next = DER_NONE};
	return tree->count++;
}

static bool read_list(struct der_tree *tree, struct bytes *in, unsigned depth, bool indefinite, size_t *first);

/* The child of a string: one constructed element that fills it. */
static bool read_wrapped(struct der_tree *tree, size_t node, struct bytes content, unsigned depth)
{
	struct der_node *string = &tree->nodes[node];
	struct bytes in = content;

	bool bits = string->id[0] == DER_BIT_STRING;
	if (!bits && string->id[0] != DER_OCTET_STRING)
		return false;
	if (bits && (in.len == 0 || take(&in, 1).data[0] != 0))
		return false;
	if (in.len < 2 || (in.data[0] & DER_CONSTRUCTED) == 0 ||
	    !read_list(tree, &in, depth + 1, false, &string->first))
		return false;
	if (tree->nodes[string->first].next != DER_NONE)
		return false;
	string->has_unused_bits = bits;
	return true;
}

static bool read_children(struct der_tree *tree, size_t node, struct bytes content, unsigned depth)
{
	if ((tree->nodes[node].id[0] & DER_CONSTRUCTED) == 0)
		return read_wrapped(tree, node, content, depth);
	return read_list(tree, &content, depth + 1, false, &tree->nodes[node].first);
}

static bool read_element(struct der_tree *tree, struct bytes *in, unsigned depth, size_t *out)
{
	struct header header;

	if (!read_header(in, &header))
		return false;
	size_t at = der_tree_add(tree, header.id[0]);
	if (at == DER_NONE)
		return false;
	struct der_node *node = &tree->nodes[at];
	memcpy(node->id, header.id, sizeof(node->id));
	node->id_len = header.id_len;
	*out = at;
	if (header.indefinite) {
		node->length = DER_LENGTH_INDEFINITE;
		node->has_children = true;
		return read_list(tree, in, depth + 1, true, &node->first);
	}
	node->content = take(in, header.len);
	size_t before = tree->count;
	node->has_children = read_children(tree, at, node->content, depth);
	if (!node->has_children) {
		tree->count = before;
		node->first = DER_NONE;
	}
	return true;
}

static bool read_list(struct der_tree *tree, struct bytes *in, unsigned depth, bool indefinite, size_t *first)
{
	size_t *link = first;

	*link = DER_NONE;
	if (depth > DER_TREE_MAX_DEPTH)
		return false;
	while (!(indefinite ? takes_end_of_contents(in) : in->len == 0)) {
		if (!read_element(tree, in, depth, link))
			return false;
		link = &tree->nodes[*link].next;
	}
	return true;
}

/* All elements that parse; then what is left, as raw bytes. */
static bool read_row(struct der_tree *tree, struct bytes der)
{
	size_t *link = &tree->nodes[DER_ROOT].first;

	while (der.len > 0) {
		size_t before = tree->count;
		struct bytes rest = der;
		if (!read_element(tree, &rest, 0, link)) {
			tree->count = before;
			*link = der_tree_add(tree, 0);
			if (*link == DER_NONE)
				return false;
			tree->nodes[*link].id_len = 0;
			tree->nodes[*link].content = der;
			rest.len = 0;
		}
		der = rest;
		link = &tree->nodes[*link].next;
	}
	size_t first = tree->nodes[DER_ROOT].first;
	return first != DER_NONE && tree->nodes[first].id_len > 0;
}

/* Keeps what an earlier use has left where it is large enough. */
static bool make_room(struct der_tree *tree, size_t len)
{
	size_t wanted = len / 2 + DER_TREE_SPARE_NODES;

	tree->count = tree->room_len = 0;
	if (wanted > DER_TREE_MAX_NODES)
		wanted = DER_TREE_MAX_NODES;
	if (tree->max >= wanted)
		return true;
	der_tree_cleanup(tree);
	tree->nodes = calloc(wanted, sizeof(tree->nodes[0]));
	tree->links = calloc(wanted, sizeof(tree->links[0]));
	tree->room = malloc(DER_TREE_ROOM_BYTES);
	tree->max = wanted;
	return tree->nodes != NULL && tree->links != NULL && tree->room != NULL;
}

bool der_tree_init(struct der_tree *tree, struct bytes der)
{
	if (!make_room(tree, der.len)) {
		der_tree_cleanup(tree);
		return false;
	}
	der_tree_add(tree, 0);
	tree->nodes[DER_ROOT].id_len = 0;
	tree->nodes[DER_ROOT].has_children = true;
	return read_row(tree, der);
}

void der_tree_cleanup(struct der_tree *tree)
{
	free(tree->nodes);
	free(tree->links);
	free(tree->room);
	*tree = (struct der_tree){.count = 0};
}

static void walk(struct der_tree *tree, size_t *link, size_t *count)
{
	for (; *link != DER_NONE; link = &tree->nodes[*link].next) {
		tree->links[(*count)++] = link;
		walk(tree, &tree->nodes[*link].first, count);
	}
}

size_t der_tree_walk(struct der_tree *tree)
{
	size_t count = 0;

	walk(tree, &tree->nodes[DER_ROOT].first, &count);
	return count;
}

size_t der_tree_copy(struct der_tree *tree, const struct der_tree *from, size_t node)
{
	size_t copy = der_tree_add(tree, 0);

	if (copy == DER_NONE)
		return DER_NONE;
	struct der_node *made = &tree->nodes[copy];
	*made = from->nodes[node];
	made->first = made->next = DER_NONE;
	size_t *link = &made->first;
	for (size_t child = from->nodes[node].first; child != DER_NONE; child = from->nodes[child].next) {
		*link = der_tree_copy(tree, from, child);
		if (*link == DER_NONE)
			return DER_NONE;
		link = &tree->nodes[*link].next;
	}
	return copy;
}

uint8_t *der_tree_room(struct der_tree *tree, size_t len)
{
	if (len > DER_TREE_ROOM_BYTES - tree->room_len)
		return NULL;
	uint8_t *room = tree->room + tree->room_len;
	tree->room_len += len;
	return room;
}

/* Length octets without the first one; 0 for the short form. */
static size_t count_length_bytes(const struct der_node *node)
{
	size_t count = 0;

	if (node->printed_len >= LONG_LENGTH)
		for (size_t len = node->printed_len; len > 0; len >>= 8)
			count++;
	if (node->length == DER_LENGTH_PADDED)
		return count > 0 ? count + 1 : 2;
	return count;
}

size_t der_tree_measure(struct der_tree *tree, size_t node)
{
	struct der_node *measured = &tree->nodes[node];

	measured->printed_len = measured->content.len;
	if (measured->has_children) {
		measured->printed_len = measured->has_unused_bits;
		for (size_t child = measured->first; child != DER_NONE; child = tree->nodes[child].next)
			measured->printed_len += der_tree_measure(tree, child);
	}
	if (measured->id_len == 0)
		return measured->printed_len;
	if (measured->length == DER_LENGTH_INDEFINITE)
		return measured->id_len + 1 + measured->printed_len + 2;
	return measured->id_len + 1 + count_length_bytes(measured) + measured->printed_len;
}

static uint8_t *put(uint8_t *out, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(out, bytes, len);
	return out + len;
}

static uint8_t *put_header(uint8_t *out, const struct der_node *node)
{
	out = put(out, node->id, node->id_len);
	if (node->length == DER_LENGTH_INDEFINITE) {
		*out++ = LONG_LENGTH;
		return out;
	}
	size_t count = count_length_bytes(node);
	*out++ = (uint8_t)(count > 0 ? LONG_LENGTH | count : node->printed_len);
	while (count-- > 0)
		*out++ = (uint8_t)(count < sizeof(size_t) ? node->printed_len >> 8 * count : 0);
	return out;
}

static uint8_t *put_node(uint8_t *out, const struct der_tree *tree, size_t at)
{
	const struct der_node *node = &tree->nodes[at];

	if (node->id_len > 0)
		out = put_header(out, node);
	if (!node->has_children)
		return put(out, node->content.data, node->content.len);
	if (node->has_unused_bits)
		*out++ = 0;
	for (size_t child = node->first; child != DER_NONE; child = tree->nodes[child].next)
		out = put_node(out, tree, child);
	return node->length == DER_LENGTH_INDEFINITE ? put(out, "\0", 2) : out;
}

size_t der_tree_print(struct der_tree *tree, size_t node, uint8_t *out, size_t out_size)
{
	size_t len = der_tree_measure(tree, node);

	if (len > out_size)
		return 0;
	put_node(out, tree, node);
	return len;
}
