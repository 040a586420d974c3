#include "chaincache/files/pem_reader.h"

#include <openssl/base64.h>
#include <openssl/mem.h>

#include "chaincache/files/pem_marker.h"

#define DASHES "-----"
#define BEGIN "-----BEGIN "
#define END "-----END "
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void pem_reader_init(struct pem_reader *reader, struct bytes text)
{
	*reader = (struct pem_reader){.text = text, .rest = text};
}

/* OPENSSL_free wipes what it frees: there may have been a key in it. */
void pem_reader_cleanup(struct pem_reader *reader)
{
	OPENSSL_free(reader->scratch);
	*reader = (struct pem_reader){0};
}

/* A line ends in LF, CR or both. Goes on where the last call ended. */
unsigned pem_reader_line(struct pem_reader *reader)
{
	const uint8_t *text = reader->text.data;

	if (reader->block_at < reader->counted_to) {
		reader->counted_to = 0;
		reader->num_line_ends = 0;
	}
	for (size_t i = reader->counted_to; i < reader->block_at; i++)
		reader->num_line_ends += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
	reader->counted_to = reader->block_at;
	return reader->num_line_ends + 1;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool starts_with(struct bytes text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && memcmp(text.data, prefix, len) == 0;
}

static struct bytes drop(struct bytes text, size_t len)
{
	return bytes_of(text.data + len, text.len - len);
}

/* Returns the offset of the first five dashes; text.len when there are none. */
static size_t find_dashes(struct bytes text)
{
	size_t at = 0;

	while (at < text.len) {
		const uint8_t *dash = memchr(text.data + at, '-', text.len - at);
		if (dash == NULL)
			return text.len;
		at = (size_t)(dash - text.data);
		if (starts_with(drop(text, at), DASHES))
			return at;
		at++;
	}
	return text.len;
}

static struct bytes skip_line(struct bytes text)
{
	size_t len = 0;

	while (len < text.len && text.data[len] != '\n' && text.data[len] != '\r')
		len++;
	return drop(text, len);
}

/* Skips byte order marks too: files that are joined have one each. */
static struct bytes skip_blanks(struct bytes text)
{
	for (;;) {
		if (text.len > 0 && is_blank(text.data[0]))
			text = drop(text, 1);
		else if (starts_with(text, BYTE_ORDER_MARK))
			text = drop(text, strlen(BYTE_ORDER_MARK));
		else
			return text;
	}
}

/* Reads "LABEL-----" and steps over it: false when it is none. */
static bool take_label(struct bytes *text, char label[PEM_MAX_LABEL_CHARS + 1])
{
	size_t len = find_dashes(bytes_of(text->data, text->len < PEM_MAX_LABEL_CHARS + sizeof(DASHES) - 1
							  ? text->len
							  : PEM_MAX_LABEL_CHARS + sizeof(DASHES) - 1));
	if (len > PEM_MAX_LABEL_CHARS || !starts_with(drop(*text, len), DASHES))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text->data[i] < ' ' || text->data[i] > '~')
			return false;
	memcpy(label, text->data, len);
	label[len] = '\0';
	*text = drop(*text, len + strlen(DASHES));
	return true;
}

static struct bytes first_line(struct bytes text)
{
	return bytes_of(text.data, text.len - skip_line(text).len);
}

/* Keeps the beginning of a damaged line in place of a label, and steps past it. */
static struct error take_damaged_line(struct pem_reader *reader, struct bytes line)
{
	size_t len = line.len < PEM_MAX_LABEL_CHARS ? line.len : PEM_MAX_LABEL_CHARS;

	memcpy(reader->block.label, line.data, len);
	reader->block_at = (size_t)(line.data - reader->text.data);
	reader->is_damaged_line = true;
	reader->rest = skip_line(drop(reader->text, reader->block_at));
	return error_of(ERROR_FORMAT, (int)pem_reader_line(reader),
			"line %d looks like a BEGIN or END line and is none, or has no partner: a whole one "
			"has five dashes on both sides");
}

/* Moves past the dashes of the next BEGIN line. PEM_BROKEN at a damaged line before it, PEM_END at the end of the
 * text. */
static enum pem_status find_begin(struct pem_reader *reader)
{
	for (;;) {
		struct bytes text = skip_blanks(reader->rest);
		struct bytes label = text;
		if (text.len == 0)
			return PEM_END;
		if (starts_with(text, BEGIN)) {
			label = drop(text, strlen(BEGIN));
			if (take_label(&label, reader->block.label)) {
				reader->block_at = (size_t)(text.data - reader->text.data);
				reader->num_blocks++;
				reader->rest = label;
				return PEM_BLOCK;
			}
		}
		if (pem_marker_is_like(first_line(text))) {
			reader->error = take_damaged_line(reader, first_line(text));
			return PEM_BROKEN;
		}
		reader->rest = skip_line(text);
	}
}

/* Finds a damaged END line: a better reason than that there is no END line. */
static bool find_damaged_line(struct bytes body, struct bytes *out)
{
	for (body = skip_blanks(body); body.len > 0; body = skip_blanks(skip_line(body))) {
		*out = first_line(body);
		if (pem_marker_is_like(*out))
			return true;
	}
	return false;
}

/* Headers, where there are any, have a colon in each line, and base64 text has none. */
static struct bytes split_headers(struct bytes *body)
{
	size_t last = body->len;

	while (last > 0 && body->data[last - 1] != ':')
		last--;
	if (last == 0)
		return bytes_of(NULL, 0);
	struct bytes rest = skip_line(drop(*body, last));
	struct bytes headers = bytes_of(body->data, body->len - rest.len);
	*body = rest;
	return headers;
}

static struct error make_scratch(struct pem_reader *reader, size_t size)
{
	if (size <= reader->scratch_size)
		return error_none();
	OPENSSL_free(reader->scratch);
	reader->scratch_size = 0;
	reader->scratch = OPENSSL_malloc(size);
	if (reader->scratch == NULL)
		return error_of(ERROR_MEMORY, 0, "decode a PEM block");
	reader->scratch_size = size;
	return error_none();
}

static struct error decode(struct pem_reader *reader, struct bytes body)
{
	size_t max_der;
	size_t chars = 0;
	size_t der_len;

	if (body.len > PEM_MAX_BLOCK_BYTES)
		return error_of(ERROR_LIMIT, 0, "a PEM block is larger than 48 MiB");
	reader->block.headers = split_headers(&body);
	if (!EVP_DecodedLength(&max_der, (body.len + 3) / 4 * 4))
		return error_of(ERROR_LIMIT, 0, "a PEM block is too large");
	struct error error = make_scratch(reader, body.len + max_der + 1);
	if (failed(error))
		return error;

	for (size_t i = 0; i < body.len; i++)
		if (!is_blank(body.data[i]))
			reader->scratch[chars++] = body.data[i];
	uint8_t *der = reader->scratch + chars;
	if (chars == 0)
		return error_of(ERROR_FORMAT, 0, "a PEM block is empty");
	if (!EVP_DecodeBase64(der, &der_len, reader->scratch_size - chars, reader->scratch, chars))
		return error_of(ERROR_FORMAT, 0, "a PEM block is no base64 text");
	reader->block.der = bytes_of(der, der_len);
	return error_none();
}

static struct error no_end_line(struct bytes rest)
{
	return error_of(ERROR_FORMAT, 0,
			rest.len == 0 ? "the file is cut short, as a PEM block has no END line"
				      : "a PEM block has no END line");
}

/* Finds the END line, steps past it, and decodes the body before it. */
static struct error read_body(struct pem_reader *reader)
{
	char label[PEM_MAX_LABEL_CHARS + 1];
	struct bytes line;
	size_t len = find_dashes(reader->rest);
	struct bytes body = bytes_of(reader->rest.data, len);
	struct bytes end = drop(reader->rest, len);

	reader->rest = end;
	if (!starts_with(end, END))
		return find_damaged_line(body, &line) ? take_damaged_line(reader, line) : no_end_line(end);
	line = first_line(end);
	end = drop(end, strlen(END));
	if (!take_label(&end, label)) {
		reader->rest = skip_line(end);
		return pem_marker_is_like(line) ? take_damaged_line(reader, line)
						: error_of(ERROR_FORMAT, 0, "a PEM block's END line is broken");
	}
	reader->rest = end;
	if (strcmp(label, reader->block.label) != 0)
		return error_of(ERROR_FORMAT, 0, "a PEM block's BEGIN and END lines name different things");
	return decode(reader, body);
}

enum pem_status pem_reader_next(struct pem_reader *reader)
{
	reader->block = (struct pem_block){0};
	reader->is_damaged_line = false;
	enum pem_status status = find_begin(reader);
	if (status != PEM_BLOCK)
		return status;
	reader->error = read_body(reader);
	if (!failed(reader->error))
		return PEM_BLOCK;
	reader->block.der = bytes_of(NULL, 0);
	return PEM_BROKEN;
}
