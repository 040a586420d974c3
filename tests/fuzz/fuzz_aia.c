/* URLs, by themselves and as they stand in a certificate: the input is taken as both. */
#include <stdlib.h>
#include <strings.h>

#include "chaincache/fetching/aia.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Checks what the fetcher relies on. */
static void check_url(const char *url)
{
	if (aia_url_judge(url) != AIA_URL_USABLE)
		return;
	const char *host = url + strlen("http://");
	check(strlen(url) <= AIA_MAX_URL_CHARS && strncasecmp(url, "http://", strlen("http://")) == 0);
	size_t len = strcspn(host, "/?#");
	check(len > 0 && memchr(host, '@', len) == NULL && memchr(host, '\\', len) == NULL);
	for (const char *c = url; *c != '\0'; c++)
		check(*c > ' ' && *c <= '~');
}

static void check_certificate(const struct certificate *certificate)
{
	size_t num_usable = 0;

	check(certificate->num_ca_issuer_urls <= CERTIFICATE_MAX_URLS);
	check(certificate->num_alt_names <= CERTIFICATE_MAX_BYTES / 2);
	for (size_t i = 0; i < certificate->num_ca_issuer_urls; i++) {
		check_url(certificate->ca_issuer_urls[i]);
		num_usable += aia_verdict(certificate, i) == AIA_URL_USABLE;
	}
	check(num_usable <= AIA_MAX_URLS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct certificate *certificate;
	char *url = malloc(size + 1);

	if (url == NULL)
		return 0;
	if (size > 0)
		memcpy(url, data, size);
	url[size] = '\0';
	check_url(url);
	free(url);

	if (!failed(certificate_parse(bytes_of(data, size), &certificate))) {
		check_certificate(certificate);
		certificate_unref(certificate);
	}
	return 0;
}
