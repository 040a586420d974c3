#include "chaincache/files/ber_work.h"

#include "chaincache/base/buffer.h"
#include "chaincache/files/ber_element.h"

enum {
	UINT64_MAX_DER_BYTES = 9, /* with the zero byte in front that makes it positive */
	/* BoringSSL opens three within each other: the authenticated safe, one of its parts, a bag. */
	MAX_OPEN_STRINGS = 4,
};

static bool walk(struct ber_level level, struct ber_work *work, struct error *error);

static bool enter(const struct ber_level *level, struct ber_work *work)
{
	if (work->nesting < level->nesting)
		work->nesting = level->nesting;
	return level->nesting <= BER_MAX_NESTING;
}

/* Appends the pieces of an OCTET STRING, which may be in pieces themselves. */
static bool join(struct ber_level level, struct ber_work *work, struct buffer *out, struct error *error)
{
	struct ber_element piece;

	if (!enter(&level, work))
		return false;
	while (ber_level_next(&level, &piece) == BER_ELEMENT) {
		if (ber_element_is_constructed(&piece)) {
			if (!join(ber_level_inside(&level, &piece), work, out, error))
				return false;
			continue;
		}
		*error = buffer_append(out, bytes_of(CBS_data(&piece.content), CBS_len(&piece.content)));
		if (failed(*error))
			return false;
	}
	return true;
}

/* Walks what an OCTET STRING holds. One in pieces is joined, and left open where BoringSSL would not look. */
static bool walk_string(const struct ber_level *level, struct ber_element *element, struct ber_work *work,
			struct error *error)
{
	struct ber_level inner = ber_level_inside(level, element);
	struct buffer joined;
	CBS content;

	buffer_init(&joined, CBS_len(inner.in));
	bool is_in_pieces = ber_element_is_constructed(element);
	bool go_on = !is_in_pieces || join(inner, work, &joined, error);
	if (go_on && level->open_strings < MAX_OPEN_STRINGS) {
		if (is_in_pieces)
			CBS_init(&content, joined.data, joined.len);
		else
			content = element->content;
		go_on = walk((struct ber_level){&content, false, inner.nesting, level->open_strings + 1}, work, error);
	}
	buffer_cleanup(&joined);
	return go_on;
}

/* The parameters of a password hash are OCTET STRING salt, INTEGER turns, in PBES1, PBKDF2 and PKCS#12's MAC alike.
 * BoringSSL refuses a number that is negative or larger than 64 bits: such a one is no number of turns. */
static uint64_t read_turns(CBS in)
{
	struct ber_element integer;
	uint64_t turns = 0;
	uint8_t byte;

	if (!ber_element_read(&in, &integer) || integer.tag != CBS_ASN1_INTEGER)
		return 0;
	CBS *content = &integer.content;
	size_t len = CBS_len(content);
	if (len == 0 || len > UINT64_MAX_DER_BYTES || CBS_data(content)[0] >= 0x80 ||
	    (len == UINT64_MAX_DER_BYTES && CBS_data(content)[0] != 0))
		return 0;
	while (CBS_get_u8(content, &byte))
		turns = turns << 8 | byte;
	return turns;
}

/* Returns false where the walk ends: too deep, or out of memory. */
static bool walk(struct ber_level level, struct ber_work *work, struct error *error)
{
	struct ber_element element;

	if (!enter(&level, work))
		return false;
	while (ber_level_next(&level, &element) == BER_ELEMENT) {
		if (ber_element_is_octet_string(&element)) {
			if (!walk_string(&level, &element, work, error))
				return false;
			uint64_t turns = read_turns(*level.in);
			work->turns = turns <= UINT64_MAX - work->turns ? work->turns + turns : UINT64_MAX;
		} else if (ber_element_is_constructed(&element)) {
			if (!walk(ber_level_inside(&level, &element), work, error))
				return false;
		}
	}
	return true;
}

struct error ber_work_measure(struct bytes ber, struct ber_work *out)
{
	struct error error = error_none();
	CBS in;

	*out = (struct ber_work){0};
	CBS_init(&in, ber.data, ber.len);
	if (!walk((struct ber_level){.in = &in}, out, &error))
		out->turns = UINT64_MAX;
	return error;
}
