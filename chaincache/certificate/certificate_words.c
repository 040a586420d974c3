#include "chaincache/certificate/certificate_words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *name_or(const char *name, const char *otherwise)
{
	return name[0] != '\0' ? name : otherwise;
}

const char *certificate_words_subject(const struct certificate *certificate)
{
	return name_or(certificate->subject, "(no subject)");
}

const char *certificate_words_issuer(const struct certificate *certificate)
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
