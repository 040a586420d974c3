/* json_member - sets the members of a JSON object, from text of any bytes and from times.
 *
 * The setters return false when out of memory, and for a NULL value: calls are joined by &&, and keep_if_complete then
 * returns the object or frees it.
 */
#ifndef PROXY_LOG_JSON_MEMBER_H
#define PROXY_LOG_JSON_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* text_json makes a string of any bytes: those that are not UTF-8 are replaced by U+FFFD. NULL when out of memory. */
json_t *text_json(const char *text);

bool set_member(json_t *object, const char *key, json_t *take_value);
bool set_text_member(json_t *object, const char *key, const char *text); /* none where `text` is NULL */
bool set_time_member(json_t *object, const char *key, int64_t seconds); /* since 1970; in RFC 3339's form */

/* keep_if_complete returns the value, or frees it and returns NULL. */
json_t *keep_if_complete(json_t *take_value, bool complete);

/* json_dump_whole makes the text of a value with jansson's flags: the whole of it, or NULL where memory runs out. json_dumps()
 * then leaves out the key of a member. The caller frees it. */
char *json_dump_whole(const json_t *value, size_t flags);

/* json_write writes a document, indented, and a line feed: the whole of it, or nothing where memory runs out; false then,
 * for NULL, and where the file cannot be written. */
bool json_write(json_t *take_document, FILE *file);

#endif
