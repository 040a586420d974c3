#include "proxy/commands/log/log_line.h"

#include <stdio.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)
#define ID_DIGITS 16
#define PREFIX_CHARS 3
#define MAX_DIGITS 18 /* what fits into 64 bits for sure; no number of ours is longer */
#define MAX_EXPONENT_DIGITS 2

/* Where the scan is. Holds always: at <= end. */
struct scan {
	const uint8_t *at;
	const uint8_t *end;
	unsigned depth;
	size_t num_escapes; /* in strings, so far */
};

static const struct {
	const char *word;
	size_t len;
} members[] = {
#define X(name, word) [name] = {word, sizeof(word) - 1},
    LOG_MEMBERS(X)
#undef X
};

static bool scan_value(struct scan *scan);

static void skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r'))
		scan->at++;
}

static bool take(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != (uint8_t)c)
		return false;
	scan->at++;
	return true;
}

static bool peek(const struct scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == (uint8_t)c;
}

/* Returns not 0 where one of eight bytes is 0, by a borrow: exact for whether there is one, and for the lowest. */
static uint64_t zero_byte(uint64_t eight)
{
	return (eight - ONES) & ~eight & HIGH_BITS;
}

/* Skips eight bytes at a time, up to a quote, a backslash, a control character or what is not ASCII. */
static void skip_plain(struct scan *scan)
{
	uint64_t eight = 0;

	while ((size_t)(scan->end - scan->at) >= sizeof(eight)) {
		memcpy(&eight, scan->at, sizeof(eight));
		uint64_t control = (eight - ONES * 0x20) & ~eight & HIGH_BITS;
		uint64_t quote = zero_byte(eight ^ (ONES * '"')) | zero_byte(eight ^ (ONES * '\\'));
		uint64_t stops = quote | control | (eight & HIGH_BITS);
		if (stops != 0 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
			scan->at += __builtin_ctzll(stops) / 8;
			return;
		}
		if (stops != 0)
			break; /* the bytes one by one, below */
		scan->at += sizeof(eight);
	}
	while (scan->at < scan->end && *scan->at != '"' && *scan->at != '\\' && *scan->at >= 0x20 && *scan->at < 0x80)
		scan->at++;
}

/* One well-formed UTF-8 sequence of several bytes (RFC 3629 4). */
static bool scan_sequence(struct scan *scan)
{
	static const struct {
		uint8_t first_low, first_high, second_low, second_high, len;
	} forms[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const uint8_t *at = scan->at;
	size_t left = (size_t)(scan->end - at);

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first_low || at[0] > forms[i].first_high)
			continue;
		if (left < forms[i].len) {
			scan->at = scan->end; /* broken off */
			return false;
		}
		if (at[1] < forms[i].second_low || at[1] > forms[i].second_high)
			return false;
		for (size_t k = 2; k < forms[i].len; k++) {
			if (at[k] < 0x80 || at[k] > 0xbf)
				return false;
		}
		scan->at += forms[i].len;
		return true;
	}
	return false;
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the four digits after "\u". */
static bool scan_unit(struct scan *scan, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		int digit = scan->at < scan->end ? hex_value(*scan->at) : -1;
		if (digit < 0)
			return false;
		*out = *out << 4 | (unsigned)digit;
		scan->at++;
	}
	return true;
}

/* A code point of its own, or a pair of surrogates. No text of ours has a zero in it. */
static bool scan_code_point(struct scan *scan)
{
	unsigned unit = 0;

	if (!scan_unit(scan, &unit) || unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	return take(scan, '\\') && take(scan, 'u') && scan_unit(scan, &unit) && unit >= 0xdc00 && unit <= 0xdfff;
}

static bool scan_escape(struct scan *scan)
{
	if (scan->at == scan->end)
		return false;
	uint8_t c = *scan->at;
	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return false;
	scan->at++;
	scan->num_escapes++;
	return c != 'u' || scan_code_point(scan);
}

/* Reads on after the opening quote; *out is the text between the quotes. */
static bool scan_string(struct scan *scan, struct bytes *out)
{
	const uint8_t *start = scan->at;

	for (;;) {
		skip_plain(scan);
		if (take(scan, '"')) {
			*out = bytes_of(start, (size_t)(scan->at - start) - 1);
			return true;
		}
		bool good = take(scan, '\\') ? scan_escape(scan) : scan->at < scan->end && scan_sequence(scan);
		if (!good)
			return false;
	}
}

static bool scan_digits(struct scan *scan, size_t max)
{
	const uint8_t *start = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > start && (size_t)(scan->at - start) <= max;
}

static bool scan_number(struct scan *scan)
{
	(void)take(scan, '-');
	if (!take(scan, '0') && !scan_digits(scan, MAX_DIGITS))
		return false;
	if (take(scan, '.') && !scan_digits(scan, MAX_DIGITS))
		return false;
	if (!take(scan, 'e') && !take(scan, 'E'))
		return true;
	if (!take(scan, '+'))
		(void)take(scan, '-');
	return scan_digits(scan, MAX_EXPONENT_DIGITS);
}

static bool scan_word(struct scan *scan, const char *word)
{
	while (*word != '\0' && take(scan, *word))
		word++;
	return *word == '\0';
}

static bool scan_key(struct scan *scan, struct bytes *out)
{
	skip_blanks(scan);
	if (!take(scan, '"') || !scan_string(scan, out))
		return false;
	skip_blanks(scan);
	if (!take(scan, ':'))
		return false;
	skip_blanks(scan);
	return true;
}

/* Reads on after the opening bracket: a comma or the end follows each value. */
static bool scan_items(struct scan *scan, char close)
{
	struct bytes key;

	skip_blanks(scan);
	if (take(scan, close))
		return true;
	do {
		if (close == '}' && !scan_key(scan, &key))
			return false;
		skip_blanks(scan);
		if (!scan_value(scan))
			return false;
		skip_blanks(scan);
	} while (take(scan, ','));
	return take(scan, close);
}

static bool scan_nested(struct scan *scan, char close)
{
	if (++scan->depth > LOG_LINE_MAX_DEPTH)
		return false;
	bool good = scan_items(scan, close);
	scan->depth--;
	return good;
}

static bool scan_value(struct scan *scan)
{
	struct bytes text;

	if (take(scan, '"'))
		return scan_string(scan, &text);
	if (take(scan, '{'))
		return scan_nested(scan, '}');
	if (take(scan, '['))
		return scan_nested(scan, ']');
	if (peek(scan, 't'))
		return scan_word(scan, "true");
	if (peek(scan, 'f'))
		return scan_word(scan, "false");
	return peek(scan, 'n') ? scan_word(scan, "null") : scan_number(scan);
}

static struct bytes *member_of(struct log_line *line, struct bytes key)
{
	for (size_t i = 0; i < LOG_MEMBER_COUNT; i++) {
		if (members[i].len == key.len && memcmp(members[i].word, key.data, key.len) == 0)
			return &line->members[i];
	}
	return NULL;
}

static bool scan_member(struct scan *scan, struct log_line *line)
{
	struct bytes key;
	struct bytes text;

	size_t num_escapes = scan->num_escapes;
	if (!scan_key(scan, &key))
		return false;
	/* A JSON library reads "s\u0069te" as "site", this scan does not: such a line is refused. chainmend writes no
	 * such key. */
	if (scan->num_escapes > num_escapes)
		return false;
	struct bytes *member = member_of(line, key);
	const uint8_t *start = scan->at;
	bool is_text = take(scan, '"');
	if (is_text ? !scan_string(scan, &text) : !scan_value(scan))
		return false;
	if (member != NULL)
		*member = is_text ? text : bytes_of(start, (size_t)(scan->at - start));
	skip_blanks(scan);
	return true;
}

static bool scan_object(struct scan *scan, struct log_line *line)
{
	skip_blanks(scan);
	if (take(scan, '}'))
		return true;
	do {
		if (!scan_member(scan, line))
			return false;
	} while (take(scan, ','));
	return take(scan, '}');
}

static bool is_finding(const struct log_line *line)
{
	static const enum log_member needed[] = {LOG_TIME, LOG_SITE, LOG_CODE, LOG_SEVERITY};
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		/* A string has a quote before it, any other value has not. */
		if (line->members[needed[i]].len == 0 || line->members[needed[i]].data[-1] != '"')
			return false;
	}
	return true;
}

/* "<4>", as it stands before a line that the journal did not take as an entry. */
static struct bytes without_weight(struct bytes text)
{
	bool weighted = text.len > PREFIX_CHARS && text.data[0] == '<' && text.data[1] >= '0' && text.data[1] <= '7' &&
			text.data[2] == '>';
	return weighted ? bytes_of(text.data + PREFIX_CHARS, text.len - PREFIX_CHARS) : text;
}

enum log_line_verdict log_line_scan(struct bytes text, struct log_line *out)
{
	*out = (struct log_line){.json = without_weight(text)};
	struct scan scan = {out->json.data, out->json.data + out->json.len, 0, 0};

	if (!take(&scan, '{'))
		return LOG_LINE_FOREIGN;
	if (!scan_object(&scan, out))
		return scan.at == scan.end ? LOG_LINE_TORN : LOG_LINE_FOREIGN;
	skip_blanks(&scan);
	return scan.at == scan.end && is_finding(out) ? LOG_LINE_FINDING : LOG_LINE_FOREIGN;
}

void log_line_message(const char *subject, const char *message, char *out, size_t size)
{
	snprintf(out, size, "%s%s", strcmp(subject, "backend") == 0 ? "On the backend: " : "", message);
}

bool log_line_is(const struct log_line *line, enum log_member member, const char *text)
{
	return bytes_equal(line->members[member], bytes_of_string(text));
}

static bool read_id(struct bytes id, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < id.len && id.len == ID_DIGITS; i++) {
		int digit = hex_value(id.data[i]);
		if (digit < 0)
			return false;
		*out = *out << 4 | (uint64_t)digit;
	}
	return id.len == ID_DIGITS;
}

uint64_t log_line_key(const struct log_line *line)
{
	static const enum log_member parts[] = {LOG_SITE, LOG_SUBJECT_OF,  LOG_PART, LOG_CODE,
						LOG_NAME, LOG_CERTIFICATE, LOG_URL};
	uint64_t hash = FNV_START;
	uint64_t id = 0;

	if (read_id(line->members[LOG_ID], &id))
		return id;
	/* Only a failed fetch is identified by its URL too. */
	bool has_url = line->members[LOG_CODE].len > 6 && memcmp(line->members[LOG_CODE].data, "fetch_", 6) == 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct bytes part = line->members[parts[i]];
		if (parts[i] == LOG_URL && !has_url)
			part.len = 0;
		for (size_t k = 0; k < part.len; k++)
			hash = (hash ^ part.data[k]) * FNV_PRIME;
		hash = (hash ^ 0x1f) * FNV_PRIME; /* no text of JSON has this byte in it */
	}
	return hash;
}
