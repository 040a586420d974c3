#include "proxy/http/http_guard.h"

#include <arpa/inet.h>
#include <ctype.h>

/* What a byte may be a part of. */
enum {
	TOKEN = 1, /* RFC 9110 5.6.2 */
	TARGET = 2, /* visible ASCII: RFC 3986 has fewer, and browsers send more than it has */
	VALUE = 4, /* RFC 9110 5.5: visible, obs-text, blanks */
	HOST = 8, /* RFC 3986 3.2.2: reg-name */
	LETTER = 16,
};

#define T (TOKEN | TARGET | VALUE)
#define H (TOKEN | TARGET | VALUE | HOST)
#define S (TARGET | VALUE | HOST) /* of sub-delims, what is no token */
#define V (TARGET | VALUE)

static const uint8_t classes[256] = {
    ['\t'] = VALUE,
    [' '] = VALUE,
    ['!'] = H,
    ['"'] = V,
    ['#'] = T,
    ['$'] = H,
    ['%'] = H,
    ['&'] = H,
    ['\''] = H,
    ['('] = S,
    [')'] = S,
    ['*'] = H,
    ['+'] = H,
    [','] = S,
    ['-'] = H,
    ['.'] = H,
    ['/'] = V,
    ['0' ... '9'] = H,
    [':'] = V,
    [';'] = S,
    ['<'] = V,
    ['='] = S,
    ['>'] = V,
    ['?'] = V,
    ['@'] = V,
    ['['] = V,
    ['\\'] = V,
    [']'] = V,
    ['^'] = T,
    ['_'] = H,
    ['`'] = T,
    ['{'] = V,
    ['|'] = T,
    ['}'] = V,
    ['~'] = H,
    ['A' ... 'Z'] = H | LETTER,
    ['a' ... 'z'] = H | LETTER,
    [0x80 ... 0xff] = VALUE,
};

#undef T
#undef H
#undef S
#undef V

static bool all_of(struct bytes bytes, int class)
{
	for (size_t i = 0; i < bytes.len; i++)
		if (!(classes[bytes.data[i]] & class))
			return false;
	return true;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static struct bytes from(struct bytes bytes, size_t start)
{
	return bytes_of(bytes.data + start, bytes.len - start);
}

/* Returns where the byte stands, or bytes.len. */
static size_t find(struct bytes bytes, int byte)
{
	const uint8_t *at = bytes.len == 0 ? NULL : memchr(bytes.data, byte, bytes.len);
	return at == NULL ? bytes.len : (size_t)(at - bytes.data);
}

bool http_guard_is_token(struct bytes bytes)
{
	return bytes.len > 0 && all_of(bytes, TOKEN);
}

bool http_guard_is_text(struct bytes bytes)
{
	return all_of(bytes, VALUE);
}

/* Returns the length of an IPv6 address in brackets, or 0. Zones and IPvFuture are refused: no client sends them. */
static size_t address_len(struct bytes bytes)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t end = find(bytes, ']');
	if (end == bytes.len || end - 1 >= sizeof(text) || find(bytes, '\0') < end)
		return 0;
	memcpy(text, bytes.data + 1, end - 1);
	text[end - 1] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 ? end + 1 : 0;
}

/* Returns the length of a name or an IPv4 address, or 0. */
static size_t name_len(struct bytes bytes)
{
	struct bytes name = bytes_of(bytes.data, find(bytes, ':'));
	if (name.len > HTTP_MAX_HOST_BYTES)
		return 0;
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] == '%' &&
		    (name.len - i < 3 || !isxdigit(name.data[i + 1]) || !isxdigit(name.data[i + 2])))
			return 0;
	return all_of(name, HOST) ? name.len : 0;
}

bool http_guard_is_host(struct bytes bytes)
{
	size_t host = bytes.len > 0 && bytes.data[0] == '[' ? address_len(bytes) : name_len(bytes);
	unsigned port = 0;
	if (host == 0)
		return false;
	if (host == bytes.len)
		return true;
	if (bytes.data[host] != ':' || bytes.len - host > sizeof("65535"))
		return false;
	for (size_t i = host + 1; i < bytes.len; i++) {
		if (!isdigit(bytes.data[i]))
			return false;
		port = port * 10 + (unsigned)(bytes.data[i] - '0');
	}
	return port <= UINT16_MAX;
}

size_t http_guard_empty_lines(struct bytes bytes)
{
	size_t len = 0;
	while (len < (size_t)2 * HTTP_MAX_EMPTY_LINES && bytes.len - len >= 2 && bytes.data[len] == '\r' &&
	       bytes.data[len + 1] == '\n')
		len += 2;
	return len;
}

/* The first line of a request, cut at its blanks. */
struct request_line {
	struct bytes method, target, version;
	size_t num_blanks;
};

static bool has_long_method(const struct request_line *line)
{
	return line->method.len > HTTP_MAX_METHOD_BYTES;
}

static bool has_odd_method(const struct request_line *line)
{
	return !http_guard_is_token(line->method);
}

static bool has_odd_blanks(const struct request_line *line)
{
	return line->num_blanks != 2 || line->target.len == 0;
}

static bool has_odd_version(const struct request_line *line)
{
	const uint8_t *at = line->version.data;
	return line->version.len != strlen("HTTP/1.1") || memcmp(at, "HTTP/", 5) != 0 || !isdigit(at[5]) ||
	       at[6] != '.' || !isdigit(at[7]);
}

static bool has_other_version(const struct request_line *line)
{
	return line->version.data[5] != '1' || line->version.data[7] > '1';
}

static bool has_fragment(const struct request_line *line)
{
	return find(line->target, '#') < line->target.len;
}

/* The absolute form: a scheme of letters, "://" and a host; without a user's name, which RFC 9110 4.2.4 wants treated as an
 * error. */
static bool is_absolute(struct bytes target)
{
	size_t scheme = find(target, ':');
	if (scheme == 0 || target.len - scheme < 4 || memcmp(target.data + scheme, "://", 3) != 0 ||
	    scheme > HTTP_MAX_HOST_BYTES || !all_of(bytes_of(target.data, scheme), LETTER))
		return false;
	struct bytes rest = from(target, scheme + 3);
	size_t slash = find(rest, '/');
	size_t query = find(bytes_of(rest.data, slash), '?');
	return http_guard_is_host(bytes_of(rest.data, query));
}

static bool has_odd_target(const struct request_line *line)
{
	struct bytes target = line->target;
	if (bytes_equal(line->method, bytes_of_string("CONNECT")))
		return !http_guard_is_host(target);
	if (target.data[0] == '*')
		return target.len > 1 || !bytes_equal(line->method, bytes_of_string("OPTIONS"));
	return target.data[0] != '/' && !is_absolute(target);
}

/* Each looks at what those before it have found good. */
static const struct {
	enum http_rule rule;
	bool (*is_broken)(const struct request_line *line);
} request_line_rules[] = {
    {HTTP_RULE_METHOD_TOO_LONG, has_long_method}, /* RFC 9112 3 */
    {HTTP_RULE_METHOD, has_odd_method}, /* RFC 9110 9.1 */
    {HTTP_RULE_REQUEST_LINE, has_odd_blanks}, /* RFC 9112 3: single SP; HTTP/0.9 has one */
    {HTTP_RULE_REQUEST_LINE, has_odd_version}, /* RFC 9112 2.3: HTTP-name has a case */
    {HTTP_RULE_VERSION, has_other_version}, /* RFC 9110 15.6.6 */
    {HTTP_RULE_FRAGMENT, has_fragment}, /* RFC 9112 3.2.1: absolute-path [ "?" query ] */
    {HTTP_RULE_TARGET, has_odd_target}, /* RFC 9112 3.2.1 to 3.2.4 */
};

enum http_rule http_guard_request_line(struct bytes line, struct http_head *out)
{
	struct request_line cut = {.method = bytes_of(line.data, find(line, ' '))};
	if (cut.method.len < line.len) {
		cut.num_blanks = 1;
		cut.version = from(line, cut.method.len + 1);
		cut.target = bytes_of(cut.version.data, find(cut.version, ' '));
		if (cut.target.len < cut.version.len) {
			cut.num_blanks = 2;
			cut.version = from(cut.version, cut.target.len + 1);
		}
	}
	for (size_t i = 0; i < sizeof(request_line_rules) / sizeof(request_line_rules[0]); i++)
		if (request_line_rules[i].is_broken(&cut))
			return request_line_rules[i].rule;
	out->method = cut.method;
	out->target = cut.target;
	out->version = cut.version.data[7] == '0' ? HTTP_1_0 : HTTP_1_1;
	return HTTP_RULE_NONE;
}

enum http_rule http_guard_target(struct bytes target)
{
	return all_of(target, TARGET) ? HTTP_RULE_NONE : HTTP_RULE_TARGET;
}

/* RFC 9112 4. The blank behind the status is left out by many servers where no reason follows; nothing is ambiguous about
 * that, and the line goes on written anew. */
enum http_rule http_guard_status_line(struct bytes line, struct http_head *out)
{
	const uint8_t *at = line.data;
	if (line.len < strlen("HTTP/1.1 200") || memcmp(at, "HTTP/", 5) != 0 || !isdigit(at[5]) || at[6] != '.' ||
	    !isdigit(at[7]) || at[8] != ' ')
		return HTTP_RULE_STATUS_LINE;
	if (at[5] != '1' || at[7] > '1')
		return HTTP_RULE_VERSION;
	if (!isdigit(at[9]) || !isdigit(at[10]) || !isdigit(at[11]) || (line.len > 12 && at[12] != ' '))
		return HTTP_RULE_STATUS_LINE;
	out->version = at[7] == '0' ? HTTP_1_0 : HTTP_1_1;
	out->status = (uint16_t)((at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0'));
	out->reason = line.len > 13 ? from(line, 13) : bytes_of(at + 12, 0);
	if (!all_of(out->reason, VALUE))
		return HTTP_RULE_STATUS_LINE;
	return out->status < 100 || out->status > 599 ? HTTP_RULE_STATUS : HTTP_RULE_NONE;
}

enum http_rule http_guard_start(struct bytes bytes, bool is_request)
{
	static const char version[] = "HTTP/1.";
	if (is_request && bytes.data[0] == '\r') /* an empty line more */
		return bytes.len == 1 ? HTTP_RULE_NONE : HTTP_RULE_EMPTY_LINES;
	if (bytes.len > 1 && bytes.data[bytes.len - 1] == '\r') /* what follows it says which rule it breaks */
		bytes.len--;
	size_t len = find(bytes, ' ');
	if (is_request && len > HTTP_MAX_METHOD_BYTES)
		return HTTP_RULE_METHOD_TOO_LONG;
	if (is_request) /* a TLS record begins otherwise */
		return all_of(bytes_of(bytes.data, len), TOKEN) ? HTTP_RULE_NONE : HTTP_RULE_METHOD;
	len = bytes.len < strlen(version) ? bytes.len : strlen(version);
	return memcmp(bytes.data, version, len) == 0 ? HTTP_RULE_NONE : HTTP_RULE_STATUS_LINE;
}

enum http_rule http_guard_lines(struct bytes bytes, size_t first_field, size_t *out_num_lines)
{
	size_t num = 0;
	*out_num_lines = 0;
	if (find(bytes, '\0') < bytes.len)
		return HTTP_RULE_NUL;
	while (bytes.len > 0) {
		size_t lf = find(bytes, '\n');
		size_t cr = find(bytes_of(bytes.data, lf), '\r');
		if (cr + 1 < lf)
			return HTTP_RULE_BARE_CR;
		if (lf == bytes.len)
			break;
		if (cr == lf)
			return HTTP_RULE_BARE_LF;
		if (cr == 0)
			break;
		if (is_blank(bytes.data[0]) && num >= first_field)
			return num == first_field ? HTTP_RULE_BLANK_FIRST : HTTP_RULE_FOLDED;
		if (++num > first_field + HTTP_MAX_FIELDS)
			return HTTP_RULE_TOO_MANY_FIELDS;
		bytes = from(bytes, lf + 1);
	}
	*out_num_lines = num;
	return HTTP_RULE_NONE;
}

/* A field's line without its CR LF, cut at the first colon. */
struct field_line {
	struct bytes name, value;
	bool has_colon;
};

static bool lacks_colon(const struct field_line *line)
{
	return !line->has_colon;
}

static bool has_blank_before_colon(const struct field_line *line)
{
	return line->name.len > 0 && is_blank(line->name.data[line->name.len - 1]);
}

static bool has_odd_name(const struct field_line *line)
{
	return !http_guard_is_token(line->name);
}

static bool has_odd_value(const struct field_line *line)
{
	return !all_of(line->value, VALUE);
}

static const struct {
	enum http_rule rule;
	bool (*is_broken)(const struct field_line *line);
} field_rules[] = {
    {HTTP_RULE_NO_COLON, lacks_colon}, /* RFC 9112 5 */
    {HTTP_RULE_BLANK_BEFORE_COLON, has_blank_before_colon}, /* RFC 9112 5.1 */
    {HTTP_RULE_FIELD_NAME, has_odd_name}, /* RFC 9110 5.1 */
    {HTTP_RULE_FIELD_VALUE, has_odd_value}, /* RFC 9110 5.5 */
};

static struct bytes without_blanks(struct bytes value)
{
	while (value.len > 0 && is_blank(value.data[0]))
		value = from(value, 1);
	while (value.len > 0 && is_blank(value.data[value.len - 1]))
		value.len--;
	return value;
}

enum http_rule http_guard_fields(struct bytes bytes, struct http_head *out)
{
	size_t num_lines;
	enum http_rule rule = http_guard_lines(bytes, 0, &num_lines);
	out->num_fields = 0;
	if (rule != HTTP_RULE_NONE)
		return rule;
	for (; num_lines > 0; num_lines--) {
		struct bytes text = bytes_of(bytes.data, find(bytes, '\r'));
		struct field_line line = {.name = bytes_of(text.data, find(text, ':'))};
		line.has_colon = line.name.len < text.len;
		line.value = line.has_colon ? from(text, line.name.len + 1) : bytes_of(NULL, 0);
		for (size_t i = 0; i < sizeof(field_rules) / sizeof(field_rules[0]); i++)
			if (field_rules[i].is_broken(&line))
				return field_rules[i].rule;
		out->fields[out->num_fields++] =
		    (struct http_field){line.name, without_blanks(line.value), http_field_kind(line.name)};
		bytes = from(bytes, text.len + 2);
	}
	return HTTP_RULE_NONE;
}
