#include "chaincache/fetching/address_block.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/certificate/host_name.h"

enum { MAX_CHARS = 300 };

static struct error wrong(const char *what)
{
	return error_of(ERROR_FORMAT, 0, what);
}

/* Reads "/24"'s number. False when it is none, or above `max_bits`. */
static bool parse_prefix(const char *text, unsigned max_bits, unsigned *out)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out <= max_bits;
}

static bool has_host_bits(const struct address_block *block)
{
	for (unsigned bit = block->prefix_bits; bit < block->base.len * 8; bit++)
		if ((block->base.bytes[bit / 8] & (0x80 >> bit % 8)) != 0)
			return true;
	return false;
}

static bool parse_address(const char *text, size_t len, struct host_name *out)
{
	char address[MAX_CHARS + 1];

	if (len > MAX_CHARS)
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return !failed(host_name_parse(address, out)) && out->is_ip;
}

struct error address_block_parse(const char *text, struct address_block *out)
{
	const char *slash = strchr(text, '/');
	struct host_name name;

	if (!parse_address(text, slash != NULL ? (size_t)(slash - text) : strlen(text), &name))
		return wrong(slash != NULL ? "what stands before the slash of an address block must be an IP address"
					   : "this is no IP address");
	out->base = address_of(name.ip, name.ip_len);
	out->prefix_bits = (unsigned)out->base.len * 8;
	if (slash == NULL)
		return error_none();
	if (out->base.len != name.ip_len)
		return wrong("an IPv4-mapped block is written as the IPv4 block that it stands for");
	if (!parse_prefix(slash + 1, (unsigned)out->base.len * 8, &out->prefix_bits))
		return wrong(
		    "the prefix length of an address block must be a number from 0 to 32 (IPv4) or 128 (IPv6)");
	if (has_host_bits(out))
		return wrong("the address block has bits set beyond its prefix length: give its first address");
	return error_none();
}

bool address_block_has(const struct address_block *block, const struct address *address)
{
	return address_in_block(address, &block->base, block->prefix_bits);
}
