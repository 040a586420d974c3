#include "chaincache/base/printable.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct code_range {
	uint32_t first;
	uint32_t last;
};

/* Characters that draw nothing of their own but move the cursor, end the line or turn the order of the others. */
static const struct code_range deceptive[] = {
    {0x0000, 0x001f}, /* C0 */
    {0x007f, 0x009f}, /* DEL and C1: U+009B starts a terminal's control sequence */
    {0x061c, 0x061c}, /* Arabic letter mark */
    {0x200b, 0x200f}, /* zero width, direction marks */
    {0x2028, 0x202e}, /* line and paragraph separator, bidirectional embeddings and overrides */
    {0x2060, 0x206f}, /* word joiner, isolates, deprecated format characters */
    {0xfeff, 0xfeff}, /* zero width no-break space */
};

static bool is_deceptive(uint32_t code)
{
	for (size_t i = 0; i < sizeof(deceptive) / sizeof(deceptive[0]); i++)
		if (code >= deceptive[i].first && code <= deceptive[i].last)
			return true;
	return false;
}

/* Returns the length of the character at `text` (RFC 3629), whose code point goes to *out_code; 0: no valid UTF-8. */
static size_t decode_utf8(struct bytes text, uint32_t *out_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead = text.data[0];
	size_t len = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;

	if (len == 0 || len > text.len)
		return 0;
	uint32_t code = len == 1 ? lead : lead & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((text.data[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text.data[i] & 0x3fU);
	}
	*out_code = code;
	return code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : len;
}

size_t printable_next(struct bytes text, enum printable_kind kind, bool *out_plain)
{
	uint8_t byte = text.data[0];
	uint32_t code = 0;

	*out_plain = (byte >= 0x20 && byte < 0x7f) || (byte == '\n' && kind == PRINTABLE_LINES);
	if (*out_plain || byte < 0x80 || kind == PRINTABLE_ASCII)
		return 1;
	size_t len = decode_utf8(text, &code);
	*out_plain = len > 0 && !is_deceptive(code);
	return len > 0 ? len : 1;
}

size_t printable_copy(struct bytes text, enum printable_kind kind, char *out, size_t out_size)
{
	size_t written = 0, at = 0;

	while (at < text.len) {
		bool plain;
		size_t len = printable_next(bytes_of(text.data + at, text.len - at), kind, &plain);
		size_t needed = plain ? len : PRINTABLE_ESCAPED_CHARS * len;
		if (written + needed >= out_size)
			break;
		if (plain)
			memcpy(out + written, text.data + at, len);
		for (size_t i = 0; !plain && i < len; i++)
			snprintf(out + written + PRINTABLE_ESCAPED_CHARS * i, PRINTABLE_ESCAPED_CHARS + 1, "\\x%02x",
				 (unsigned)text.data[at + i]);
		written += needed;
		at += len;
	}
	out[written] = '\0';
	return at;
}
