#include "chaincache/files/pem_reader.h"

#include <openssl/base64.h>
#include <openssl/mem.h>

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

/* The offset of the first five dashes; text.len when there are none. */
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

/* Byte order marks too: files that are joined have one each. */
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

/* Moves behind the next BEGIN line's dashes: false at the end of the text. */
static bool find_begin(struct pem_reader *reader)
{
	for (;;) {
		struct bytes text = skip_blanks(reader->rest);
		if (text.len == 0)
			return false;
		if (starts_with(text, BEGIN)) {
			struct bytes label = drop(text, strlen(BEGIN));
			if (take_label(&label, reader->block.label)) {
				reader->block_at = (size_t)(text.data - reader->text.data);
				reader->num_blocks++;
				reader->rest = label;
				return true;
			}
		}
		reader->rest = skip_line(text);
	}
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

/* Finds the END line, steps behind it, and decodes the body before it. */
static struct error read_body(struct pem_reader *reader)
{
	char label[PEM_MAX_LABEL_CHARS + 1];
	size_t len = find_dashes(reader->rest);
	struct bytes body = bytes_of(reader->rest.data, len);
	struct bytes end = drop(reader->rest, len);

	reader->rest = end;
	if (end.len == 0)
		return error_of(ERROR_FORMAT, 0, "the file is cut short, as a PEM block has no END line");
	if (!starts_with(end, END))
		return error_of(ERROR_FORMAT, 0, "a PEM block has no END line");
	end = drop(end, strlen(END));
	if (!take_label(&end, label))
		return error_of(ERROR_FORMAT, 0, "a PEM block's END line is broken");
	reader->rest = end;
	if (strcmp(label, reader->block.label) != 0)
		return error_of(ERROR_FORMAT, 0, "a PEM block's BEGIN and END lines name different things");
	return decode(reader, body);
}

/* A line ends in LF, CR or both. */
unsigned pem_reader_line(const struct pem_reader *reader)
{
	const uint8_t *text = reader->text.data;
	unsigned line = 1;

	for (size_t i = 0; i < reader->block_at; i++)
		line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
	return line;
}

enum pem_status pem_reader_next(struct pem_reader *reader)
{
	reader->block = (struct pem_block){0};
	if (!find_begin(reader))
		return PEM_END;
	reader->error = read_body(reader);
	if (!failed(reader->error))
		return PEM_BLOCK;
	reader->block.der = bytes_of(NULL, 0);
	return PEM_BROKEN;
}
