#include "proxy/commands/log/report_certificates.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "chaincache/files/certificate_file.h"

#define MAX_KNOWN 10000

void report_certificates_init(struct report_certificates *certificates, const char *cache)
{
	*certificates = (struct report_certificates){.cache = cache};
}

void report_certificates_cleanup(struct report_certificates *certificates)
{
	certificate_list_cleanup(&certificates->known);
}

static const struct certificate *find_known(const struct report_certificates *certificates, const char *sha256)
{
	for (size_t i = 0; i < certificates->known.count; i++) {
		if (strcmp(certificates->known.items[i].certificate->sha256_hex, sha256) == 0)
			return certificates->known.items[i].certificate;
	}
	return NULL;
}

/* Out of memory, a certificate counts as not known, and the page says so. */
static void keep(struct report_certificates *certificates, const struct certificate_list *list)
{
	for (size_t i = 0; i < list->count && certificates->known.count < MAX_KNOWN; i++) {
		const struct certificate *certificate = list->items[i].certificate;
		if (find_known(certificates, certificate->sha256_hex) == NULL &&
		    failed(certificate_list_append(&certificates->known, certificate, list->items[i].source)))
			return;
	}
}

static const struct certificate_file_options reading = {
    .source = SOURCE_FILE, .pass_over_unreadable = true, .skip_keys = true};

void report_certificates_learn(struct report_certificates *certificates, const json_t *line)
{
	struct certificate_file file;
	const char *pem = json_string_value(json_object_get(line, "pem"));
	if (pem == NULL || failed(certificate_file_parse(bytes_of_string(pem), &reading, &file)))
		return;
	keep(certificates, &file.certificates);
	certificate_file_cleanup(&file);
}

/* The name of a file in the cache is made of it: nothing but a digest may become one. */
static bool is_digest(const char *text)
{
	return strlen(text) == SHA256_HEX_CHARS && strspn(text, "0123456789abcdef") == SHA256_HEX_CHARS;
}

const struct certificate *report_certificates_find(struct report_certificates *certificates, const char *sha256)
{
	char path[PATH_MAX];
	struct certificate_file file;
	const struct certificate *known = is_digest(sha256) ? find_known(certificates, sha256) : NULL;
	if (known != NULL || !is_digest(sha256) || certificates->cache == NULL)
		return known;
	int len = snprintf(path, sizeof(path), "%s/%s.pem", certificates->cache, sha256);
	if (len < 0 || (size_t)len >= sizeof(path) || failed(certificate_file_read(path, &reading, &file)))
		return NULL;
	keep(certificates, &file.certificates);
	certificate_file_cleanup(&file);
	return find_known(certificates, sha256);
}
