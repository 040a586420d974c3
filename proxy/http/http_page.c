#include "proxy/http/http_page.h"

#include <inttypes.h>
#include <string.h>

#include "proxy/http/http_guard.h"
#include "proxy/http/http_list.h"

enum { MAX_BODY_BYTES = 2048 };

struct words {
	uint16_t status;
	const char *reason;
	const char *text; /* for a person who sees nothing else */
};

static const struct words words[] = {
    {400, "Bad Request", "The request cannot be read as HTTP, or it can be read in more than one way."},
    {408, "Request Timeout", "The request did not come as a whole in the time that it has."},
    {413, "Content Too Large", "The request has a body that is larger than this site takes."},
    {414, "URI Too Long", "The request has an address that is longer than this site takes."},
    {417, "Expectation Failed", "The request expects something other than 100-continue."},
    {421, "Misdirected Request", "The request is for a host of another site than the one that this connection is for."},
    {431, "Request Header Fields Too Large", "The request has more fields, or larger ones, than this site takes."},
    {500, "Internal Server Error", "The proxy could not handle the request. Its log says why."},
    {501, "Not Implemented", "The request has a method that a server in this place does not have."},
    {502, "Bad Gateway", "The server behind this proxy gave an answer that cannot be read, or ended before it."},
    {503, "Service Unavailable", "The server behind this proxy cannot be reached at the moment."},
    {504, "Gateway Timeout", "The server behind this proxy did not answer in time."},
    {505, "HTTP Version Not Supported", "The request is neither HTTP/1.1 nor HTTP/1.0."},
};

static const struct words *words_of(uint16_t status)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].status == status)
			return &words[i];
	return &words[0];
}

/* Of a rule: "The request has no Host." */
static struct error write_sentence(const struct http_page *page, struct buffer *out)
{
	if (page->text == NULL)
		return buffer_printf(out, "%s", words_of(page->status)->text);
	return buffer_printf(out, "The request %s.", page->text);
}

/* The texts are ours, and have nothing that JSON would want escaped. */
static struct error write_json(const struct http_page *page, struct buffer *out)
{
	struct error error = buffer_printf(out, "{\"status\": %" PRIu16 ", \"reason\": \"%s\", \"message\": \"",
					   page->status, words_of(page->status)->reason);
	if (!failed(error))
		error = write_sentence(page, out);
	if (!failed(error) && page->rule != NULL)
		error = buffer_printf(out, "\", \"rule\": \"%s", page->rule);
	return failed(error) ? error : buffer_printf(out, "\"}\n");
}

static struct error write_text(const struct http_page *page, struct buffer *out)
{
	struct error error = buffer_printf(out, "%" PRIu16 " %s\n\n", page->status, words_of(page->status)->reason);
	if (!failed(error))
		error = write_sentence(page, out);
	return failed(error) ? error : buffer_printf(out, "\n");
}

/* Appends the answer around a body that is there. */
static struct error write_answer(const struct http_page *page, const struct buffer *body, struct buffer *out)
{
	struct error error = buffer_printf(out,
					   "HTTP/1.1 %" PRIu16 " %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
					   "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
					   page->status, words_of(page->status)->reason,
					   page->json ? "application/json" : "text/plain; charset=utf-8", body->len);
	if (!failed(error) && page->retry_after_s > 0)
		error = buffer_printf(out, "Retry-After: %u\r\n", page->retry_after_s);
	if (!failed(error))
		error = buffer_printf(out, "%s\r\n", page->keeps_alive ? "" : "Connection: close\r\n");
	if (!failed(error) && !page->head_only)
		error = buffer_append(out, buffer_bytes(body));
	return error;
}

struct error http_page_write(const struct http_page *page, struct buffer *out)
{
	struct buffer body;

	buffer_init(&body, MAX_BODY_BYTES);
	struct error error = page->json ? write_json(page, &body) : write_text(page, &body);
	if (!failed(error))
		error = write_answer(page, &body, out);
	buffer_cleanup(&body);
	return error;
}

/* The value of the first field of that name, whose line is whole. */
static struct bytes find_value(struct bytes head, const char *name)
{
	size_t name_len = strlen(name);

	for (size_t at = 0; at < head.len;) {
		const uint8_t *lf = memchr(head.data + at, '\n', head.len - at);
		if (lf == NULL)
			break;
		struct bytes line = bytes_of(head.data + at, (size_t)(lf - head.data) - at);
		at += line.len + 1;
		if (line.len > name_len && line.data[name_len] == ':' &&
		    http_list_is(bytes_of(line.data, name_len), name)) {
			struct bytes rest = bytes_of(line.data + name_len + 1, line.len - name_len - 1);
			while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t'))
				rest = bytes_of(rest.data + 1, rest.len - 1);
			return http_list_word(rest, "\r");
		}
	}
	return bytes_of(NULL, 0);
}

/* Cuts off the port, and the brackets of an IPv6 address. */
static struct bytes host_alone(struct bytes host)
{
	const uint8_t *bracket = memchr(host.data, ']', host.len);
	if (host.data[0] == '[' && bracket != NULL)
		return bytes_of(host.data + 1, (size_t)(bracket - host.data) - 1);
	const uint8_t *colon = memchr(host.data, ':', host.len);
	return bytes_of(host.data, colon != NULL ? (size_t)(colon - host.data) : host.len);
}

bool http_plain_host(struct bytes first, char out[HTTP_PLAIN_MAX_HOST + 1])
{
	struct bytes value = find_value(first, "host");

	if (value.len == 0 || !http_guard_is_host(value))
		return false;
	struct bytes host = host_alone(value);
	if (host.len == 0 || host.len > HTTP_PLAIN_MAX_HOST)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.data[i];
		out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	out[host.len] = '\0';
	return true;
}

static struct error write_plain_body(const char *host, uint16_t port, struct buffer *out)
{
	static const char sentence[] = "400 Bad Request\n\nThis is a port for https, and the request came by http.";

	if (host == NULL)
		return buffer_printf(out, "%s Write https:// in the address.\n", sentence);
	bool is_ipv6 = strchr(host, ':') != NULL;
	struct error error = buffer_printf(out, "%s The address is https://%s%s%s", sentence, is_ipv6 ? "[" : "", host,
					   is_ipv6 ? "]" : "");
	if (!failed(error) && port != 443)
		error = buffer_printf(out, ":%" PRIu16, port);
	return failed(error) ? error : buffer_printf(out, "/\n");
}

struct error http_plain_page(struct bytes first, const char *host, uint16_t port, struct buffer *out)
{
	struct http_page page = {
	    .status = 400,
	    .head_only = first.len >= 5 && memcmp(first.data, "HEAD ", 5) == 0,
	};
	struct buffer body;

	buffer_init(&body, MAX_BODY_BYTES);
	struct error error = write_plain_body(host, port, &body);
	if (!failed(error))
		error = write_answer(&page, &body, out);
	buffer_cleanup(&body);
	return error;
}
