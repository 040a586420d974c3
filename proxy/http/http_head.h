/* http_head - the start line and the fields of a request or an answer, read from bytes (RFC 9112 2 to 5). Pure.
 *
 * A head is read when it is there as a whole, by llhttp and by our own guard: both must accept it.
 */
#ifndef PROXY_HTTP_HTTP_HEAD_H
#define PROXY_HTTP_HTTP_HEAD_H

#include "proxy/http/http_fields.h"
#include "proxy/http/http_rule.h"

/* http_head_end finds the end of a head: the number of bytes up to and with its empty line, or 0 while more bytes are
 * wanted. *at is where the search goes on next time; 0 for a new head. Only CR LF CR LF ends one; what else might (bare
 * LF) is refused by the guard once it has come. */
size_t http_head_end(struct bytes bytes, size_t *at);

/* http_head_guard_early judges a head that is not whole yet: the rule that no further bytes can mend, so that nobody waits
 * for the end of something else (a bare LF, a NUL, an HTTP/2 preface, a TLS record). */
enum http_rule http_head_guard_early(struct bytes bytes, bool is_request);

/* http_request_read and http_answer_read read a whole head, as http_head_end found it. Returns the rule that it breaks;
 * then *out is not to be used. At most HTTP_MAX_FIELDS fields. */
enum http_rule http_request_read(struct bytes bytes, struct http_head *out);
enum http_rule http_answer_read(struct bytes bytes, struct http_head *out);

#endif
