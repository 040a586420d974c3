#include "tests/support/der_mutator.h"

#include "tests/support/der_items.h"
#include "tests/support/der_mac.h"
#include "tests/support/der_signature.h"

enum { MAX_COPIES_BITS = 7, MAX_GROWTH = 300, UNSIGNED_EVERY = 8, TAG_TRIES = 16 };

/* splitmix64 */
static uint32_t pick(struct der_mutator *mutator, size_t below)
{
	uint64_t z = mutator->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) % below);
}

static struct der_node *at(struct der_mutator *mutator, size_t node)
{
	return &mutator->tree.nodes[node];
}

static size_t *pick_link(struct der_mutator *mutator)
{
	size_t count = der_tree_walk(&mutator->tree);

	return count > 0 ? mutator->tree.links[pick(mutator, count)] : NULL;
}

static bool is_constructed(const struct der_node *node)
{
	return node->id_len > 0 && (node->id[0] & DER_CONSTRUCTED) != 0;
}

static void insert(struct der_mutator *mutator, size_t *link, size_t node)
{
	at(mutator, node)->next = *link;
	*link = node;
}

static void replace(struct der_mutator *mutator, size_t *link, size_t node)
{
	at(mutator, node)->next = at(mutator, *link)->next;
	*link = node;
}

static bool set_content(struct der_mutator *mutator, size_t node, struct bytes content)
{
	uint8_t *room = der_tree_room(&mutator->tree, content.len);

	if (room == NULL)
		return false;
	if (content.len > 0)
		memcpy(room, content.data, content.len);
	at(mutator, node)->content = bytes_of(room, content.len);
	return true;
}

/* The content of a leaf, to be written to: `more` bytes longer. */
static uint8_t *own_content(struct der_mutator *mutator, size_t node, size_t more)
{
	struct bytes content = at(mutator, node)->content;
	uint8_t *room = der_tree_room(&mutator->tree, content.len + more);

	if (room == NULL)
		return NULL;
	if (content.len > 0)
		memcpy(room, content.data, content.len);
	at(mutator, node)->content = bytes_of(room, content.len + more);
	return room;
}

/* A leaf whose content may be anything: bytes within a constructed element must stay elements. */
static bool is_free(const struct der_node *node)
{
	return !node->has_children && !is_constructed(node);
}

/* Each change gets the link to a node, and is false where it does not fit there. */

static bool delete_node(struct der_mutator *mutator, size_t *link)
{
	*link = at(mutator, *link)->next;
	return true;
}

static bool duplicate(struct der_mutator *mutator, size_t *link)
{
	size_t count = (size_t)1 << (pick(mutator, 4) > 0 ? 0 : pick(mutator, MAX_COPIES_BITS));

	while (count-- > 0) {
		size_t copy = der_tree_copy(&mutator->tree, &mutator->tree, *link);
		if (copy == DER_NONE)
			return false;
		insert(mutator, link, copy);
	}
	return true;
}

static bool swap(struct der_mutator *mutator, size_t *link)
{
	size_t node = *link, next = at(mutator, node)->next;

	if (next == DER_NONE || at(mutator, next)->id_len == 0)
		return false;
	at(mutator, node)->next = at(mutator, next)->next;
	at(mutator, next)->next = node;
	*link = next;
	return true;
}

static bool copy_from(struct der_mutator *mutator, struct der_tree *from, size_t *link)
{
	size_t count = der_tree_walk(from);
	size_t node = DER_NONE;

	/* Rather one of the same tag: what comes in is then read further. */
	for (unsigned i = 0; i < TAG_TRIES && count > 0; i++) {
		node = *from->links[pick(mutator, count)];
		if (from->nodes[node].id[0] == at(mutator, *link)->id[0])
			break;
	}
	if (node == DER_NONE || from->nodes[node].id_len == 0)
		return false;
	size_t copy = der_tree_copy(&mutator->tree, from, node);
	if (copy == DER_NONE)
		return false;
	if (pick(mutator, 4) > 0)
		replace(mutator, link, copy);
	else
		insert(mutator, link, copy);
	return true;
}

static bool copy_own(struct der_mutator *mutator, size_t *link)
{
	return copy_from(mutator, &mutator->tree, link);
}

static bool copy_other(struct der_mutator *mutator, size_t *link)
{
	return mutator->other.count > 0 && copy_from(mutator, &mutator->other, link);
}

static size_t make_oid(struct der_mutator *mutator)
{
	uint8_t oid[DER_ITEM_MAX_OID_BYTES];
	size_t len = der_item_oid(pick(mutator, UINT32_MAX), oid);
	size_t node = der_tree_add(&mutator->tree, DER_OID);

	return node != DER_NONE && set_content(mutator, node, bytes_of(oid, len)) ? node : DER_NONE;
}

static size_t make_item(struct der_mutator *mutator)
{
	/* The dictionary outlives the tree of the item, and the copy borrows from the dictionary. */
	if (!der_tree_init(&mutator->item, der_item(pick(mutator, UINT32_MAX))))
		return DER_NONE;
	return der_tree_copy(&mutator->tree, &mutator->item, mutator->item.nodes[DER_ROOT].first);
}

/* An AlgorithmIdentifier that nobody writes: any algorithm with any parameters, or none. */
static size_t make_algorithm(struct der_mutator *mutator)
{
	size_t oid = make_oid(mutator), node = der_tree_add(&mutator->tree, DER_SEQUENCE);

	if (oid == DER_NONE || node == DER_NONE)
		return DER_NONE;
	at(mutator, node)->has_children = true;
	at(mutator, node)->first = oid;
	if (pick(mutator, 2) > 0)
		at(mutator, oid)->next = pick(mutator, 2) > 0 ? make_item(mutator) : make_oid(mutator);
	return node;
}

static bool put_item(struct der_mutator *mutator, size_t *link)
{
	size_t node = make_item(mutator);

	if (node == DER_NONE)
		return false;
	if (pick(mutator, 2) > 0)
		replace(mutator, link, node);
	else
		insert(mutator, link, node);
	return true;
}

static bool put_algorithm(struct der_mutator *mutator, size_t *link)
{
	size_t first = at(mutator, *link)->first;
	bool is_algorithm = first != DER_NONE && at(mutator, first)->id[0] == DER_OID;
	size_t node = is_algorithm ? make_algorithm(mutator) : DER_NONE;

	if (node == DER_NONE)
		return false;
	replace(mutator, link, node);
	return true;
}

static bool put_oid(struct der_mutator *mutator, size_t *link)
{
	uint8_t oid[DER_ITEM_MAX_OID_BYTES];

	if (at(mutator, *link)->id[0] != DER_OID || at(mutator, *link)->has_children)
		return false;
	size_t len = der_item_oid(pick(mutator, UINT32_MAX), oid);
	return set_content(mutator, *link, bytes_of(oid, len));
}

static bool put_number(struct der_mutator *mutator, size_t *link)
{
	uint8_t tag = at(mutator, *link)->id[0];

	if (!is_free(at(mutator, *link)) || (tag != DER_INTEGER && tag != DER_ENUMERATED && (tag & 0x80) == 0))
		return false;
	if (pick(mutator, 4) > 0)
		return set_content(mutator, *link, der_item_number(pick(mutator, UINT32_MAX)));
	size_t len = at(mutator, *link)->content.len;
	uint8_t *content = own_content(mutator, *link, 0);
	if (content == NULL || len == 0)
		return false;
	content[len - 1] = (uint8_t)(content[len - 1] + (pick(mutator, 2) > 0 ? 1 : -1));
	return true;
}

static bool retag(struct der_mutator *mutator, size_t *link)
{
	struct der_node *node = at(mutator, *link);

	if (node->id_len == 0)
		return false;
	uint8_t constructed = node->id[0] & DER_CONSTRUCTED;
	uint8_t class = (uint8_t)(pick(mutator, 2) > 0 ? 0x80 : pick(mutator, 4) << 6);
	uint8_t tag = (uint8_t)(pick(mutator, 2) > 0 ? pick(mutator, 10) : pick(mutator, 0x20));
	if ((class | constructed | tag) == 0)
		tag = DER_BOOLEAN; /* not end-of-contents */
	node->id[0] = class | constructed | tag;
	node->id_len = 1;
	if (tag == 0x1f) { /* a number in octets of its own */
		node->id[1] = (uint8_t)pick(mutator, 0x80);
		node->id_len = 2;
	}
	return true;
}

static bool change_byte(struct der_mutator *mutator, size_t *link)
{
	static const uint8_t edges[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x20, 0x2a, 0x2e};
	size_t len = at(mutator, *link)->content.len;

	if (!is_free(at(mutator, *link)) || len == 0)
		return false;
	uint8_t *content = own_content(mutator, *link, 0);
	if (content == NULL)
		return false;
	uint8_t *byte = &content[pick(mutator, len)];
	switch (pick(mutator, 3)) {
	case 0:
		*byte = (uint8_t)(*byte ^ 1U << pick(mutator, 8));
		break;
	case 1:
		*byte = edges[pick(mutator, sizeof(edges))];
		break;
	default:
		*byte = (uint8_t)pick(mutator, 256);
	}
	return true;
}

static bool put_text(struct der_mutator *mutator, size_t *link)
{
	struct bytes text = der_item_text(pick(mutator, UINT32_MAX));
	size_t len = at(mutator, *link)->content.len;

	if (!is_free(at(mutator, *link)))
		return false;
	uint8_t *content = own_content(mutator, *link, text.len);
	if (content == NULL)
		return false;
	size_t place = pick(mutator, len + 1);
	memmove(content + place + text.len, content + place, len - place);
	memcpy(content + place, text.data, text.len);
	return true;
}

static bool resize(struct der_mutator *mutator, size_t *link)
{
	size_t len = at(mutator, *link)->content.len;

	if (!is_free(at(mutator, *link)))
		return false;
	if (pick(mutator, 2) > 0) {
		at(mutator, *link)->content.len = pick(mutator, len + 1);
		return true;
	}
	size_t more = 1 + (pick(mutator, 4) > 0 ? pick(mutator, 4) : pick(mutator, MAX_GROWTH));
	uint8_t *content = own_content(mutator, *link, more);
	if (content == NULL)
		return false;
	memset(content + len, (int)pick(mutator, 256), more);
	return true;
}

static bool empty(struct der_mutator *mutator, size_t *link)
{
	struct der_node *node = at(mutator, *link);

	node->first = DER_NONE;
	node->has_children = is_constructed(node);
	node->has_unused_bits = false;
	node->content = bytes_of("", 0);
	return node->id_len > 0;
}

static bool wrap(struct der_mutator *mutator, size_t *link)
{
	static const uint8_t tags[] = {DER_SEQUENCE, DER_SET, DER_OCTET_STRING, DER_BIT_STRING, 0xa0, 0xa1, 0xa2, 0xa3};

	if (at(mutator, *link)->id_len == 0)
		return false;
	size_t node = der_tree_add(&mutator->tree, tags[pick(mutator, sizeof(tags))]);
	if (node == DER_NONE)
		return false;
	size_t inside = *link;
	replace(mutator, link, node);
	at(mutator, inside)->next = DER_NONE;
	at(mutator, node)->first = inside;
	at(mutator, node)->has_children = true;
	at(mutator, node)->has_unused_bits = at(mutator, node)->id[0] == DER_BIT_STRING;
	return true;
}

static bool unwrap(struct der_mutator *mutator, size_t *link)
{
	size_t node = *link, last = at(mutator, node)->first;

	if (last == DER_NONE)
		return false;
	while (at(mutator, last)->next != DER_NONE)
		last = at(mutator, last)->next;
	at(mutator, last)->next = at(mutator, node)->next;
	*link = at(mutator, node)->first;
	return true;
}

/* A string in pieces (X.690 8.7.3): constructed, each piece a string. */
static bool cut_into_pieces(struct der_mutator *mutator, size_t *link)
{
	uint8_t tag = at(mutator, *link)->id[0];
	struct bytes content = at(mutator, *link)->content;

	if (!is_free(at(mutator, *link)) || content.len == 0 || (tag & 0xc0) != 0 || tag == DER_BIT_STRING)
		return false;
	size_t first = der_tree_add(&mutator->tree, tag), second = der_tree_add(&mutator->tree, tag);
	if (first == DER_NONE || second == DER_NONE)
		return false;
	size_t cut = pick(mutator, content.len);
	at(mutator, first)->content = bytes_of(content.data, cut);
	at(mutator, second)->content = bytes_of(content.data + cut, content.len - cut);
	at(mutator, first)->next = second;
	struct der_node *node = at(mutator, *link);
	node->id[0] |= DER_CONSTRUCTED;
	node->has_children = true;
	node->first = first;
	node->length = pick(mutator, 2) > 0 ? DER_LENGTH_INDEFINITE : DER_LENGTH_SHORTEST;
	return true;
}

static bool change_length(struct der_mutator *mutator, size_t *link)
{
	struct der_node *node = at(mutator, *link);
	bool may_be_indefinite = node->has_children && is_constructed(node);

	if (node->id_len == 0)
		return false;
	node->length = may_be_indefinite && pick(mutator, 2) > 0 ? DER_LENGTH_INDEFINITE : DER_LENGTH_PADDED;
	return true;
}

static const struct change {
	bool (*apply)(struct der_mutator *mutator, size_t *link);
	unsigned weight;
} changes[] = {
    {delete_node, 8},   {duplicate, 4}, {swap, 2},       {copy_own, 6}, {copy_other, 8},      {put_item, 6},
    {put_algorithm, 6}, {put_oid, 8},   {put_number, 8}, {retag, 6},    {change_byte, 8},     {put_text, 4},
    {resize, 6},        {empty, 3},     {wrap, 2},       {unwrap, 2},   {cut_into_pieces, 1}, {change_length, 1},
};

static const struct change *pick_change(struct der_mutator *mutator)
{
	unsigned sum = 0, i = 0;

	for (size_t k = 0; k < sizeof(changes) / sizeof(changes[0]); k++)
		sum += changes[k].weight;
	unsigned left = pick(mutator, sum);
	while (left >= changes[i].weight)
		left -= changes[i++].weight;
	return &changes[i];
}

static void change_some(struct der_mutator *mutator)
{
	unsigned count = 1 + (pick(mutator, 2) > 0 ? 0 : pick(mutator, DER_MUTATOR_MAX_CHANGES));

	/* A change that does not fit a node is tried elsewhere. */
	for (unsigned tries = 0; count > 0 && tries < 64; tries++) {
		size_t *link = pick_link(mutator);
		if (link == NULL)
			return;
		count -= pick_change(mutator)->apply(mutator, link);
	}
	if (pick(mutator, UNSIGNED_EVERY) == 0)
		return;
	der_signature_renew(&mutator->tree);
	der_mac_renew(&mutator->tree);
}

size_t der_mutate(struct der_mutator *mutator, struct bytes der, struct bytes other, uint32_t seed, uint8_t *out,
		  size_t out_size)
{
	mutator->state = seed;
	if (!der_tree_init(&mutator->tree, der))
		return 0;
	if (other.len == 0 || !der_tree_init(&mutator->other, other))
		mutator->other.count = 0;
	change_some(mutator);
	return der_tree_print(&mutator->tree, DER_ROOT, out, out_size);
}

void der_mutator_cleanup(struct der_mutator *mutator)
{
	der_tree_cleanup(&mutator->tree);
	der_tree_cleanup(&mutator->other);
	der_tree_cleanup(&mutator->item);
}
