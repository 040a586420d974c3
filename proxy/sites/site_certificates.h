/* site_certificates - the certificates that a site serves: those of its files, or the one that its backends serve.
 *
 * A certificate inherits from the one before a reload: the served chain, its verdict, and the renewal that waits.
 */
#ifndef PROXY_SITES_SITE_CERTIFICATES_H
#define PROXY_SITES_SITE_CERTIFICATES_H

#include "chaincache/certificate/certificate_list.h"

struct managed_site;

/* site_certificates_make makes those that are known before anything is probed. `former` (may be NULL) is the same site
 * before a reload. */
MUST_USE struct error site_certificates_make(struct managed_site *site, const struct managed_site *former);

/* site_certificates_follow takes what a backend was seen to send (`certificate = backend`). Returns whether to look at the
 * backends again soon. */
bool site_certificates_follow(struct managed_site *site, size_t backend, const struct certificate_list *chain);

/* site_certificates_offer_extra offers all that the backends send as candidates for the files' certificates. */
void site_certificates_offer_extra(struct managed_site *site);

#endif
