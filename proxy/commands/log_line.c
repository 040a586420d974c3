#include "proxy/commands/log_line.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)
#define ID_DIGITS 16
#define PREFIX_CHARS 3

/* Where the scan is. Holds always: at <= end. */
struct scan {
	const uint8_t *at;
	const uint8_t *end;
	unsigned depth;
};

static const struct {
	const char *word;
	size_t len;
} members[] = {
#define X(name, word) [name] = {word, sizeof word - 1},
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

/* Not 0 where one of eight bytes is 0: the usual trick with a borrow, exact for "is there one". */
static uint64_t zero_byte(uint64_t eight)
{
	return (eight - ONES) & ~eight & HIGH_BITS;
}

/* Eight bytes at a time, up to a quote, a backslash or a control character. */
static void skip_plain(struct scan *scan)
{
	uint64_t eight = 0;

	while ((size_t)(scan->end - scan->at) >= sizeof eight) {
		memcpy(&eight, scan->at, sizeof eight);
		uint64_t control = (eight - ONES * 0x20) & ~eight & HIGH_BITS;
		if ((zero_byte(eight ^ (ONES * '"')) | zero_byte(eight ^ (ONES * '\\')) | control) != 0)
			break;
		scan->at += sizeof eight;
	}
	while (scan->at < scan->end && *scan->at != '"' && *scan->at != '\\' && *scan->at >= 0x20)
		scan->at++;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool scan_escape(struct scan *scan)
{
	if (scan->at == scan->end)
		return false;
	uint8_t c = *scan->at;
	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return false;
	scan->at++;
	for (int i = 0; c == 'u' && i < 4; i++) {
		if (scan->at == scan->end || !is_hex(*scan->at))
			return false;
		scan->at++;
	}
	return true;
}

/* Behind the opening quote; *out is what stands between the two. */
static bool scan_string(struct scan *scan, struct bytes *out)
{
	const uint8_t *start = scan->at;

	for (;;) {
		skip_plain(scan);
		if (take(scan, '"')) {
			*out = bytes_of(start, (size_t)(scan->at - start) - 1);
			return true;
		}
		if (!take(scan, '\\') || !scan_escape(scan))
			return false;
	}
}

static bool scan_digits(struct scan *scan)
{
	const uint8_t *start = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return scan->at > start;
}

static bool scan_number(struct scan *scan)
{
	(void)take(scan, '-');
	if (!take(scan, '0') && !scan_digits(scan))
		return false;
	if (take(scan, '.') && !scan_digits(scan))
		return false;
	if (!take(scan, 'e') && !take(scan, 'E'))
		return true;
	if (!take(scan, '+'))
		(void)take(scan, '-');
	return scan_digits(scan);
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

/* Behind the opening bracket: what follows a value is a comma or the end. */
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

	if (!scan_key(scan, &key))
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
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		/* A text stands behind its quote; what is no text does not. */
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
	struct scan scan = {out->json.data, out->json.data + out->json.len, 0};

	if (!take(&scan, '{'))
		return LOG_LINE_FOREIGN;
	if (!scan_object(&scan, out))
		return scan.at == scan.end ? LOG_LINE_TORN : LOG_LINE_FOREIGN;
	skip_blanks(&scan);
	return scan.at == scan.end && is_finding(out) ? LOG_LINE_FINDING : LOG_LINE_FOREIGN;
}

bool log_line_is(const struct log_line *line, enum log_member member, const char *text)
{
	return bytes_equal(line->members[member], bytes_of_string(text));
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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
	/* Where an issuer came from is no part of what was missing. */
	bool has_url = line->members[LOG_CODE].len > 6 && memcmp(line->members[LOG_CODE].data, "fetch_", 6) == 0;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct bytes part = line->members[parts[i]];
		if (parts[i] == LOG_URL && !has_url)
			part.len = 0;
		for (size_t k = 0; k < part.len; k++)
			hash = (hash ^ part.data[k]) * FNV_PRIME;
		hash = (hash ^ 0x1f) * FNV_PRIME; /* no text of JSON has this byte in it */
	}
	return hash;
}
