#include "bench/load/http_reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_LENGTH_DIGITS 18

void http_reply_init(struct http_reply *reply)
{
	reply->state = HTTP_REPLY_STATUS_LINE;
	reply->status = 0;
	reply->has_length = false;
	reply->length = reply->body = 0;
	reply->head = reply->line_len = 0;
}

/* RFC 9112 4: "HTTP/1.1 200 OK". */
static bool read_status(struct http_reply *reply)
{
	const char *line = reply->line;

	if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] == '\0' || line[8] != ' ')
		return false;
	for (size_t i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		reply->status = reply->status * 10 + (unsigned)(line[i] - '0');
	}
	return reply->status >= 100 && (line[12] == '\0' || line[12] == ' ');
}

static bool read_field(struct http_reply *reply)
{
	static const char name[] = "content-length:";
	const char *value = reply->line + sizeof(name) - 1;

	if (strncasecmp(reply->line, name, sizeof(name) - 1) != 0)
		return true;
	value += strspn(value, " \t");
	size_t digits = strspn(value, "0123456789");
	if (digits == 0 || digits > MAX_LENGTH_DIGITS || value[digits + strspn(value + digits, " \t")] != '\0')
		return false;
	reply->has_length = true;
	reply->length = strtoull(value, NULL, 10);
	return true;
}

/* RFC 9110 6.4.1: these have no content, whatever their fields say. */
static bool has_no_body(const struct http_reply *reply)
{
	return reply->status == 204 || reply->status == 304 || (reply->has_length && reply->length == 0);
}

static enum http_reply_state finish_head(struct http_reply *reply)
{
	if (reply->status < 200) { /* RFC 9110 15.2: an interim answer; the true one follows */
		size_t head = reply->head;
		http_reply_init(reply);
		reply->head = head;
		return reply->state;
	}
	if (reply->status >= HTTP_REPLY_FIRST_FAILURE)
		return HTTP_REPLY_WRONG;
	return has_no_body(reply) ? HTTP_REPLY_COMPLETE : HTTP_REPLY_BODY;
}

static enum http_reply_state take_line(struct http_reply *reply)
{
	size_t len = reply->line_len < HTTP_REPLY_KEPT ? reply->line_len : HTTP_REPLY_KEPT;

	if (len > 0 && reply->line_len <= HTTP_REPLY_KEPT && reply->line[len - 1] == '\r')
		len--;
	reply->line[len] = '\0';
	reply->line_len = 0;
	if (reply->state == HTTP_REPLY_STATUS_LINE)
		return read_status(reply) ? HTTP_REPLY_FIELDS : HTTP_REPLY_WRONG;
	if (len == 0)
		return finish_head(reply);
	return read_field(reply) ? HTTP_REPLY_FIELDS : HTTP_REPLY_WRONG;
}

static void take_head_byte(struct http_reply *reply, char byte)
{
	if (++reply->head > HTTP_REPLY_MAX_HEAD || reply->line_len > HTTP_REPLY_MAX_LINE) {
		reply->state = HTTP_REPLY_WRONG;
		return;
	}
	if (byte == '\n') {
		reply->state = take_line(reply);
		return;
	}
	if (reply->line_len < HTTP_REPLY_KEPT)
		reply->line[reply->line_len] = byte;
	reply->line_len++;
}

enum http_reply_state http_reply_take(struct http_reply *reply, struct bytes bytes)
{
	while (bytes.len > 0 && reply->state < HTTP_REPLY_BODY) {
		take_head_byte(reply, (char)bytes.data[0]);
		bytes = bytes_of(bytes.data + 1, bytes.len - 1);
	}
	if (reply->state == HTTP_REPLY_COMPLETE && bytes.len > 0)
		reply->state = HTTP_REPLY_WRONG; /* there was to be nothing more */
	if (reply->state != HTTP_REPLY_BODY)
		return reply->state;
	reply->body += bytes.len;
	if (reply->has_length && reply->body > reply->length)
		reply->state = HTTP_REPLY_WRONG;
	else if (reply->has_length && reply->body == reply->length)
		reply->state = HTTP_REPLY_COMPLETE;
	return reply->state;
}

enum http_reply_state http_reply_end(struct http_reply *reply)
{
	if (reply->state == HTTP_REPLY_BODY && !reply->has_length)
		reply->state = HTTP_REPLY_COMPLETE;
	else if (reply->state != HTTP_REPLY_COMPLETE)
		reply->state = HTTP_REPLY_WRONG;
	return reply->state;
}
