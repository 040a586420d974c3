/* http_guard - our own, strict reading of what a head must hold. Pure.
 *
 * llhttp reads the fields of a head; the guard reads its lines and its first line, so that nothing stands on one reader's
 * view alone. Where either refuses, http_guard_fields names the rule.
 */
#ifndef PROXY_HTTP_HTTP_GUARD_H
#define PROXY_HTTP_HTTP_GUARD_H

#include "proxy/http/http_fields.h"
#include "proxy/http/http_rule.h"

/* RFC 9112 2.2 wants at least one empty line before a request line ignored. */
#define HTTP_MAX_EMPTY_LINES 4

/* Longer than any method that is known, and than any host's name: what is longer costs no look at each of its bytes. */
#define HTTP_MAX_METHOD_BYTES 64
#define HTTP_MAX_HOST_BYTES 255

/* http_guard_empty_lines returns the length of the empty lines at the front, HTTP_MAX_EMPTY_LINES at most. */
size_t http_guard_empty_lines(struct bytes bytes);

/* http_guard_request_line and http_guard_status_line read the first line, without its CR LF, into *out. */
enum http_rule http_guard_request_line(struct bytes line, struct http_head *out);
enum http_rule http_guard_status_line(struct bytes line, struct http_head *out);

/* http_guard_target judges each byte of a target. */
enum http_rule http_guard_target(struct bytes target);

/* http_guard_lines judges the ends and the beginnings of the lines in `bytes`, up to an empty one, and counts those that are
 * whole. `first_field` is the number of lines before the first field: 1 where a start line is among them. */
enum http_rule http_guard_lines(struct bytes bytes, size_t first_field, size_t *out_num_lines);

/* http_guard_start judges the beginning of a first line that is not whole yet. */
enum http_rule http_guard_start(struct bytes bytes, bool is_request);

/* http_guard_fields reads the field lines in `bytes`, up to an empty line or the end, by itself: all rules of fields. */
enum http_rule http_guard_fields(struct bytes bytes, struct http_head *out);

/* Whether bytes are a token (RFC 9110 5.6.2); whether they are text without controls, as in a field's value (5.5). */
bool http_guard_is_token(struct bytes bytes);
bool http_guard_is_text(struct bytes bytes);

/* Whether bytes are a host with an optional port, as in Host: a name, an IPv4 address or an IPv6 address in brackets
 * (RFC 9110 7.2, RFC 3986 3.2.2). */
bool http_guard_is_host(struct bytes bytes);

#endif
