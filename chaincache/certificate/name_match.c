#include "chaincache/certificate/name_match.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "chaincache/certificate/name_miss.h"

enum {
	MAX_ENTRY_TEXT = 100, /* of one subjectAltName entry in an explanation */
	MAX_NEAR_MISSES = 3,
	MAX_NAMES_LISTED = 5,
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

static size_t count_byte(struct bytes bytes, uint8_t byte)
{
	size_t count = 0;
	for (size_t i = 0; i < bytes.len; i++)
		count += bytes.data[i] == byte;
	return count;
}

/* Replaces all but printable ASCII: certificates come from anywhere. */
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

static void explain_miss(struct text *why, enum name_miss miss, const struct alt_name *entry,
			 const struct host_name *name)
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
	text_add_sentence(why, name_miss_sentence(miss), words);
}

static bool explain_near_misses(const struct certificate *leaf, const struct host_name *name, struct text *why)
{
	unsigned num_named = 0;

	for (enum name_miss miss = MISS_NONE + 1; miss < MISS_UNLIKE; miss++) {
		for (size_t i = 0; i < leaf->num_alt_names && num_named < MAX_NEAR_MISSES; i++) {
			if (name_miss_of_entry(&leaf->alt_names[i], name) != miss)
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

bool name_match_pattern(struct bytes pattern, const struct host_name *name)
{
	return name_miss_of_pattern(pattern, name) == MISS_NONE;
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

static bool library_agrees(const struct certificate *leaf, const struct host_name *name)
{
	const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

	if (name->is_ip)
		return X509_check_ip(leaf->x509, name->ip, name->ip_len, flags) == 1;
	return X509_check_host(leaf->x509, name->text, strlen(name->text), flags, NULL) == 1;
}

/* Returns the place of the first entry that covers `name`; num_alt_names where none does. */
static size_t find_covering(const struct certificate *leaf, const struct host_name *name)
{
	size_t i = 0;

	while (i < leaf->num_alt_names && name_miss_of_entry(&leaf->alt_names[i], name) != MISS_NONE)
		i++;
	return i;
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
	size_t covering = find_covering(leaf, name);
	bool is_named = covering < leaf->num_alt_names;
	ERR_clear_error();
	bool is_covered = is_named && library_agrees(leaf, name);
	out->out_of_memory = error_crypto_is_memory() && !is_covered;
	if (is_covered) {
		out->verdict = NAME_COVERED;
		explain_matched_by(&leaf->alt_names[covering], out);
		text_add(&why, "covered by %s", out->matched_by);
		return;
	}
	if (is_named) {
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
