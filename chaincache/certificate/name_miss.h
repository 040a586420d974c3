/* name_miss - judges one subjectAltName entry against a name: it covers it, or how near it comes (RFC 9525 6.3, 6.4). */
#ifndef CHAINCACHE_CERTIFICATE_NAME_MISS_H
#define CHAINCACHE_CERTIFICATE_NAME_MISS_H

#include "chaincache/certificate/certificate.h"
#include "chaincache/certificate/host_name.h"

#define NAME_MISS_MAX_ENTRY 256 /* bytes; a longer entry is like no name */

/* Why an entry does not cover a name, the nearest miss first. */
enum name_miss {
	MISS_NONE, /* it covers the name */
	MISS_TRAILING_DOT,
	MISS_ADDRESS_AS_TEXT,
	MISS_WILDCARD_ON_ADDRESS,
	MISS_WILDCARD_LABELS,
	MISS_WILDCARD_PARENT,
	MISS_WILDCARD_UNDERSCORE,
	MISS_WILDCARD_TOP,
	MISS_WILDCARD_PLACE,
	MISS_NUL,
	MISS_U_LABEL,
	MISS_MALFORMED,
	MISS_OTHER_TYPE,
	MISS_ABOVE,
	MISS_BELOW,
	MISS_WILDCARD_ASIDE,
	MISS_UNLIKE, /* nothing that is worth a word */
	MISS_COUNT
};

/* name_miss_of_entry judges an entry of any kind, name_miss_of_pattern a dNSName (any bytes). */
enum name_miss name_miss_of_entry(const struct alt_name *entry, const struct host_name *name);
enum name_miss name_miss_of_pattern(struct bytes pattern, const struct host_name *name);

/* name_miss_sentence: %1 stands for the entry, %2 for the name, %3 for the number of labels in the wildcard's place. NULL for
 * MISS_NONE and MISS_UNLIKE. */
const char *name_miss_sentence(enum name_miss miss);

#endif
