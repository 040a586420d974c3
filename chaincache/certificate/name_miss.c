#include "chaincache/certificate/name_miss.h"

static const char *const sentences[MISS_COUNT] = {
    [MISS_TRAILING_DOT] = "%1 ends in a dot, and clients leave the dot away before they compare",
    [MISS_ADDRESS_AS_TEXT] =
	"%1 stands there as a DNS name, and clients look for an address among the IP address entries alone",
    [MISS_WILDCARD_ON_ADDRESS] = "%1 is a wildcard, and a wildcard never covers an IP address",
    [MISS_WILDCARD_LABELS] = "%1 covers one label only, and %2 has %3",
    [MISS_WILDCARD_PARENT] = "%1 covers one label only, and %2 has none in that place",
    [MISS_WILDCARD_UNDERSCORE] = "%1 covers no name with an underscore for many clients",
    [MISS_WILDCARD_TOP] = "%1 covers nothing: a wildcard must not stand directly above a single label",
    [MISS_WILDCARD_PLACE] = "%1 covers nothing: a wildcard must be the whole left-most label",
    [MISS_NUL] = "%1 has a NUL character in it and covers nothing",
    [MISS_U_LABEL] = "%1 is not written in A-labels (xn--), the only form that clients compare",
    [MISS_MALFORMED] = "%1 is no DNS name, so that clients pass it over",
    [MISS_OTHER_TYPE] = "%2 stands in an entry that is no DNS name or IP address, which clients do not read",
    [MISS_ABOVE] = "%1 covers itself alone, and not %2",
    [MISS_WILDCARD_ASIDE] = "%1 covers names below its own domain alone, and %2 lies beside that",
    [MISS_BELOW] = "%1 does not cover %2, which stands above it",
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool equal_ignoring_case(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

static struct bytes from(struct bytes bytes, size_t start)
{
	return bytes_of(bytes.data + start, bytes.len - start);
}

static bool has_byte(struct bytes bytes, int byte)
{
	return bytes.len > 0 && memchr(bytes.data, byte, bytes.len) != NULL;
}

static bool has_non_ascii(struct bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i] >= 0x80)
			return true;
	return false;
}

static bool contains_ignoring_case(struct bytes bytes, struct bytes part)
{
	for (size_t i = 0; part.len > 0 && i + part.len <= bytes.len; i++)
		if (equal_ignoring_case(bytes_of(bytes.data + i, part.len), part))
			return true;
	return false;
}

static bool ends_ignoring_case(struct bytes bytes, struct bytes end)
{
	return bytes.len >= end.len && equal_ignoring_case(from(bytes, bytes.len - end.len), end);
}

/* Says whether `name` is below `parent`: it is longer by whole labels. */
static bool lies_under(struct bytes name, struct bytes parent)
{
	return parent.len > 0 && name.len > parent.len + 1 && ends_ignoring_case(name, parent) &&
	       name.data[name.len - parent.len - 1] == '.';
}

/* Says whether both are below one domain that is no top-level one: autodiscover.contoso.com and mail.contoso.com. */
static bool lies_beside(struct bytes name, struct bytes base)
{
	const uint8_t *dot = base.len > 0 ? memchr(base.data, '.', base.len) : NULL;

	if (dot == NULL)
		return false;
	struct bytes parent = from(base, (size_t)(dot - base.data) + 1);
	return has_byte(parent, '.') && lies_under(name, parent);
}

/* Says whether `pattern` would fit if its asterisks stood for any characters. One asterisk is remembered, which is
 * enough. */
static bool fits_loosely(struct bytes pattern, struct bytes name)
{
	size_t p = 0, n = 0, star = SIZE_MAX, star_name = 0;

	while (n < name.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			star_name = n;
		} else if (p < pattern.len && lower(pattern.data[p]) == lower(name.data[n])) {
			p++;
			n++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			n = ++star_name;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*')
		p++;
	return p == pattern.len;
}

static struct bytes without_trailing_dot(struct bytes bytes)
{
	return bytes.len > 1 && bytes.data[bytes.len - 1] == '.' ? bytes_of(bytes.data, bytes.len - 1) : bytes;
}

/* RFC 9525 6.3. A name or pattern with an underscore never matches a wildcard, as in BoringSSL. */
static enum name_miss judge_wildcard(struct bytes pattern, struct bytes name)
{
	struct bytes base = from(pattern, 2);

	if (has_byte(base, '*'))
		return fits_loosely(pattern, name) ? MISS_WILDCARD_PLACE : MISS_UNLIKE;
	if (equal_ignoring_case(without_trailing_dot(base), name))
		return MISS_WILDCARD_PARENT;
	if (!lies_under(name, without_trailing_dot(base)))
		return lies_beside(name, without_trailing_dot(base)) ? MISS_WILDCARD_ASIDE : MISS_UNLIKE;
	if (!has_byte(without_trailing_dot(base), '.'))
		return MISS_WILDCARD_TOP;
	if (base.data[base.len - 1] == '.')
		return MISS_TRAILING_DOT;
	if (has_byte(bytes_of(name.data, name.len - base.len - 1), '.'))
		return MISS_WILDCARD_LABELS;
	return has_byte(name, '_') ? MISS_WILDCARD_UNDERSCORE : MISS_NONE;
}

static bool is_malformed(struct bytes pattern)
{
	for (size_t i = 0; i < pattern.len; i++) {
		uint8_t c = lower(pattern.data[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return true;
	}
	return false;
}

/* Says whether the entry is the name in U-labels. UTF-8 is tried, whatever encoding was meant. */
static bool is_u_label_of(struct bytes pattern, const struct host_name *name)
{
	char text[NAME_MISS_MAX_ENTRY + 1];
	struct host_name converted;

	if (!has_non_ascii(pattern))
		return false;
	memcpy(text, pattern.data, pattern.len);
	text[pattern.len] = '\0';
	return !failed(host_name_parse(text, &converted)) && strcmp(converted.text, name->text) == 0;
}

static enum name_miss judge_odd(struct bytes pattern, const struct host_name *name)
{
	struct bytes text = bytes_of_string(name->text);

	if (has_byte(pattern, '\0'))
		return contains_ignoring_case(pattern, text) ? MISS_NUL : MISS_UNLIKE;
	if (is_u_label_of(pattern, name))
		return MISS_U_LABEL;
	if (has_byte(pattern, '*'))
		return fits_loosely(pattern, text) ? MISS_WILDCARD_PLACE : MISS_UNLIKE;
	return contains_ignoring_case(pattern, text) ? MISS_MALFORMED : MISS_UNLIKE;
}

/* Explains a dNSName for an address, which never matches, though often meant to. */
static enum name_miss judge_pattern_for_address(struct bytes pattern, const struct host_name *name)
{
	char text[NAME_MISS_MAX_ENTRY + 1];
	struct host_name written;

	if (has_byte(pattern, '\0'))
		return MISS_UNLIKE;
	memcpy(text, pattern.data, pattern.len);
	text[pattern.len] = '\0';
	if (has_byte(pattern, '*'))
		return fits_loosely(pattern, bytes_of_string(name->text)) ? MISS_WILDCARD_ON_ADDRESS : MISS_UNLIKE;
	if (failed(host_name_parse(text, &written)) || !written.is_ip)
		return MISS_UNLIKE;
	return strcmp(written.text, name->text) == 0 ? MISS_ADDRESS_AS_TEXT : MISS_UNLIKE;
}

enum name_miss name_miss_of_pattern(struct bytes pattern, const struct host_name *name)
{
	struct bytes text = bytes_of_string(name->text);

	if (pattern.len == 0 || pattern.len > NAME_MISS_MAX_ENTRY)
		return MISS_UNLIKE;
	if (name->is_ip)
		return judge_pattern_for_address(pattern, name);
	if (pattern.len > 2 && pattern.data[0] == '*' && pattern.data[1] == '.' && !has_byte(pattern, '\0'))
		return judge_wildcard(pattern, text);
	if (is_malformed(pattern))
		return judge_odd(pattern, name);

	struct bytes plain = without_trailing_dot(pattern);
	if (equal_ignoring_case(plain, text))
		return plain.len == pattern.len ? MISS_NONE : MISS_TRAILING_DOT;
	/* Everything lies under a top-level domain; that is no likeness. */
	if (lies_under(text, plain) && has_byte(plain, '.'))
		return MISS_ABOVE;
	return lies_under(plain, text) && has_byte(text, '.') ? MISS_BELOW : MISS_UNLIKE;
}

enum name_miss name_miss_of_entry(const struct alt_name *entry, const struct host_name *name)
{
	switch (entry->type) {
	case ALT_NAME_DNS:
		return name_miss_of_pattern(entry->value, name);
	case ALT_NAME_IP:
		return name->is_ip && bytes_equal(entry->value, bytes_of(name->ip, name->ip_len)) ? MISS_NONE
												  : MISS_UNLIKE;
	case ALT_NAME_OTHER:
		break;
	}
	if (entry->value.len > NAME_MISS_MAX_ENTRY)
		return MISS_UNLIKE;
	return contains_ignoring_case(entry->value, bytes_of_string(name->text)) ? MISS_OTHER_TYPE : MISS_UNLIKE;
}

const char *name_miss_sentence(enum name_miss miss)
{
	return sentences[miss];
}
