/* http_list - the elements of a field whose value is a list (RFC 9110 5.6.1). Pure. */
#ifndef PROXY_HTTP_HTTP_LIST_H
#define PROXY_HTTP_HTTP_LIST_H

#include "chaincache/base/bytes.h"

/* http_list_next takes the next element that is not empty off the front of *list, without blanks around it; false: there is
 * none. A comma in a quoted string is a part of its element. */
bool http_list_next(struct bytes *list, struct bytes *out_element);

/* http_list_word is the front of an element, up to a blank or one of `ends`. */
struct bytes http_list_word(struct bytes element, const char *ends);

/* http_list_is compares with a word in lower case, in any case. */
bool http_list_is(struct bytes text, const char *word);

#endif
