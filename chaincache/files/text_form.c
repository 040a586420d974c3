#include "chaincache/files/text_form.h"

#include <openssl/base64.h>
#include <openssl/mem.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

enum { UTF16_MARK_BYTES = 2, UTF16_BYTES = 2, MIN_BASE64_CHARS = 40 };

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
	return content.len >= 2 * UTF16_BYTES && ((is_ascii(data[0], data[1]) && is_ascii(data[2], data[3])) ||
						  (is_ascii(data[1], data[0]) && is_ascii(data[3], data[2])));
}

struct error text_form_decode_utf16(struct bytes content, struct buffer *out)
{
	size_t low_at = is_big_endian(content) ? 1 : 0;
	size_t first = has_mark(content) ? UTF16_MARK_BYTES : 0;

	struct error error = buffer_reserve(out, content.len / UTF16_BYTES + 1);
	for (size_t i = first; i + 1 < content.len && !failed(error); i += UTF16_BYTES) {
		uint8_t low = content.data[i + low_at];
		uint8_t high = content.data[i + 1 - low_at];
		uint8_t c = high == 0 && low < 0x80 ? low : '?';
		error = buffer_append(out, bytes_of(&c, 1));
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

/* What stands between quotes, blanks, and behind a byte order mark. */
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

/* A SEQUENCE, five dashes, or these behind a byte order mark: what makes it more than a word. */
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
