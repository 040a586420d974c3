#include "proxy/log/json_member.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/log/time_text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */
#define REPLACEMENT_BYTES 3
#define INDENT_BLANKS 2

/* Returns the length of the well-formed UTF-8 sequence that `text` begins with, 0 where there is none (RFC 3629 4). */
static size_t utf8_sequence(const unsigned char *text)
{
	static const struct {
		unsigned char first_low, first_high, second_low, second_high;
		size_t len;
	} forms[] = {
	    {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (text[0] < forms[i].first_low || text[0] > forms[i].first_high)
			continue;
		if (forms[i].len == 1)
			return 1;
		if (text[1] < forms[i].second_low || text[1] > forms[i].second_high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++) {
			if (text[k] < 0x80 || text[k] > 0xbf)
				return 0;
		}
		return forms[i].len;
	}
	return 0;
}

json_t *text_json(const char *text)
{
	json_t *plain = json_string(text);
	if (plain != NULL)
		return plain;
	char *clean = malloc(strlen(text) * REPLACEMENT_BYTES + 1);
	if (clean == NULL)
		return NULL;
	char *end = clean;
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
		size_t len = utf8_sequence(at);
		memcpy(end, len > 0 ? (const char *)at : REPLACEMENT, len > 0 ? len : REPLACEMENT_BYTES);
		end += len > 0 ? len : REPLACEMENT_BYTES;
		at += len > 0 ? len : 1;
	}
	*end = '\0';
	json_t *replaced = json_string(clean);
	free(clean);
	return replaced;
}

bool set_member(json_t *object, const char *key, json_t *take_value)
{
	return json_object_set_new(object, key, take_value) == 0;
}

bool set_text_member(json_t *object, const char *key, const char *text)
{
	return text == NULL || set_member(object, key, text_json(text));
}

bool set_time_member(json_t *object, const char *key, int64_t seconds)
{
	char text[TIME_TEXT_MAX];
	return set_text_member(object, key, time_text_print(seconds, text));
}

json_t *keep_if_complete(json_t *take_value, bool complete)
{
	if (complete)
		return take_value;
	json_decref(take_value);
	return NULL;
}

char *json_dump_whole(const json_t *value, size_t flags)
{
	size_t len = json_dumpb(value, NULL, 0, flags);
	char *text = len > 0 ? malloc(len + 1) : NULL;
	if (text == NULL || json_dumpb(value, text, len, flags) != len) {
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}

bool json_write(json_t *take_document, FILE *file)
{
	char *text = json_dump_whole(take_document, JSON_INDENT(INDENT_BLANKS));
	bool good = text != NULL && fputs(text, file) != EOF && fputc('\n', file) != EOF;
	free(text);
	json_decref(take_document);
	return good;
}
