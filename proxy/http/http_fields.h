/* http_fields - a head that was read: its first line, its fields in their order, and how they are looked up. Pure.
 *
 * Everything in it is a slice of the bytes that were read.
 */
#ifndef PROXY_HTTP_HTTP_FIELDS_H
#define PROXY_HTTP_HTTP_FIELDS_H

#include "proxy/http/http_field.h"

#define HTTP_MAX_FIELDS 100

enum http_version { HTTP_1_0, HTTP_1_1 };

struct http_field {
	struct bytes name; /* a token, as it was spelt */
	struct bytes value; /* without blanks around it */
	enum http_field_kind kind; /* by its name */
};

struct http_head {
	struct bytes method; /* of a request: any token */
	struct bytes target; /* of a request: origin, absolute, authority or asterisk form (RFC 9112 3.2) */
	uint16_t status; /* of an answer: 100 to 599 */
	struct bytes reason; /* of an answer; may be empty */
	enum http_version version;
	struct http_field fields[HTTP_MAX_FIELDS]; /* in their order */
	size_t num_fields;
};

/* http_head_find returns the index of the next field of that name at or behind `from`, in any case (`_` and `-` differ),
 * or num_fields. */
size_t http_head_find(const struct http_head *head, const char *name, size_t from);

/* http_is_method compares with a method's name, which has a case (RFC 9110 9.1). */
bool http_is_method(const struct http_head *head, const char *method);

#endif
