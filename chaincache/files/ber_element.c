#include "chaincache/files/ber_element.h"

enum { END_OF_CONTENTS_BYTES = 2 };

static bool skip_end_of_contents(CBS *in)
{
	if (CBS_len(in) < END_OF_CONTENTS_BYTES || CBS_data(in)[0] != 0 || CBS_data(in)[1] != 0)
		return false;
	return CBS_skip(in, END_OF_CONTENTS_BYTES);
}

bool ber_element_read(CBS *in, struct ber_element *out)
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

bool ber_element_is_constructed(const struct ber_element *element)
{
	return (element->tag & CBS_ASN1_CONSTRUCTED) != 0;
}

bool ber_element_is_octet_string(const struct ber_element *element)
{
	return (element->tag & ~CBS_ASN1_CONSTRUCTED) == CBS_ASN1_OCTETSTRING;
}

enum ber_next ber_level_next(const struct ber_level *level, struct ber_element *out)
{
	if (level->is_indefinite ? skip_end_of_contents(level->in) : CBS_len(level->in) == 0)
		return BER_END;
	if (ber_element_read(level->in, out))
		return BER_ELEMENT;
	CBS_init(level->in, NULL, 0);
	return BER_BROKEN;
}

struct ber_level ber_level_inside(const struct ber_level *level, struct ber_element *element)
{
	return (struct ber_level){
	    .in = element->is_indefinite ? level->in : &element->content,
	    .is_indefinite = element->is_indefinite,
	    .nesting = level->nesting + 1,
	    .open_strings = level->open_strings,
	};
}
