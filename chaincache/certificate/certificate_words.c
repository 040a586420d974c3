#include "chaincache/certificate/certificate_words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct quoted_name name_or(const char *name, const char *otherwise)
{
	struct quoted_name words;

	if (name[0] != '\0')
		return quoted_name(name);
	snprintf(words.text, sizeof(words.text), "%s", otherwise);
	return words;
}

struct quoted_name certificate_words_subject(const struct certificate *certificate)
{
	return name_or(certificate->subject, "(no subject)");
}

struct quoted_name certificate_words_issuer(const struct certificate *certificate)
{
	return name_or(certificate->issuer, "(no name)");
}

const char *certificate_words_date(int64_t time, char out[CERTIFICATE_WORDS_DATE_CHARS])
{
	struct tm day;
	time_t seconds = (time_t)time;

	if (gmtime_r(&seconds, &day) == NULL || strftime(out, CERTIFICATE_WORDS_DATE_CHARS, "%Y-%m-%d", &day) == 0)
		snprintf(out, CERTIFICATE_WORDS_DATE_CHARS, "an unknown day");
	return out;
}

const char *certificate_words_time(int64_t time, char out[CERTIFICATE_WORDS_DATE_CHARS])
{
	struct tm moment;
	time_t seconds = (time_t)time;

	if (gmtime_r(&seconds, &moment) == NULL ||
	    strftime(out, CERTIFICATE_WORDS_DATE_CHARS, "%Y-%m-%d %H:%M:%S UTC", &moment) == 0)
		snprintf(out, CERTIFICATE_WORDS_DATE_CHARS, "an unknown time");
	return out;
}

const char *certificate_words_key_id(struct bytes key_id, char out[CERTIFICATE_WORDS_KEY_ID_CHARS])
{
	size_t shown = key_id.len < CERTIFICATE_WORDS_KEY_ID_BYTES ? key_id.len : CERTIFICATE_WORDS_KEY_ID_BYTES;
	char *at = out;

	*at = '\0';
	for (size_t i = 0; i < shown; i++)
		at += snprintf(at, 4, "%s%02X", i > 0 ? ":" : "", key_id.data[i]);
	if (shown < key_id.len)
		snprintf(at, 4, "...");
	return out;
}

static char slug_character(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	return '-';
}

const char *certificate_words_slug(const struct certificate *certificate, char out[CERTIFICATE_WORDS_SLUG_CHARS])
{
	const char *name = certificate->common_name != NULL ? certificate->common_name : "";
	size_t len = 0;

	for (; *name != '\0' && len + 1 < CERTIFICATE_WORDS_SLUG_CHARS; name++) {
		char c = slug_character(*name);
		if (c != '-' || (len > 0 && out[len - 1] != '-'))
			out[len++] = c;
	}
	while (len > 0 && out[len - 1] == '-')
		len--;
	out[len] = '\0';
	if (len == 0)
		snprintf(out, CERTIFICATE_WORDS_SLUG_CHARS, "private-root");
	return out;
}
