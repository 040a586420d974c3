#include "chaincache/files/der_from_ber.h"

#include "chaincache/files/ber_element.h"
#include "chaincache/files/ber_work.h"

static struct error write_level(struct ber_level level, bool is_in_pieces, CBB *out);

static struct error out_of_memory(void)
{
	return error_of(ERROR_MEMORY, 0, "turn BER into DER");
}

static struct error write_content(const struct ber_level *level, struct ber_element *element, CBB *out)
{
	if (ber_element_is_constructed(element))
		return write_level(ber_level_inside(level, element), ber_element_is_octet_string(element), out);
	return CBB_add_bytes(out, CBS_data(&element->content), CBS_len(&element->content)) ? error_none()
											   : out_of_memory();
}

static struct error write_element(const struct ber_level *level, struct ber_element *element, CBB *out)
{
	bool is_string = ber_element_is_octet_string(element);
	CBB content;

	if (!CBB_add_asn1(out, &content, is_string ? CBS_ASN1_OCTETSTRING : element->tag))
		return out_of_memory();
	struct error error = write_content(level, element, &content);
	return failed(error) || CBB_flush(out) ? error : out_of_memory();
}

/* Of a string in pieces, the content of each piece is written alone. */
static struct error write_level(struct ber_level level, bool is_in_pieces, CBB *out)
{
	struct error error = error_none();
	struct ber_element element;
	enum ber_next next = BER_END;

	if (level.nesting > BER_MAX_NESTING)
		return error_of(ERROR_LIMIT, 0, "the structure is nested more than 64 deep");
	while (!failed(error) && (next = ber_level_next(&level, &element)) == BER_ELEMENT) {
		if (!is_in_pieces)
			error = write_element(&level, &element, out);
		else if (ber_element_is_octet_string(&element))
			error = write_content(&level, &element, out);
		else
			next = BER_BROKEN;
		if (next == BER_BROKEN)
			break;
	}
	if (!failed(error) && next == BER_BROKEN)
		return error_of(ERROR_FORMAT, 0, "the structure does not parse");
	return error;
}

struct error der_from_ber(struct bytes ber, uint8_t **out, size_t *out_len)
{
	struct ber_element element;
	CBS in;
	CBB der;

	*out = NULL;
	CBS_init(&in, ber.data, ber.len);
	if (!ber_element_read(&in, &element))
		return error_of(ERROR_FORMAT, 0, "the structure does not parse");
	if (!CBB_init(&der, ber.len))
		return out_of_memory();
	struct error error = write_element(&(struct ber_level){.in = &in}, &element, &der);
	if (!failed(error) && !CBB_finish(&der, out, out_len))
		error = out_of_memory();
	CBB_cleanup(&der);
	return error;
}
