#include "chaincache/files/ber_work.h"

#include <openssl/bytestring.h>

#include "chaincache/base/buffer.h"

enum {
	END_OF_CONTENTS_BYTES = 2,
	UINT64_MAX_DER_BYTES = 9, /* with the zero byte in front that makes it positive */
	/* BoringSSL opens three within each other: the authenticated safe, one of its parts, a bag. */
	MAX_OPEN_STRINGS = 4,
};

/* The elements of one level are read from `in`. An indefinite length shares `in` with the level around it. */
struct level {
	CBS *in;
	bool is_indefinite;
	size_t nesting;
	size_t open_strings; /* OCTET STRINGs around it */
};

struct element {
	CBS_ASN1_TAG tag;
	CBS content; /* empty for an indefinite length */
	bool is_indefinite;
};

static bool walk(struct level level, struct ber_work *work, struct error *error);

static bool skip_end_of_contents(CBS *in)
{
	if (CBS_len(in) < END_OF_CONTENTS_BYTES || CBS_data(in)[0] != 0 || CBS_data(in)[1] != 0)
		return false;
	return CBS_skip(in, END_OF_CONTENTS_BYTES);
}

static bool read_element(CBS *in, struct element *out)
{
	size_t header_len;
	int ber_found;
	int is_indefinite;

	if (!CBS_get_any_ber_asn1_element(in, &out->content, &out->tag, &header_len, &ber_found, &is_indefinite) ||
	    !CBS_skip(&out->content, header_len))
		return false;
	out->is_indefinite = is_indefinite != 0;
	return true;
}

/* Returns false at the end of the level. Nothing is left to read, at the levels that share `in` too, after what does not
 * parse. */
static bool next_element(const struct level *level, struct element *out)
{
	if (level->is_indefinite && skip_end_of_contents(level->in))
		return false;
	if (read_element(level->in, out))
		return true;
	CBS_init(level->in, NULL, 0);
	return false;
}

/* Returns the level inside of an element. */
static struct level inside(const struct level *level, struct element *element)
{
	return (struct level){
	    .in = element->is_indefinite ? level->in : &element->content,
	    .is_indefinite = element->is_indefinite,
	    .nesting = level->nesting + 1,
	    .open_strings = level->open_strings,
	};
}

static bool enter(const struct level *level, struct ber_work *work)
{
	if (work->nesting < level->nesting)
		work->nesting = level->nesting;
	return level->nesting <= BER_MAX_NESTING;
}

/* Appends the pieces of an OCTET STRING, which may be in pieces themselves. */
static bool join(struct level level, struct ber_work *work, struct buffer *out, struct error *error)
{
	struct element piece;

	if (!enter(&level, work))
		return false;
	while (next_element(&level, &piece)) {
		if ((piece.tag & CBS_ASN1_CONSTRUCTED) != 0) {
			if (!join(inside(&level, &piece), work, out, error))
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
static bool walk_string(const struct level *level, struct element *element, struct ber_work *work, struct error *error)
{
	struct level inner = inside(level, element);
	struct buffer joined;
	CBS content;

	buffer_init(&joined, CBS_len(inner.in));
	bool is_in_pieces = (element->tag & CBS_ASN1_CONSTRUCTED) != 0;
	bool go_on = !is_in_pieces || join(inner, work, &joined, error);
	if (go_on && level->open_strings < MAX_OPEN_STRINGS) {
		if (is_in_pieces)
			CBS_init(&content, joined.data, joined.len);
		else
			content = element->content;
		go_on = walk((struct level){&content, false, inner.nesting, level->open_strings + 1}, work, error);
	}
	buffer_cleanup(&joined);
	return go_on;
}

/* The parameters of a password hash are OCTET STRING salt, INTEGER turns, in PBES1, PBKDF2 and PKCS#12's MAC alike.
 * BoringSSL refuses a number that is negative or larger than 64 bits: such a one is no number of turns. */
static uint64_t read_turns(CBS in)
{
	struct element integer;
	uint64_t turns = 0;
	uint8_t byte;

	if (!read_element(&in, &integer) || integer.tag != CBS_ASN1_INTEGER)
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
static bool walk(struct level level, struct ber_work *work, struct error *error)
{
	struct element element;

	if (!enter(&level, work))
		return false;
	while (next_element(&level, &element)) {
		if ((element.tag & ~CBS_ASN1_CONSTRUCTED) == CBS_ASN1_OCTETSTRING) {
			if (!walk_string(&level, &element, work, error))
				return false;
			uint64_t turns = read_turns(*level.in);
			work->turns = turns <= UINT64_MAX - work->turns ? work->turns + turns : UINT64_MAX;
		} else if ((element.tag & CBS_ASN1_CONSTRUCTED) != 0) {
			if (!walk(inside(&level, &element), work, error))
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
	if (!walk((struct level){.in = &in}, out, &error))
		out->turns = UINT64_MAX;
	return error;
}
