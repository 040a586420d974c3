#include "proxy/glue/finding_json.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/glue/time_text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */
#define REPLACEMENT_BYTES 3

/* The length of the well-formed UTF-8 sequence that `text` begins with, 0 where there is none (RFC 3629 4). */
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

/* Adds a member where there is a value; false when out of memory. */
static bool set_text(json_t *object, const char *key, const char *value)
{
	return value == NULL || json_object_set_new(object, key, text_json(value)) == 0;
}

static bool set_time(json_t *object, const char *key, int64_t seconds)
{
	char text[TIME_TEXT_MAX];
	return set_text(object, key, time_text_print(seconds, text));
}

static json_t *keep_if(json_t *value, bool complete)
{
	if (complete)
		return value;
	json_decref(value);
	return NULL;
}

static json_t *certificate_reference(const struct certificate *certificate)
{
	json_t *object = json_object();
	return keep_if(object, object != NULL && set_text(object, "subject", certificate->subject) &&
				   set_text(object, "sha256", certificate->sha256_hex));
}

json_t *finding_json(const struct finding *finding)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_text(object, "code", finding_code_name(finding->code)) &&
			set_text(object, "severity", finding_severity_name(finding->severity)) &&
			set_text(object, "action", finding_action_name(finding->action)) &&
			set_text(object, "message", finding->message) && set_text(object, "advice", finding->advice) &&
			set_text(object, "name", finding->name) && set_text(object, "source", finding->source) &&
			set_text(object, "url", finding->url);
	if (complete && finding->certificate != NULL)
		complete = json_object_set_new(object, "certificate", certificate_reference(finding->certificate)) == 0;
	return keep_if(object, complete);
}

json_t *finding_list_json(const struct finding_list *list)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < list->count; i++)
		complete = json_array_append_new(array, finding_json(&list->items[i])) == 0;
	return keep_if(array, complete);
}

static json_t *spki_json(const struct certificate *certificate)
{
	static const char digits[] = "0123456789abcdef";
	char hex[SHA256_HEX_CHARS + 1];
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		hex[2 * i] = digits[certificate->spki_sha256[i] >> 4];
		hex[2 * i + 1] = digits[certificate->spki_sha256[i] & 0xf];
	}
	hex[SHA256_HEX_CHARS] = '\0';
	return json_string(hex);
}

json_t *certificate_json(const struct certificate_entry *entry)
{
	const struct certificate *certificate = entry->certificate;
	json_t *object = json_object();
	bool complete = object != NULL && set_text(object, "subject", certificate->subject) &&
			set_text(object, "issuer", certificate->issuer) &&
			set_text(object, "serial", certificate->serial) &&
			set_text(object, "sha256", certificate->sha256_hex) &&
			set_time(object, "not_before", certificate->not_before) &&
			set_time(object, "not_after", certificate->not_after) &&
			set_text(object, "source", certificate_source_name(entry->source)) &&
			json_object_set_new(object, "spki_sha256", spki_json(certificate)) == 0;
	return keep_if(object, complete);
}

json_t *chain_json(const struct certificate_list *chain)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < chain->count; i++)
		complete = json_array_append_new(array, certificate_json(&chain->items[i])) == 0;
	return keep_if(array, complete);
}

json_t *chain_json_short(const struct certificate_list *chain)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; complete && i < chain->count; i++) {
		json_t *object = certificate_reference(chain->items[i].certificate);
		complete =
		    object != NULL && set_text(object, "source", certificate_source_name(chain->items[i].source));
		if (json_array_append_new(array, object) != 0)
			complete = false;
	}
	return keep_if(array, complete);
}
