#include "chaincache/certificate/name_match.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum {
	MAX_ENTRY_TEXT = 100, /* of one subjectAltName entry in an explanation */
	MAX_NEAR_MISSES = 3,
	MAX_NAMES_LISTED = 5,
	MAX_PATTERN_BYTES = 256, /* a longer entry is like no name */
};

/* Why an entry does not cover a name, the nearest miss first. */
enum miss {
	MISS_NONE, /* it covers the name */
	MISS_ADDRESS_AS_TEXT,
	MISS_WILDCARD_ON_ADDRESS,
	MISS_WILDCARD_LABELS,
	MISS_WILDCARD_PARENT,
	MISS_WILDCARD_UNDERSCORE,
	MISS_WILDCARD_DOT,
	MISS_WILDCARD_TOP,
	MISS_WILDCARD_PLACE,
	MISS_NUL,
	MISS_U_LABEL,
	MISS_MALFORMED,
	MISS_OTHER_TYPE,
	MISS_ABOVE,
	MISS_BELOW,
	MISS_WILDCARD_ASIDE,
	MISS_UNLIKE,
	MISS_COUNT
};

/* Sentences for text_add_sentence: %1 is the entry, %2 the name, %3 the number of labels in the wildcard's place. */
static const char *const miss_texts[MISS_COUNT] = {
    [MISS_ADDRESS_AS_TEXT] = "%1 stands there as a DNS name, and clients look for an address among the IP "
			     "address entries alone",
    [MISS_WILDCARD_ON_ADDRESS] = "%1 is a wildcard, and a wildcard never covers an IP address",
    [MISS_WILDCARD_LABELS] = "%1 covers one label only, and %2 has %3",
    [MISS_WILDCARD_PARENT] = "%1 covers one label only, and %2 has none in that place",
    [MISS_WILDCARD_UNDERSCORE] = "%1 covers no name with an underscore for many clients",
    [MISS_WILDCARD_DOT] = "%1 ends in a dot, which a wildcard must not",
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

/* A text of limited size that grows at its end; what does not fit is cut. */
struct text {
	char *out;
	size_t size;
	size_t len;
};

static void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int written = vsnprintf(text->out + text->len, text->size - text->len, format, arguments);
	va_end(arguments);
	if (written < 0)
		return;
	size_t room = text->size - text->len - 1;
	text->len += (size_t)written < room ? (size_t)written : room;
}

/* Puts words[0] in the place of %1, and so on. Not printf's %1$s: a sentence that leaves the first one out is not
 * defined there, and with _FORTIFY_SOURCE glibc ends the program for it. */
static void text_add_sentence(struct text *text, const char *sentence, const char *const words[])
{
	for (const char *at = sentence; *at != '\0'; at++) {
		if (at[0] == '%' && at[1] >= '1' && at[1] <= '3')
			text_add(text, "%s", words[*++at - '1']);
		else
			text_add(text, "%c", *at);
	}
}

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

static size_t count_byte(struct bytes bytes, uint8_t byte)
{
	size_t count = 0;
	for (size_t i = 0; i < bytes.len; i++)
		count += bytes.data[i] == byte;
	return count;
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

/* `name` lies under `parent`: it is longer by whole labels. */
static bool lies_under(struct bytes name, struct bytes parent)
{
	return parent.len > 0 && name.len > parent.len + 1 && ends_ignoring_case(name, parent) &&
	       name.data[name.len - parent.len - 1] == '.';
}

/* `name` lies under the domain that `base` lies in, which is not a top-level one: autodiscover.contoso.com and
 * mail.contoso.com. */
static bool lies_beside(struct bytes name, struct bytes base)
{
	const uint8_t *dot = base.len > 0 ? memchr(base.data, '.', base.len) : NULL;

	if (dot == NULL)
		return false;
	struct bytes parent = from(base, (size_t)(dot - base.data) + 1);
	return has_byte(parent, '.') && lies_under(name, parent);
}

/* Would `pattern` fit if its asterisks stood for any characters? One asterisk is remembered, which is enough. */
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

/* RFC 9525 6.3. BoringSSL takes no underscore anywhere in what a wildcard has to do with, nor a dot at its end; so that
 * both agree, neither do we. */
static enum miss judge_wildcard(struct bytes pattern, struct bytes name)
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
		return MISS_WILDCARD_DOT;
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

/* The entry is a U-label form (in whatever encoding a person took for right: UTF-8 is tried) of the name. */
static bool is_u_label_of(struct bytes pattern, const struct host_name *name)
{
	char text[MAX_PATTERN_BYTES + 1];
	struct host_name converted;

	if (!has_non_ascii(pattern))
		return false;
	memcpy(text, pattern.data, pattern.len);
	text[pattern.len] = '\0';
	return !failed(host_name_parse(text, &converted)) && strcmp(converted.text, name->text) == 0;
}

static enum miss judge_odd(struct bytes pattern, const struct host_name *name)
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

/* A dNSName against an address: never a match, but often what somebody believed to be one. */
static enum miss judge_pattern_for_address(struct bytes pattern, const struct host_name *name)
{
	char text[MAX_PATTERN_BYTES + 1];
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

static enum miss judge_pattern(struct bytes pattern, const struct host_name *name)
{
	struct bytes text = bytes_of_string(name->text);

	if (pattern.len == 0 || pattern.len > MAX_PATTERN_BYTES)
		return MISS_UNLIKE;
	if (name->is_ip)
		return judge_pattern_for_address(pattern, name);
	if (pattern.len > 2 && pattern.data[0] == '*' && pattern.data[1] == '.' && !has_byte(pattern, '\0'))
		return judge_wildcard(pattern, text);
	if (is_malformed(pattern))
		return judge_odd(pattern, name);

	struct bytes plain = without_trailing_dot(pattern);
	if (equal_ignoring_case(plain, text))
		return MISS_NONE;
	/* Everything lies under a top-level domain; that is no likeness. */
	if (lies_under(text, plain) && has_byte(plain, '.'))
		return MISS_ABOVE;
	return lies_under(plain, text) && has_byte(text, '.') ? MISS_BELOW : MISS_UNLIKE;
}

bool name_match_pattern(struct bytes pattern, const struct host_name *name)
{
	return judge_pattern(pattern, name) == MISS_NONE;
}

static enum miss judge_entry(const struct alt_name *entry, const struct host_name *name)
{
	switch (entry->type) {
	case ALT_NAME_DNS:
		return judge_pattern(entry->value, name);
	case ALT_NAME_IP:
		return name->is_ip && bytes_equal(entry->value, bytes_of(name->ip, name->ip_len)) ? MISS_NONE
												  : MISS_UNLIKE;
	case ALT_NAME_OTHER:
		break;
	}
	if (entry->value.len > MAX_PATTERN_BYTES)
		return MISS_UNLIKE;
	return contains_ignoring_case(entry->value, bytes_of_string(name->text)) ? MISS_OTHER_TYPE : MISS_UNLIKE;
}

/* Certificates come from anywhere: nothing but printable ASCII goes out. */
static void print_bytes(struct bytes bytes, char out[MAX_ENTRY_TEXT])
{
	struct text text = {out, MAX_ENTRY_TEXT - 3, 0};

	out[0] = '\0';
	for (size_t i = 0; i < bytes.len; i++) {
		if (text.size - text.len <= 4) {
			text.size = MAX_ENTRY_TEXT;
			text_add(&text, "...");
			return;
		}
		if (bytes.data[i] >= 0x20 && bytes.data[i] < 0x7f && bytes.data[i] != '\\')
			text_add(&text, "%c", bytes.data[i]);
		else
			text_add(&text, "\\x%02x", bytes.data[i]);
	}
}

static void print_entry(const struct alt_name *entry, char out[MAX_ENTRY_TEXT])
{
	int family = entry->value.len == 4 ? AF_INET : AF_INET6;

	if (entry->type != ALT_NAME_IP)
		print_bytes(entry->value, out);
	else if ((entry->value.len != 4 && entry->value.len != 16) ||
		 inet_ntop(family, entry->value.data, out, MAX_ENTRY_TEXT) == NULL)
		snprintf(out, MAX_ENTRY_TEXT, "an IP address of %zu bytes", entry->value.len);
}

static const char *labels_in_words(size_t count, char out[24])
{
	static const char *const words[] = {"none", "one", "two", "three", "four", "five", "six", "seven", "eight"};

	if (count < sizeof(words) / sizeof(words[0]))
		return words[count];
	snprintf(out, 24, "%zu", count);
	return out;
}

static void explain_miss(struct text *why, enum miss miss, const struct alt_name *entry, const struct host_name *name)
{
	char shown[MAX_ENTRY_TEXT];
	char number[24];
	size_t dots_below = 0;
	size_t dots = count_byte(bytes_of_string(name->text), '.');
	size_t pattern_dots = count_byte(entry->value, '.');

	print_entry(entry, shown);
	if (dots >= pattern_dots)
		dots_below = dots - pattern_dots;
	if (why->len > 0)
		text_add(why, "; ");
	const char *const words[] = {shown, name->text, labels_in_words(dots_below + 1, number)};
	text_add_sentence(why, miss_texts[miss], words);
}

static bool explain_near_misses(const struct certificate *leaf, const struct host_name *name, struct text *why)
{
	unsigned num_named = 0;

	for (enum miss miss = MISS_NONE + 1; miss < MISS_UNLIKE; miss++) {
		for (size_t i = 0; i < leaf->num_alt_names && num_named < MAX_NEAR_MISSES; i++) {
			if (judge_entry(&leaf->alt_names[i], name) != miss)
				continue;
			explain_miss(why, miss, &leaf->alt_names[i], name);
			num_named++;
		}
	}
	return num_named > 0 && num_named == leaf->num_alt_names;
}

static void explain_names(const struct certificate *leaf, struct text *why)
{
	size_t num_named = 0, num_names = 0;

	for (size_t i = 0; i < leaf->num_alt_names; i++)
		num_names += leaf->alt_names[i].type != ALT_NAME_OTHER;
	if (num_names == 0) {
		text_add(why, "%sthe certificate holds no DNS name and no IP address", why->len > 0 ? "; " : "");
		return;
	}
	text_add(why, "%sthe certificate is for ", why->len > 0 ? "; " : "");
	for (size_t i = 0; i < leaf->num_alt_names && num_named < MAX_NAMES_LISTED; i++) {
		char shown[MAX_ENTRY_TEXT];
		if (leaf->alt_names[i].type == ALT_NAME_OTHER)
			continue;
		print_entry(&leaf->alt_names[i], shown);
		const char *separator = num_named == 0 ? "" : num_named + 1 == num_names ? " and " : ", ";
		/* Room is kept for the count of the rest. */
		if (why->size - why->len < strlen(shown) + 32)
			break;
		text_add(why, "%s%s", separator, shown);
		num_named++;
	}
	if (num_named < num_names)
		text_add(why, "%s%zu %s", num_named > 0 ? " and " : "", num_names - num_named,
			 num_named > 0 ? "more" : "long names");
}

static bool common_name_covers(const struct certificate *leaf, const struct host_name *name)
{
	struct host_name written;

	if (leaf->common_name == NULL)
		return false;
	if (!name->is_ip)
		return name_match_pattern(bytes_of_string(leaf->common_name), name);
	return !failed(host_name_parse(leaf->common_name, &written)) && written.is_ip &&
	       strcmp(written.text, name->text) == 0;
}

/* BoringSSL compares byte by byte and keeps a trailing dot, so it is asked for both forms. */
static bool library_agrees(const struct certificate *leaf, const struct host_name *name)
{
	char with_dot[HOST_NAME_MAX_CHARS + 2];
	size_t len = strlen(name->text);
	const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

	if (name->is_ip)
		return X509_check_ip(leaf->x509, name->ip, name->ip_len, flags) == 1;
	snprintf(with_dot, sizeof(with_dot), "%s.", name->text);
	return X509_check_host(leaf->x509, name->text, len, flags, NULL) == 1 ||
	       X509_check_host(leaf->x509, with_dot, len + 1, flags, NULL) == 1;
}

static const struct alt_name *covering_entry(const struct certificate *leaf, const struct host_name *name)
{
	for (size_t i = 0; i < leaf->num_alt_names; i++)
		if (judge_entry(&leaf->alt_names[i], name) == MISS_NONE)
			return &leaf->alt_names[i];
	return NULL;
}

static void explain_matched_by(const struct alt_name *entry, struct name_match *out)
{
	struct text matched_by = {out->matched_by, sizeof(out->matched_by), 0};

	if (entry->type == ALT_NAME_DNS)
		text_add(&matched_by, "%.*s", (int)entry->value.len, (const char *)entry->value.data);
	else
		print_entry(entry, out->matched_by);
}

void name_match(const struct certificate *leaf, const struct host_name *name, struct name_match *out)
{
	*out = (struct name_match){.verdict = NAME_NOT_COVERED};

	struct text why = {out->why, sizeof(out->why), 0};
	const struct alt_name *entry = covering_entry(leaf, name);
	if (entry != NULL && library_agrees(leaf, name)) {
		out->verdict = NAME_COVERED;
		explain_matched_by(entry, out);
		text_add(&why, "covered by %s", out->matched_by);
		return;
	}
	if (entry != NULL) {
		text_add(&why, "the subjectAltName names %s, but in a form that clients refuse", name->text);
		return;
	}
	if (common_name_covers(leaf, name)) {
		out->verdict = NAME_ONLY_IN_CN;
		text_add(&why, "%s stands in the Common Name alone, which clients no longer read", name->text);
	}
	if (!explain_near_misses(leaf, name, &why) && out->verdict == NAME_NOT_COVERED)
		explain_names(leaf, &why);
}
