/* address_block - the addresses that share their first bits: one address, or a CIDR block (RFC 4632). Pure. */
#ifndef CHAINCACHE_FETCHING_ADDRESS_BLOCK_H
#define CHAINCACHE_FETCHING_ADDRESS_BLOCK_H

#include "chaincache/base/error.h"
#include "chaincache/fetching/address_class.h"

struct address_block {
	struct address base; /* its first address */
	unsigned prefix_bits;
};

/* address_block_parse reads "192.0.2.1", "2001:db8::/32" ... ERROR_FORMAT says what is wrong. */
MUST_USE struct error address_block_parse(const char *text, struct address_block *out);

bool address_block_has(const struct address_block *block, const struct address *address);

#endif
