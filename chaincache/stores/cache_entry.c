#include "chaincache/stores/cache_entry.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/base64.h>

#include "chaincache/base/printable.h"

static const char begin_line[] = "-----BEGIN CERTIFICATE-----";
static const char end_line[] = "-----END CERTIFICATE-----";

static struct error wrong(const char *what)
{
	return error_of(ERROR_FORMAT, 0, what);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes the next line off the front of `text`, without its end. */
static struct bytes next_line(struct bytes *text)
{
	const uint8_t *newline = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;
	size_t len = newline != NULL ? (size_t)(newline - text->data) : text->len;
	size_t taken = newline != NULL ? len + 1 : len;
	struct bytes line = bytes_of(text->data, len);

	*text = bytes_of(text->data + taken, text->len - taken);
	while (line.len > 0 && is_blank(line.data[line.len - 1]))
		line.len--;
	return line;
}

static bool line_is(struct bytes line, const char *text)
{
	return bytes_equal(line, bytes_of_string(text));
}

/* Copies the value after "key:", when the line has that key. All but printable ASCII is escaped. */
static void read_value(struct bytes line, const char *key, char *out, size_t out_size)
{
	size_t at = strlen(key);

	if (line.len < at || memcmp(line.data, key, at) != 0)
		return;
	while (at < line.len && is_blank(line.data[at]))
		at++;
	printable_copy(bytes_of(line.data + at, line.len - at), PRINTABLE_ASCII, out, out_size);
}

/* Joins the block's lines up to its end, since the decoder takes no line ends. `chars` has room for all of the text. */
static struct error join_lines(struct bytes *text, uint8_t *chars, size_t *out_len)
{
	*out_len = 0;
	while (text->len > 0) {
		struct bytes line = next_line(text);
		if (line_is(line, end_line))
			return error_none();
		if (line.len > 0)
			memcpy(chars + *out_len, line.data, line.len);
		*out_len += line.len;
	}
	return wrong("the PEM block has no end");
}

static struct error read_certificate(struct bytes *text, struct cache_entry *out)
{
	size_t room = text->len + 1;
	size_t num_chars, len;
	uint8_t *chars = malloc(2 * room);

	if (chars == NULL)
		return error_of(ERROR_MEMORY, 0, "read a cache entry");
	uint8_t *der = chars + room;
	struct error error = join_lines(text, chars, &num_chars);
	if (!failed(error) && !EVP_DecodeBase64(der, &len, room, chars, num_chars))
		error = wrong("the PEM block is not base64");
	if (!failed(error))
		error = certificate_parse(bytes_of(der, len), &out->certificate);
	free(chars);
	return error;
}

struct error cache_entry_parse(struct bytes content, struct cache_entry *out)
{
	bool has_block = false;

	*out = (struct cache_entry){0};
	if (content.len > CACHE_ENTRY_MAX_BYTES)
		return error_of(ERROR_LIMIT, 0, "the file is larger than any cache entry");
	while (content.len > 0 && !has_block) {
		struct bytes line = next_line(&content);
		read_value(line, "source:", out->source, sizeof(out->source));
		read_value(line, "fetched:", out->fetched, sizeof(out->fetched));
		has_block = line_is(line, begin_line);
	}
	if (!has_block)
		return wrong("the file holds no certificate in PEM");

	struct error error = read_certificate(&content, out);
	for (size_t i = 0; i < content.len && !failed(error); i++)
		if (!is_blank(content.data[i]))
			error = wrong("something follows the certificate");
	if (failed(error))
		cache_entry_cleanup(out);
	return error;
}

void cache_entry_cleanup(struct cache_entry *entry)
{
	certificate_unref(entry->certificate);
	*entry = (struct cache_entry){0};
}

struct error cache_entry_print(const struct certificate *certificate, const char *source, int64_t now,
			       struct buffer *out)
{
	char shown[CACHE_ENTRY_MAX_SOURCE + 1] = "";
	char fetched[CACHE_ENTRY_MAX_TIME + 1];
	struct tm utc;
	time_t seconds = (time_t)now;

	if (gmtime_r(&seconds, &utc) == NULL || strftime(fetched, sizeof(fetched), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return error_of(ERROR_FORMAT, 0, "the time of a cache entry cannot be written as a date");
	read_value(bytes_of_string(source), "", shown, sizeof(shown));
	struct error error = buffer_printf(out, "source: %s\nfetched: %s\n", shown, fetched);
	return failed(error) ? error : certificate_write_pem(certificate, out);
}
