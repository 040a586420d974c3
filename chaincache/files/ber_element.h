/* ber_element - reads BER (X.690), DER included, element by element. For ber_work and der_from_ber. */
#ifndef CHAINCACHE_FILES_BER_ELEMENT_H
#define CHAINCACHE_FILES_BER_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/bytestring.h>

struct ber_element {
	CBS_ASN1_TAG tag;
	CBS content; /* empty for an indefinite length */
	bool is_indefinite;
};

/* The elements of one level are read from `in`. An indefinite length shares `in` with the level around it. */
struct ber_level {
	CBS *in;
	bool is_indefinite;
	size_t nesting;
	size_t open_strings; /* OCTET STRINGs around it */
};

enum ber_next { BER_ELEMENT, BER_END, BER_BROKEN };

/* ber_element_read returns false where nothing parses. */
bool ber_element_read(CBS *in, struct ber_element *out);

bool ber_element_is_constructed(const struct ber_element *element);
bool ber_element_is_octet_string(const struct ber_element *element); /* in pieces too */

/* ber_level_next reads the next element of the level. Nothing is left to read, at the levels that share `in` too, behind
 * what does not parse. */
enum ber_next ber_level_next(const struct ber_level *level, struct ber_element *out);

/* ber_level_inside returns the level inside of an element that ber_level_next() read last; it borrows both. */
struct ber_level ber_level_inside(const struct ber_level *level, struct ber_element *element);

#endif
