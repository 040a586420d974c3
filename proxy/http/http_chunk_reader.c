#include "proxy/http/http_chunk_reader.h"

#include <llhttp.h>
#include <stdlib.h>

#include "chaincache/base/buffer.h"
#include "proxy/http/http_guard.h"
#include "proxy/http/http_trailer.h"

#define MAX_SIZE_DIGITS 16

enum place {
	IN_SIZE,
	AT_NAME, /* of an extension */
	IN_NAME,
	AT_VALUE,
	IN_VALUE,
	IN_QUOTED,
	IN_QUOTED_PAIR,
	BEHIND_QUOTED,
	AT_LINE_END, /* a chunk line's CR has come */
	IN_DATA,
	BEHIND_DATA,
	AT_DATA_END, /* the CR behind the data has come */
	IN_TRAILERS,
	AT_END,
};

/* Holds always: left > 0 in IN_DATA alone. */
struct http_chunk_reader {
	llhttp_t parser;
	uint64_t told_size; /* by llhttp, of the chunk whose line ended last */
	size_t told_content; /* by llhttp, in bytes of the piece that it took last */
	bool told_end;

	enum place place;
	size_t num_digits;
	size_t line_len;
	uint64_t size; /* of the chunk whose line is read */
	uint64_t left; /* bytes of its data to come */
	uint64_t excess; /* see HTTP_MAX_CHUNK_EXCESS_BYTES */

	struct buffer trailers;
	size_t trailer_start; /* of the line that is read */
	size_t num_trailers;
};

static int on_chunk_header(llhttp_t *parser)
{
	struct http_chunk_reader *reader = parser->data;
	reader->told_size = parser->content_length;
	return HPE_OK;
}

static int on_content(llhttp_t *parser, const char *at, size_t len)
{
	struct http_chunk_reader *reader = parser->data;
	(void)at;
	reader->told_content += len;
	return HPE_OK;
}

static int on_end(llhttp_t *parser)
{
	struct http_chunk_reader *reader = parser->data;
	reader->told_end = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_chunk_header = on_chunk_header,
    .on_body = on_content,
    .on_message_complete = on_end,
};

/* Lets llhttp read what the guard has found good. */
static bool agree(struct http_chunk_reader *reader, struct bytes piece)
{
	return llhttp_execute(&reader->parser, (const char *)piece.data, piece.len) == HPE_OK;
}

struct http_chunk_reader *http_chunk_reader_new(void)
{
	static const char head[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct http_chunk_reader *reader = calloc(1, sizeof(*reader));
	if (reader == NULL)
		return NULL;
	llhttp_init(&reader->parser, HTTP_REQUEST, &settings);
	reader->parser.data = reader;
	buffer_init(&reader->trailers, HTTP_MAX_TRAILER_BYTES);
	if (!agree(reader, bytes_of_string(head))) {
		http_chunk_reader_free(reader);
		return NULL;
	}
	return reader;
}

void http_chunk_reader_free(struct http_chunk_reader *reader)
{
	if (reader == NULL)
		return;
	buffer_cleanup(&reader->trailers);
	free(reader);
}

/* Takes bytes off the front up to and with an LF, or all. */
static struct bytes take_line(struct bytes *input)
{
	const uint8_t *lf = memchr(input->data, '\n', input->len);
	size_t len = lf == NULL ? input->len : (size_t)(lf - input->data) + 1;
	struct bytes line = bytes_of(input->data, len);
	*input = bytes_of(input->data + len, input->len - len);
	return line;
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* RFC 9112 7.1: 1*HEXDIG, and no blank before the extension: llhttp has it so, stricter than 7.1.1. */
static enum http_rule in_size(struct http_chunk_reader *reader, uint8_t byte)
{
	int digit = hex_digit(byte);
	if (digit >= 0) {
		reader->size = reader->size << 4 | (uint64_t)digit;
		return ++reader->num_digits > MAX_SIZE_DIGITS || reader->size > INT64_MAX ? HTTP_RULE_CHUNK_TOO_LARGE
											  : HTTP_RULE_NONE;
	}
	if (byte == '\n')
		return HTTP_RULE_BARE_LF;
	if (reader->num_digits == 0 || (byte != ';' && byte != '\r'))
		return HTTP_RULE_CHUNK_SIZE;
	reader->place = byte == ';' ? AT_NAME : AT_LINE_END;
	return HTTP_RULE_NONE;
}

/* How an extension goes on (RFC 9112 7.1.1, without blanks): by one of these bytes, or by a byte of a token or of text. No
 * control ends or hides in one, quoted or not (CVE-2025-55315). llhttp lets an empty value pass. */
enum { TOKEN_BYTE = 256, TEXT_BYTE };

static const struct {
	enum place place;
	int byte;
	enum place next;
} steps[] = {
    {AT_NAME, TOKEN_BYTE, IN_NAME},    {IN_NAME, TOKEN_BYTE, IN_NAME},
    {IN_NAME, '=', AT_VALUE},          {IN_NAME, ';', AT_NAME},
    {IN_NAME, '\r', AT_LINE_END},      {AT_VALUE, TOKEN_BYTE, IN_VALUE},
    {AT_VALUE, '"', IN_QUOTED},        {IN_VALUE, TOKEN_BYTE, IN_VALUE},
    {IN_VALUE, ';', AT_NAME},          {IN_VALUE, '\r', AT_LINE_END},
    {IN_QUOTED, '"', BEHIND_QUOTED},   {IN_QUOTED, '\\', IN_QUOTED_PAIR},
    {IN_QUOTED, TEXT_BYTE, IN_QUOTED}, {IN_QUOTED_PAIR, TEXT_BYTE, IN_QUOTED},
    {BEHIND_QUOTED, ';', AT_NAME},     {BEHIND_QUOTED, '\r', AT_LINE_END},
};

static bool is_step(int wanted, uint8_t byte)
{
	if (wanted == TOKEN_BYTE)
		return http_guard_is_token(bytes_of(&byte, 1));
	return wanted == TEXT_BYTE ? http_guard_is_text(bytes_of(&byte, 1)) : wanted == byte;
}

static enum http_rule in_extension(struct http_chunk_reader *reader, uint8_t byte)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].place != reader->place || !is_step(steps[i].byte, byte))
			continue;
		reader->place = steps[i].next;
		return HTTP_RULE_NONE;
	}
	return byte == '\n' ? HTTP_RULE_BARE_LF : HTTP_RULE_CHUNK_EXTENSION;
}

static enum http_rule count_excess(struct http_chunk_reader *reader)
{
	uint64_t free_bytes = reader->size > HTTP_MAX_CHUNK_LINE_BYTES ? UINT32_MAX : 16 + 2 * reader->size;
	reader->excess += reader->line_len + 2;
	reader->excess -= reader->excess < free_bytes ? reader->excess : free_bytes;
	return reader->excess > HTTP_MAX_CHUNK_EXCESS_BYTES ? HTTP_RULE_CHUNK_EXTENSIONS : HTTP_RULE_NONE;
}

static enum http_rule at_line_end(struct http_chunk_reader *reader, uint8_t byte)
{
	if (byte != '\n')
		return HTTP_RULE_BARE_CR;
	reader->left = reader->size;
	reader->place = reader->size > 0 ? IN_DATA : IN_TRAILERS;
	enum http_rule rule = count_excess(reader);
	reader->line_len = 0;
	return rule;
}

static enum http_rule behind_data(struct http_chunk_reader *reader, uint8_t byte)
{
	reader->place = AT_DATA_END;
	if (byte == '\n')
		return HTTP_RULE_BARE_LF;
	return byte == '\r' ? HTTP_RULE_NONE : HTTP_RULE_CHUNK_DATA;
}

static enum http_rule at_data_end(struct http_chunk_reader *reader, uint8_t byte)
{
	reader->place = IN_SIZE;
	reader->size = 0;
	reader->num_digits = 0;
	reader->line_len = 0;
	return byte == '\n' ? HTTP_RULE_NONE : HTTP_RULE_CHUNK_DATA;
}

/* What each byte outside of data and trailers does, and the rule that llhttp's refusal stands for. */
static const struct {
	enum http_rule (*take)(struct http_chunk_reader *reader, uint8_t byte);
	enum http_rule refused;
} places[] = {
    [IN_SIZE] = {in_size, HTTP_RULE_CHUNK_SIZE},
    [AT_NAME] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [IN_NAME] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [AT_VALUE] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [IN_VALUE] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [IN_QUOTED] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [IN_QUOTED_PAIR] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [BEHIND_QUOTED] = {in_extension, HTTP_RULE_CHUNK_EXTENSION},
    [AT_LINE_END] = {at_line_end, HTTP_RULE_CHUNK_EXTENSION},
    [BEHIND_DATA] = {behind_data, HTTP_RULE_CHUNK_DATA},
    [AT_DATA_END] = {at_data_end, HTTP_RULE_CHUNK_DATA},
};

/* Takes the bytes of one place off the front, so that both readers refuse the same byte however the input is cut. */
static enum http_rule take_place(struct http_chunk_reader *reader, struct bytes *input)
{
	enum place place = reader->place;
	enum http_rule rule = HTTP_RULE_NONE;
	size_t len = 0;
	while (len < input->len && reader->place == place && rule == HTTP_RULE_NONE) {
		rule = ++reader->line_len > HTTP_MAX_CHUNK_LINE_BYTES ? HTTP_RULE_CHUNK_LINE
								      : places[place].take(reader, input->data[len]);
		len += rule == HTTP_RULE_NONE;
	}
	if (!agree(reader, bytes_of(input->data, len)))
		return places[place].refused;
	*input = bytes_of(input->data + len, input->len - len);
	bool is_behind_line = reader->place == IN_DATA || reader->place == IN_TRAILERS;
	if (rule == HTTP_RULE_NONE && is_behind_line && reader->told_size != reader->size)
		return HTTP_RULE_CHUNK_SIZE;
	return rule;
}

/* Judges a whole trailer line with its CR LF. */
static enum http_rule take_trailer(struct http_chunk_reader *reader, struct bytes line)
{
	struct http_head field;
	if (line.data[0] == ' ' || line.data[0] == '\t')
		return reader->num_trailers == 0 ? HTTP_RULE_BLANK_FIRST : HTTP_RULE_FOLDED;
	enum http_rule rule = http_guard_fields(line, &field);
	if (rule != HTTP_RULE_NONE)
		return rule;
	if (++reader->num_trailers > HTTP_MAX_FIELDS)
		return HTTP_RULE_TOO_MANY_FIELDS;
	/* llhttp takes these for the framing of the body that ends here; they are dropped. */
	if (http_trailer_is_framing(field.fields[0].name))
		return HTTP_RULE_NONE;
	return agree(reader, line) ? HTTP_RULE_NONE : HTTP_RULE_SYNTAX;
}

static enum http_body_result take_trailers(struct http_chunk_reader *reader, struct bytes *input,
					   enum http_rule *out_rule)
{
	struct bytes before = *input;
	struct bytes piece = take_line(input);
	struct error error = buffer_append(&reader->trailers, piece);
	if (error.kind == ERROR_MEMORY) {
		*input = before;
		return HTTP_BODY_OUT_OF_MEMORY;
	}
	*out_rule = HTTP_RULE_TRAILERS;
	if (error.kind != ERROR_NONE)
		return HTTP_BODY_BROKEN;
	if (piece.data[piece.len - 1] != '\n')
		return HTTP_BODY_MORE;

	struct bytes line =
	    bytes_of(reader->trailers.data + reader->trailer_start, reader->trailers.len - reader->trailer_start);
	if (!bytes_equal(line, bytes_of_string("\r\n"))) {
		reader->trailer_start = reader->trailers.len;
		*out_rule = take_trailer(reader, line);
		return *out_rule == HTTP_RULE_NONE ? HTTP_BODY_MORE : HTTP_BODY_BROKEN;
	}
	buffer_truncate(&reader->trailers, reader->trailer_start);
	*out_rule = HTTP_RULE_SYNTAX;
	agree(reader, bytes_of_string("\r\n"));
	reader->place = AT_END;
	return reader->told_end ? HTTP_BODY_DONE : HTTP_BODY_BROKEN;
}

static enum http_body_result take_data(struct http_chunk_reader *reader, struct bytes *input, struct bytes *out_content)
{
	size_t len = input->len < reader->left ? input->len : (size_t)reader->left;
	*out_content = bytes_of(input->data, len);
	*input = bytes_of(input->data + len, input->len - len);
	reader->told_content = 0;
	if (!agree(reader, *out_content) || reader->told_content != len)
		return HTTP_BODY_BROKEN;
	reader->left -= len;
	if (reader->left == 0)
		reader->place = BEHIND_DATA;
	return HTTP_BODY_CONTENT;
}

enum http_body_result http_chunk_reader_take(struct http_chunk_reader *reader, struct bytes *input,
					     struct bytes *out_content, enum http_rule *out_rule)
{
	enum http_body_result result = HTTP_BODY_MORE;
	while (reader->place != AT_END && input->len > 0 && result == HTTP_BODY_MORE) {
		if (reader->place == IN_DATA) {
			*out_rule = HTTP_RULE_CHUNK_DATA;
			return take_data(reader, input, out_content);
		}
		if (reader->place == IN_TRAILERS) {
			result = take_trailers(reader, input, out_rule);
			continue;
		}
		*out_rule = take_place(reader, input);
		if (*out_rule != HTTP_RULE_NONE)
			return HTTP_BODY_BROKEN;
	}
	return reader->place == AT_END && result == HTTP_BODY_MORE ? HTTP_BODY_DONE : result;
}

bool http_chunk_reader_is_whole(const struct http_chunk_reader *reader)
{
	return reader->place == AT_END;
}

struct bytes http_chunk_reader_trailers(const struct http_chunk_reader *reader)
{
	return buffer_bytes(&reader->trailers);
}
