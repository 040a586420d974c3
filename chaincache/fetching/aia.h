/* aia - says which of a certificate's caIssuers URLs may be fetched for its issuer (RFC 5280 4.2.2.1). */
#ifndef CHAINCACHE_FETCHING_AIA_H
#define CHAINCACHE_FETCHING_AIA_H

#include "chaincache/certificate/certificate.h"

#define AIA_MAX_URLS 5 /* asked a certificate */
#define AIA_MAX_URL_CHARS 2048

enum aia_url_verdict {
	AIA_URL_USABLE,
	AIA_URL_OTHER_SCHEME, /* ldap:, https:, file: ... */
	AIA_URL_MALFORMED, /* no host, user information in it, control characters, too long */
	AIA_URL_OVER_LIMIT, /* usable, but not among the first AIA_MAX_URLS */
};

/* aia_url_judge judges one URL by its form alone. Never AIA_URL_OVER_LIMIT. */
enum aia_url_verdict aia_url_judge(const char *url);

/* aia_verdict is the verdict over certificate->ca_issuer_urls[index], the limit included. */
enum aia_url_verdict aia_verdict(const struct certificate *certificate, size_t index);

#endif
