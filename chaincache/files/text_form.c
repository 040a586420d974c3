#include "chaincache/files/text_form.h"

#include <openssl/base64.h>
#include <openssl/mem.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum { UTF16_MARK_BYTES = 2, UTF16_BYTES = 2, MIN_BASE64_CHARS = 40, UTF8_MAX_BYTES = 4 };

enum { HIGH_HALF = 0xd800, LOW_HALF = 0xdc00, REPLACEMENT = 0xfffd };

static bool has_mark(struct bytes content)
{
	return content.len >= UTF16_MARK_BYTES && (memcmp(content.data, "\xff\xfe", UTF16_MARK_BYTES) == 0 ||
						   memcmp(content.data, "\xfe\xff", UTF16_MARK_BYTES) == 0);
}

static bool is_ascii(uint8_t high, uint8_t low)
{
	return high == 0 && low >= '\t' && low < 0x7f;
}

static bool is_big_endian(struct bytes content)
{
	return content.data[0] == 0xfe || content.data[0] == 0;
}

bool text_form_is_utf16(struct bytes content)
{
	const uint8_t *data = content.data;

	if (has_mark(content))
		return true;
	return content.len >= (size_t)2 * UTF16_BYTES && ((is_ascii(data[0], data[1]) && is_ascii(data[2], data[3])) ||
							  (is_ascii(data[1], data[0]) && is_ascii(data[3], data[2])));
}

/* The units of UTF-16, in either order, after the mark. */
struct units {
	struct bytes rest;
	bool big_endian;
};

static struct units units_of(struct bytes content)
{
	size_t mark = has_mark(content) ? UTF16_MARK_BYTES : 0;

	return (struct units){bytes_of(content.data + mark, content.len - mark), is_big_endian(content)};
}

static bool peek_unit(const struct units *units, uint32_t *out)
{
	if (units->rest.len < UTF16_BYTES)
		return false;
	const uint8_t *data = units->rest.data;
	*out = units->big_endian ? (uint32_t)data[0] << 8 | data[1] : (uint32_t)data[1] << 8 | data[0];
	return true;
}

static bool next_unit(struct units *units, uint32_t *out)
{
	if (!peek_unit(units, out))
		return false;
	units->rest = bytes_of(units->rest.data + UTF16_BYTES, units->rest.len - UTF16_BYTES);
	return true;
}

struct error text_form_decode_utf16(struct bytes content, struct buffer *out)
{
	struct units units = units_of(content);
	uint32_t unit;

	struct error error = buffer_reserve(out, units.rest.len / UTF16_BYTES + 1);
	while (!failed(error) && next_unit(&units, &unit)) {
		uint8_t c = unit < 0x80 ? (uint8_t)unit : '?';
		error = buffer_append(out, bytes_of(&c, 1));
	}
	return error;
}

static bool is_half(uint32_t unit, uint32_t first)
{
	return (unit & 0xfc00) == first;
}

static uint32_t join_pair(struct units *units, uint32_t unit)
{
	uint32_t low;

	if (!is_half(unit, HIGH_HALF) && !is_half(unit, LOW_HALF))
		return unit;
	if (!is_half(unit, HIGH_HALF) || !peek_unit(units, &low) || !is_half(low, LOW_HALF) || !next_unit(units, &low))
		return REPLACEMENT;
	return 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
}

static size_t write_utf8(uint32_t c, uint8_t out[UTF8_MAX_BYTES])
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = len; i-- > 1; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)(first[len] | c);
	return len;
}

struct error text_form_utf16_to_utf8(struct bytes content, struct buffer *out)
{
	struct units units = units_of(content);
	struct error error = error_none();
	uint32_t unit;

	while (!failed(error) && next_unit(&units, &unit)) {
		uint8_t text[UTF8_MAX_BYTES];
		size_t len = write_utf8(join_pair(&units, unit), text);
		error = buffer_append(out, bytes_of(text, len));
	}
	return error;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

static bool is_around(uint8_t c)
{
	return is_blank(c) || c == '"' || c == '\'' || c == '\0';
}

/* Cuts off blanks, quotes and a byte order mark. */
static struct bytes trim(struct bytes text)
{
	size_t mark = strlen(BYTE_ORDER_MARK);

	if (text.len >= mark && memcmp(text.data, BYTE_ORDER_MARK, mark) == 0)
		text = bytes_of(text.data + mark, text.len - mark);
	while (text.len > 0 && is_around(text.data[0]))
		text = bytes_of(text.data + 1, text.len - 1);
	while (text.len > 0 && is_around(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* Says whether it encodes a SEQUENCE or five dashes, with or without a byte order mark before them. A plain word does
 * not. */
static bool begins_as_what_is_read(struct bytes text)
{
	static const char *const beginnings[] = {"M", "LS0tLS1", "77u/LS0t"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		size_t len = strlen(beginnings[i]);
		if (text.len >= MIN_BASE64_CHARS && memcmp(text.data, beginnings[i], len) == 0)
			return true;
	}
	return false;
}

bool text_form_is_base64(struct bytes text)
{
	text = trim(text);
	if (!begins_as_what_is_read(text))
		return false;
	while (text.len > 0 && text.data[text.len - 1] == '=')
		text.len--;
	for (size_t i = 0; i < text.len; i++)
		if (!is_digit(text.data[i]) && !is_blank(text.data[i]))
			return false;
	return true;
}

struct error text_form_decode_base64(struct bytes text, struct buffer *out)
{
	size_t num_chars = 0;
	size_t len;

	text = trim(text);
	uint8_t *chars = OPENSSL_malloc(2 * text.len + 1); /* wiped when it is freed: there may be a key in it */
	if (chars == NULL)
		return error_of(ERROR_MEMORY, 0, "decode base64");
	for (size_t i = 0; i < text.len; i++)
		if (!is_blank(text.data[i]))
			chars[num_chars++] = text.data[i];
	uint8_t *decoded = chars + text.len;
	struct error error =
	    EVP_DecodeBase64(decoded, &len, text.len + 1, chars, num_chars)
		? buffer_append(out, bytes_of(decoded, len))
		: error_of(ERROR_FORMAT, 0, "the file is base64 text, and neither PEM nor whole: its end is missing");
	OPENSSL_free(chars);
	return error;
}
