#include "tests/fuzz/fuzz_parts.h"

#include <openssl/base64.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_DASHES "-----"

/* Of fuzz_mend.c. */
enum { RECORD_EARLIER = 0x80, RECORD_ROLES = 7, RECORD_FLAGS = 6, RECORD_HEAD_BYTES = 3 };

/* Of TLS: one message in one record is looked into. */
enum { TLS_HANDSHAKE = 0x16, TLS_CERTIFICATE = 11, TLS_CERTIFICATE_STATUS = 22, TLS_RECORD_HEAD_BYTES = 5 };

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

static void add(struct list *list, const struct fuzz_part *part)
{
	if (list->count < FUZZ_MAX_PARTS && part->len > 0)
		list->parts[list->count++] = *part;
}

/* `whole` is the text that the blocks stand in. */
static void add_pem_blocks(struct list *list, const struct fuzz_part *whole)
{
	struct bytes in = bytes_of(list->input.data, whole->at + whole->len);
	size_t at = whole->at;

	while ((at = find(in, at, PEM_BEGIN)) != SIZE_MAX) {
		struct fuzz_part block = *whole;
		size_t body = find(in, at + strlen(PEM_BEGIN), PEM_DASHES);
		if (body == SIZE_MAX)
			return;
		block.at = body + strlen(PEM_DASHES);
		at = find(in, block.at, PEM_DASHES);
		if (at == SIZE_MAX)
			return;
		block.len = at - block.at;
		block.is_base64 = true;
		add(list, &block);
	}
}

static void add_part(struct list *list, const struct fuzz_part *part)
{
	if (find(bytes_of(list->input.data, part->at + part->len), part->at, PEM_BEGIN) != SIZE_MAX)
		add_pem_blocks(list, part);
	else
		add(list, part);
}

static size_t read_length(struct bytes in, struct fuzz_length length)
{
	size_t value = 0;

	for (size_t i = 0; i < length.size; i++)
		value = value << 8 | in.data[length.at + i];
	return value;
}

/* Makes `part` what stands behind its length at its start, of `size` bytes, within `end`; false when it is cut off. */
static bool enter(const struct list *list, struct fuzz_part *part, size_t size, size_t end)
{
	struct fuzz_length length = {part->at, size};

	if (part->at + size > end || part->num_lengths == FUZZ_MAX_LENGTHS)
		return false;
	part->lengths[part->num_lengths++] = length;
	part->at += size;
	part->len = read_length(list->input, length);
	if (part->len > end - part->at)
		part->len = end - part->at;
	return true;
}

/* Adds the part whose length stands at `at`; returns where it ends. */
static size_t add_behind_length(struct list *list, size_t at)
{
	struct fuzz_part part = {.at = at};

	if (!enter(list, &part, 2, list->input.len))
		return list->input.len;
	add_part(list, &part);
	return part.at + part.len;
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

static void add_certificates(struct list *list, struct fuzz_part message)
{
	if (!enter(list, &message, 3, message.at + message.len))
		return;
	for (size_t at = message.at, end = message.at + message.len; at < end;) {
		struct fuzz_part certificate = message;
		certificate.at = at;
		if (!enter(list, &certificate, 3, end))
			return;
		add(list, &certificate);
		at = certificate.at + certificate.len;
	}
}

/* A message's body is `message`, of the kind that the byte before its length names. */
static void add_message(struct list *list, struct fuzz_part record)
{
	size_t end = record.at + record.len;
	uint8_t kind = record.len > 0 ? list->input.data[record.at] : 0;

	record.at++;
	if (kind == TLS_CERTIFICATE && enter(list, &record, 3, end))
		add_certificates(list, record);
	if (kind != TLS_CERTIFICATE_STATUS || !enter(list, &record, 3, end))
		return;
	record.at++; /* status_type: ocsp (RFC 6066 8) */
	if (enter(list, &record, 3, end))
		add(list, &record);
}

static void add_tls_records(struct list *list, size_t at)
{
	while (at + TLS_RECORD_HEAD_BYTES <= list->input.len) {
		struct fuzz_part record = {.at = at + 3};
		uint8_t kind = list->input.data[at];
		if (!enter(list, &record, 2, list->input.len))
			return;
		if (kind == TLS_HANDSHAKE)
			add_message(list, record);
		at = record.at + record.len;
	}
}

size_t fuzz_parts_find(enum fuzz_framing framing, struct bytes input, struct fuzz_part out[FUZZ_MAX_PARTS])
{
	struct list list = {.parts = out, .input = input};
	struct fuzz_part rest = {.at = 0};

	if (framing == FUZZ_RECORDS) {
		add_records(&list);
		return list.count;
	}
	if (framing == FUZZ_TLS) {
		add_tls_records(&list, 1);
		return list.count;
	}
	if (framing == FUZZ_BEHIND_BYTE)
		rest.at = 1;
	if (framing == FUZZ_LENGTH || framing == FUZZ_LENGTHS)
		rest.at = add_behind_length(&list, 0);
	if (framing == FUZZ_LENGTHS)
		rest.at = add_behind_length(&list, rest.at);
	if (rest.at < input.len) {
		rest.len = input.len - rest.at;
		add_part(&list, &rest);
	}
	return list.count;
}

/* Decodes what is base64 without its white space; a header (RFC 1421) is none. */
static struct bytes decode(struct bytes text, uint8_t room[FUZZ_MAX_PEM_BYTES])
{
	size_t packed = 0, len;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] <= ' ')
			continue;
		if (packed == FUZZ_MAX_PEM_BYTES)
			return bytes_of(room, 0);
		room[packed++] = text.data[i];
	}
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

/* How many bytes `der` takes: base64 stands between line feeds, and EVP_EncodedLength counts a NUL in. */
static size_t measure(const struct fuzz_part *part, struct bytes der)
{
	size_t len = der.len;

	if (!part->is_base64)
		return len;
	return EVP_EncodedLength(&len, der.len) ? len + 1 : SIZE_MAX;
}

static void put(const struct fuzz_part *part, struct bytes der, uint8_t *out, size_t len)
{
	if (!part->is_base64) {
		memcpy(out, der.data, der.len);
		return;
	}
	out[0] = '\n';
	EVP_EncodeBlock(out + 1, der.data, der.len);
	out[len - 1] = '\n'; /* in the place of the NUL */
}

/* Each length changes by as much as the part did; false when one cannot say it. */
static bool adjust_lengths(struct bytes input, const struct fuzz_part *part, size_t len, uint8_t *out)
{
	for (size_t i = 0; i < part->num_lengths; i++) {
		struct fuzz_length length = part->lengths[i];
		size_t value = read_length(input, length);
		size_t behind = input.len - length.at - length.size;
		if (value > behind)
			value = behind; /* it said more than there is */
		value = value + len - part->len;
		if (value >> 8 * length.size > 0)
			return false;
		for (size_t k = 0; k < length.size; k++)
			out[length.at + k] = (uint8_t)(value >> 8 * (length.size - 1 - k));
	}
	return true;
}

size_t fuzz_part_replace(struct bytes input, const struct fuzz_part *part, struct bytes der, uint8_t *out,
			 size_t out_size)
{
	size_t len = measure(part, der), behind = input.len - part->at - part->len;

	if (out_size < part->at + behind || len > out_size - part->at - behind)
		return 0;
	memcpy(out, input.data, part->at);
	if (der.len > 0)
		put(part, der, out + part->at, len);
	else
		len = 0;
	memcpy(out + part->at + len, input.data + part->at + part->len, behind);
	return adjust_lengths(input, part, len, out) ? part->at + len + behind : 0;
}
