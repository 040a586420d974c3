#include "chaincache/files/ber_nesting.h"

#include <openssl/bytestring.h>

#define END_OF_CONTENTS_BYTES 2

/* What is left of one element. Of an indefinite length: all that is left of the one around it. */
struct level {
	CBS rest;
	bool is_indefinite;
};

/* Two zero bytes end an indefinite length (8.1.5). */
static bool skip_end_of_contents(CBS *rest)
{
	if (CBS_len(rest) < END_OF_CONTENTS_BYTES || CBS_data(rest)[0] != 0 || CBS_data(rest)[1] != 0)
		return false;
	return CBS_skip(rest, END_OF_CONTENTS_BYTES);
}

/* Steps over the next element of a level, or into it, which *out_inner is then. False where nothing more parses. */
static bool step(struct level *level, struct level *out_inner, bool *out_enters)
{
	CBS_ASN1_TAG tag;
	size_t header_len;
	int ber_found;
	int is_indefinite;
	CBS element;

	if (!CBS_get_any_ber_asn1_element(&level->rest, &element, &tag, &header_len, &ber_found, &is_indefinite) ||
	    !CBS_skip(&element, header_len))
		return false;
	*out_enters = (tag & CBS_ASN1_CONSTRUCTED) != 0 || tag == CBS_ASN1_OCTETSTRING;
	*out_inner = (struct level){is_indefinite ? level->rest : element, is_indefinite != 0};
	return true;
}

bool ber_nesting_is_bounded(struct bytes ber)
{
	struct level levels[BER_MAX_NESTING + 1] = {{.is_indefinite = false}};
	struct level inner;
	size_t depth = 0;
	bool enters;

	CBS_init(&levels[0].rest, ber.data, ber.len);
	for (;;) {
		struct level *level = &levels[depth];
		bool ends = level->is_indefinite && skip_end_of_contents(&level->rest);
		if (!ends && step(level, &inner, &enters)) {
			if (!enters)
				continue;
			if (depth == BER_MAX_NESTING)
				return false;
			levels[++depth] = inner;
			continue;
		}
		if (depth == 0)
			return true;
		if (level->is_indefinite)
			levels[depth - 1].rest = level->rest;
		depth--;
	}
}
