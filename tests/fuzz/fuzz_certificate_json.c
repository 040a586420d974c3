/* A certificate in the words that people and programs get: JSON that a reader takes, a file name, dates. */
#include <stdlib.h>
#include <string.h>

#include "chaincache/certificate/certificate_words.h"
#include "proxy/log/finding_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_json(const struct certificate *certificate)
{
	struct certificate_entry entry = {.certificate = certificate, .source = SOURCE_FILE};
	json_t *object = certificate_json(&entry);

	must(object != NULL);
	char *text = json_dumps(object, JSON_COMPACT);
	must(text != NULL);
	json_t *again = json_loads(text, 0, NULL);
	must(json_equal(object, again));
	json_decref(again);
	free(text);
	json_decref(object);
}

static void check_words(const struct certificate *certificate)
{
	char slug[CERTIFICATE_WORDS_SLUG_CHARS], date[CERTIFICATE_WORDS_DATE_CHARS];

	must(strspn(certificate_words_slug(certificate, slug), "abcdefghijklmnopqrstuvwxyz0123456789-") ==
	     strlen(slug));
	must(certificate_words_date(certificate->not_before, date)[0] != '\0');
	must(certificate_words_subject(certificate).text[0] != '\0' &&
	     certificate_words_issuer(certificate).text[0] != '\0');
	for (const char *c = certificate->subject; *c != '\0'; c++)
		must((unsigned char)*c >= 0x20 && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct certificate *certificate;

	if (failed(certificate_parse(bytes_of(data, size), &certificate)))
		return 0;
	check_json(certificate);
	check_words(certificate);
	certificate_unref(certificate);
	return 0;
}
