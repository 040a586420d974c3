#include "proxy/http/http_head.h"

#include <llhttp.h>

#include "proxy/http/http_framing.h"
#include "proxy/http/http_guard.h"

/* What llhttp finds in one head. */
struct reading {
	struct http_head *head;
	bool is_odd; /* a field does not lie in its line as the guard's reading wants it */
	bool is_whole;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static int on_name(llhttp_t *parser, const char *at, size_t len)
{
	struct reading *reading = parser->data;
	struct http_head *head = reading->head;
	if (head->num_fields == HTTP_MAX_FIELDS || at[-1] != '\n' || at[len] != ':') {
		reading->is_odd = true;
		return HPE_USER;
	}
	struct bytes name = bytes_of(at, len);
	head->fields[head->num_fields++] = (struct http_field){.name = name, .kind = http_field_kind(name)};
	return HPE_OK;
}

/* Checks that a value is all of its line behind the colon but for the blanks around it. llhttp tells an empty one behind the
 * line's end. */
static int on_value(llhttp_t *parser, const char *at, size_t len)
{
	struct reading *reading = parser->data;
	struct http_field *field = &reading->head->fields[reading->head->num_fields - 1];
	const char *start = (const char *)field->name.data + field->name.len + 1;
	const char *end = len > 0 ? at + len : start;

	if (len == 0 && field->value.len > 0 && *at == '\r')
		return HPE_OK; /* the end of one that read_trimmed gave */
	while (is_blank(*start))
		start++;
	while (is_blank(*end))
		end++;
	if (field->value.data != NULL || *end != '\r' || (len > 0 && start != at)) {
		reading->is_odd = true;
		return HPE_USER;
	}
	while (end > start && is_blank(end[-1]))
		end--;
	field->value = bytes_of(start, (size_t)(end - start));
	return HPE_OK;
}

static int on_whole(llhttp_t *parser)
{
	struct reading *reading = parser->data;
	reading->is_whole = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_whole,
};

/* The first line without its CR LF; the guard of lines has found it good. */
static struct bytes first_line(struct bytes bytes)
{
	const uint8_t *cr = memchr(bytes.data, '\r', bytes.len);
	return bytes_of(bytes.data, (size_t)(cr - bytes.data));
}

/* Starts llhttp on a head; it gets a method that it knows in place of the one that came. */
static bool start(struct reading *reading, llhttp_t *parser, llhttp_type_t type, const char *method)
{
	llhttp_init(parser, type, &settings);
	parser->data = reading;
	reading->head->num_fields = 0;
	return method == NULL || llhttp_execute(parser, method, strlen(method)) == HPE_OK;
}

/* Reads the fields by llhttp. */
static bool read_fields(llhttp_type_t type, const char *method, struct bytes bytes, struct http_head *out)
{
	struct reading reading = {.head = out};
	const char *text = (const char *)bytes.data;
	llhttp_t parser;
	return start(&reading, &parser, type, method) && llhttp_execute(&parser, text, bytes.len) == HPE_PAUSED &&
	       reading.is_whole && !reading.is_odd && llhttp_get_error_pos(&parser) == text + bytes.len;
}

/* Does the same without the blanks at the ends of lines: llhttp takes no tab behind a Content-Length, which RFC 9112 5
 * allows behind every value. */
static bool read_trimmed(llhttp_type_t type, const char *method, struct bytes bytes, struct http_head *out)
{
	struct reading reading = {.head = out};
	llhttp_t parser;
	bool goes_on = start(&reading, &parser, type, method);
	while (goes_on && bytes.len > 0) {
		size_t end = first_line(bytes).len;
		size_t len = end;
		while (len > 0 && is_blank((char)bytes.data[len - 1]))
			len--;
		goes_on = llhttp_execute(&parser, (const char *)bytes.data, len) == HPE_OK &&
			  llhttp_execute(&parser, (const char *)bytes.data + end, 2) == HPE_OK;
		bytes = bytes_of(bytes.data + end + 2, bytes.len - end - 2);
	}
	return bytes.len == 0 && reading.is_whole && !reading.is_odd;
}

/* Names the rule of a head that llhttp refuses. */
static enum http_rule explain(struct bytes fields, struct http_head *out)
{
	struct http_framing framing;
	enum http_rule rule = http_guard_fields(fields, out);
	if (rule == HTTP_RULE_NONE)
		rule = http_request_framing(out, &framing);
	return rule == HTTP_RULE_NONE ? HTTP_RULE_SYNTAX : rule;
}

/* Whether bytes end as a head does: nothing is looked for behind it. */
static bool is_ended(struct bytes bytes)
{
	static const char end[] = "\r\n\r\n";
	size_t len = sizeof(end) - 1;
	return bytes.len >= len && memcmp(bytes.data + bytes.len - len, end, len) == 0;
}

size_t http_head_end(struct bytes bytes, size_t *at)
{
	size_t start = http_guard_empty_lines(bytes);
	size_t next = *at > start ? *at : start;
	while (next < bytes.len) {
		const uint8_t *lf = memchr(bytes.data + next, '\n', bytes.len - next);
		if (lf == NULL)
			break;
		size_t i = (size_t)(lf - bytes.data);
		if (bytes.len - i < 3) {
			*at = i;
			return 0;
		}
		if (i > start && lf[-1] == '\r' && lf[1] == '\r' && lf[2] == '\n')
			return i + 3;
		next = i + 1;
	}
	*at = bytes.len > start ? bytes.len : start;
	return 0;
}

enum http_rule http_head_guard_early(struct bytes bytes, bool is_request)
{
	struct http_head head;
	size_t num_lines;
	size_t empty = is_request ? http_guard_empty_lines(bytes) : 0;
	if (bytes.len == empty)
		return HTTP_RULE_NONE;
	bytes = bytes_of(bytes.data + empty, bytes.len - empty);
	enum http_rule rule = http_guard_lines(bytes, 1, &num_lines);
	if (rule != HTTP_RULE_NONE)
		return rule;
	if (num_lines == 0)
		return http_guard_start(bytes, is_request);
	struct bytes line = first_line(bytes);
	return is_request ? http_guard_request_line(line, &head) : http_guard_status_line(line, &head);
}

enum http_rule http_request_read(struct bytes bytes, struct http_head *out)
{
	size_t empty = http_guard_empty_lines(bytes);
	size_t num_lines;
	bytes = bytes_of(bytes.data + empty, bytes.len - empty);
	enum http_rule rule = http_guard_lines(bytes, 1, &num_lines);
	if (rule != HTTP_RULE_NONE)
		return rule;
	if (num_lines == 0)
		return HTTP_RULE_EMPTY_LINES;
	if (!is_ended(bytes))
		return HTTP_RULE_SYNTAX;
	struct bytes line = first_line(bytes);
	rule = http_guard_request_line(line, out);
	if (rule == HTTP_RULE_NONE)
		rule = http_guard_target(out->target);
	if (rule != HTTP_RULE_NONE)
		return rule;
	out->status = 0;
	out->reason = bytes_of(NULL, 0);

	struct bytes rest = bytes_of(bytes.data + out->method.len, bytes.len - out->method.len);
	const char *method = http_is_method(out, "CONNECT") ? "CONNECT" : "GET";
	if (read_fields(HTTP_REQUEST, method, rest, out) && out->num_fields == num_lines - 1)
		return HTTP_RULE_NONE;
	if (read_trimmed(HTTP_REQUEST, method, rest, out) && out->num_fields == num_lines - 1)
		return HTTP_RULE_NONE;
	return explain(bytes_of(bytes.data + line.len + 2, bytes.len - line.len - 2), out);
}

enum http_rule http_answer_read(struct bytes bytes, struct http_head *out)
{
	size_t num_lines;
	enum http_rule rule = http_guard_lines(bytes, 1, &num_lines);
	if (rule != HTTP_RULE_NONE)
		return rule;
	if (num_lines == 0)
		return HTTP_RULE_STATUS_LINE;
	if (!is_ended(bytes))
		return HTTP_RULE_SYNTAX;
	struct bytes line = first_line(bytes);
	rule = http_guard_status_line(line, out);
	if (rule != HTTP_RULE_NONE)
		return rule;
	out->method = out->target = bytes_of(NULL, 0);
	if (read_fields(HTTP_RESPONSE, NULL, bytes, out) && out->num_fields == num_lines - 1)
		return HTTP_RULE_NONE;
	if (read_trimmed(HTTP_RESPONSE, NULL, bytes, out) && out->num_fields == num_lines - 1)
		return HTTP_RULE_NONE;
	return explain(bytes_of(bytes.data + line.len + 2, bytes.len - line.len - 2), out);
}
