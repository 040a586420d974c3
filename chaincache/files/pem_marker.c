#include "chaincache/files/pem_marker.h"

#include <strings.h>

#define DASH_BYTES 3 /* of a dash in UTF-8 */

static const char *const words[] = {"BEGIN", "END"};
static const char *const nouns[] = {"CERTIFICATE", "KEY", "PKCS", "CMS", "X509", "CRL"};

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* U+2010 to U+2015, and the minus sign U+2212. */
static bool is_wide_dash(const uint8_t *at)
{
	return at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0x90 && at[2] <= 0x95) || (at[1] == 0x88 && at[2] == 0x92));
}

/* Returns the length of the dash that `text` starts with, 0 where there is none. */
static size_t leading_dash(struct bytes text)
{
	if (text.len > 0 && text.data[0] == '-')
		return 1;
	return text.len >= DASH_BYTES && is_wide_dash(text.data) ? DASH_BYTES : 0;
}

static size_t trailing_dash(struct bytes text)
{
	if (text.len > 0 && text.data[text.len - 1] == '-')
		return 1;
	return text.len >= DASH_BYTES && is_wide_dash(text.data + text.len - DASH_BYTES) ? DASH_BYTES : 0;
}

/* Cuts dashes and blanks off both ends; returns the number of dashes. */
static size_t cut_dashes(struct bytes *line)
{
	size_t num_dashes = 0;
	size_t len;

	while ((len = leading_dash(*line)) > 0 || (line->len > 0 && is_blank(line->data[0]))) {
		num_dashes += len > 0;
		len += len == 0;
		*line = bytes_of(line->data + len, line->len - len);
	}
	while ((len = trailing_dash(*line)) > 0 || (line->len > 0 && is_blank(line->data[line->len - 1]))) {
		num_dashes += len > 0;
		line->len -= len + (len == 0);
	}
	return num_dashes;
}

static bool starts_with(struct bytes text, const char *word)
{
	size_t len = strlen(word);

	return text.len >= len && strncasecmp((const char *)text.data, word, len) == 0;
}

static bool starts_with_word(struct bytes text)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (starts_with(text, words[i]))
			return true;
	return false;
}

static bool has_noun(struct bytes text)
{
	for (size_t at = 0; at < text.len; at++)
		for (size_t i = 0; i < sizeof(nouns) / sizeof(nouns[0]); i++)
			if (starts_with(bytes_of(text.data + at, text.len - at), nouns[i]))
				return true;
	return false;
}

bool pem_marker_is_like(struct bytes line)
{
	return line.len <= PEM_MARKER_MAX_BYTES && cut_dashes(&line) > 0 && starts_with_word(line) && has_noun(line);
}
