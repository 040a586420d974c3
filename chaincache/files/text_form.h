/* text_form - undoes the forms that programs give a text: UTF-16, and base64 without the lines of PEM. */
#ifndef CHAINCACHE_FILES_TEXT_FORM_H
#define CHAINCACHE_FILES_TEXT_FORM_H

#include "chaincache/base/buffer.h"

/* text_form_is_utf16: with a byte order mark, or with a zero in each of the first two characters. */
bool text_form_is_utf16(struct bytes content);

/* text_form_decode_utf16 appends the text as ASCII: all else in it becomes a question mark. ERROR_MEMORY, ERROR_LIMIT. */
MUST_USE struct error text_form_decode_utf16(struct bytes content, struct buffer *out);

/* text_form_utf16_to_utf8 appends every character; half of a pair becomes U+FFFD. Errors as above. */
#define TEXT_FORM_UTF8_PER_UTF16 2 /* bytes of UTF-8 for a byte of UTF-16, at the most */
MUST_USE struct error text_form_utf16_to_utf8(struct bytes content, struct buffer *out);

/* text_form_is_base64: nothing but base64 that begins as DER or PEM does, in lines or not; blanks, a byte order mark and
 * quotes around it. */
bool text_form_is_base64(struct bytes text);

/* text_form_decode_base64 appends the decoded bytes. ERROR_FORMAT where its end is missing. */
MUST_USE struct error text_form_decode_base64(struct bytes text, struct buffer *out);

#endif
