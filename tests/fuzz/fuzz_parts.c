#include "tests/fuzz/fuzz_parts.h"

#include <openssl/base64.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_DASHES "-----"

/* Of fuzz_mend.c. */
enum { RECORD_EARLIER = 0x80, RECORD_ROLES = 7, RECORD_FLAGS = 6, RECORD_HEAD_BYTES = 3 };

struct list {
	struct fuzz_part *parts;
	size_t count;
	struct bytes input;
};

static size_t find(struct bytes in, size_t from, const char *words)
{
	size_t len = strlen(words);

	for (size_t at = from; at + len <= in.len; at++)
		if (memcmp(in.data + at, words, len) == 0)
			return at;
	return SIZE_MAX;
}

static void add(struct list *list, struct fuzz_part part)
{
	if (list->count < FUZZ_MAX_PARTS && part.len > 0)
		list->parts[list->count++] = part;
}

static void add_pem_blocks(struct list *list, size_t at, size_t end, size_t length_at)
{
	struct bytes in = bytes_of(list->input.data, end);

	while ((at = find(in, at, PEM_BEGIN)) != SIZE_MAX) {
		size_t body = find(in, at + strlen(PEM_BEGIN), PEM_DASHES);
		if (body == SIZE_MAX)
			return;
		body += strlen(PEM_DASHES);
		size_t stop = find(in, body, PEM_DASHES);
		if (stop == SIZE_MAX)
			return;
		add(list, (struct fuzz_part){body, stop - body, length_at, true});
		at = stop;
	}
}

static void add_part(struct list *list, size_t at, size_t len, size_t length_at)
{
	if (find(bytes_of(list->input.data, at + len), at, PEM_BEGIN) != SIZE_MAX)
		add_pem_blocks(list, at, at + len, length_at);
	else
		add(list, (struct fuzz_part){at, len, length_at, false});
}

/* Adds the part whose length stands at `at`; returns where it ends. */
static size_t add_behind_length(struct list *list, size_t at)
{
	struct bytes in = list->input;

	if (in.len - at < 2)
		return in.len;
	size_t len = (size_t)in.data[at] << 8 | in.data[at + 1];
	if (len > in.len - at - 2)
		len = in.len - at - 2;
	add_part(list, at + 2, len, at);
	return at + 2 + len;
}

static void add_records(struct list *list)
{
	struct bytes in = list->input;

	for (size_t at = 0; at + RECORD_HEAD_BYTES <= in.len;) {
		uint8_t head = in.data[at];
		if ((head & RECORD_EARLIER) != 0 || (head & 0x7f) % RECORD_ROLES == RECORD_FLAGS)
			at += 2;
		else
			at = add_behind_length(list, at + 1);
	}
}

size_t fuzz_parts_find(enum fuzz_framing framing, struct bytes input, struct fuzz_part out[FUZZ_MAX_PARTS])
{
	struct list list = {.parts = out, .input = input};
	size_t at = 0;

	if (framing == FUZZ_RECORDS) {
		add_records(&list);
		return list.count;
	}
	if (framing == FUZZ_BEHIND_BYTE)
		at = 1;
	if (framing == FUZZ_LENGTH || framing == FUZZ_LENGTHS)
		at = add_behind_length(&list, 0);
	if (framing == FUZZ_LENGTHS)
		at = add_behind_length(&list, at);
	if (at < input.len)
		add_part(&list, at, input.len - at, SIZE_MAX);
	return list.count;
}

/* Decodes what is base64 without its white space; a header (RFC 1421) is none. */
static struct bytes decode(struct bytes text, uint8_t room[FUZZ_MAX_PEM_BYTES])
{
	static const uint8_t nothing;
	size_t packed = 0, len;

	if (text.len > FUZZ_MAX_PEM_BYTES)
		return bytes_of(&nothing, 0);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] > ' ')
			room[packed++] = text.data[i];
	/* Four characters become three octets: decoded in place, none is written before it is read. */
	if (!EVP_DecodeBase64(room, &len, FUZZ_MAX_PEM_BYTES, room, packed))
		len = 0;
	return bytes_of(room, len);
}

struct bytes fuzz_part_read(struct bytes input, const struct fuzz_part *part, uint8_t room[FUZZ_MAX_PEM_BYTES])
{
	struct bytes bytes = bytes_of(input.data + part->at, part->len);

	return part->is_base64 ? decode(bytes, room) : bytes;
}

size_t fuzz_part_replace(struct bytes input, const struct fuzz_part *part, struct bytes der, uint8_t *out,
			 size_t out_size)
{
	size_t encoded = 0, behind = input.len - part->at - part->len;

	size_t len = der.len;
	if (part->is_base64 && (!EVP_EncodedLength(&encoded, der.len) || encoded == 0))
		return 0;
	if (part->is_base64)
		len = encoded - 1 + 2; /* without its NUL, between line feeds */
	if (out_size < part->at + behind || len + (part->is_base64 ? 1 : 0) > out_size - part->at - behind)
		return 0;
	memmove(out, input.data, part->at);
	uint8_t *to = out + part->at;
	if (part->is_base64) {
		to[0] = '\n';
		EVP_EncodeBlock(to + 1, der.data, der.len);
		to[len - 1] = '\n';
	} else if (der.len > 0) {
		memcpy(to, der.data, der.len);
	}
	memcpy(to + len, input.data + part->at + part->len, behind);
	if (part->length_at == SIZE_MAX)
		return part->at + len + behind;

	/* Of several PEM blocks in one part, the length changes by as much as the block did. */
	size_t old = (size_t)input.data[part->length_at] << 8 | input.data[part->length_at + 1];
	size_t now = part->is_base64 ? old + len - part->len : len;
	if (now > UINT16_MAX)
		return 0;
	out[part->length_at] = (uint8_t)(now >> 8);
	out[part->length_at + 1] = (uint8_t)now;
	return part->at + len + behind;
}
