/* site_groups - the groups of findings that a site has in the fix log: a group whose subject is gone is resolved. Pure. */
#ifndef PROXY_SITES_SITE_GROUPS_H
#define PROXY_SITES_SITE_GROUPS_H

#include <stddef.h>

#include "proxy/log/known_findings.h"

struct site_groups {
	size_t num_certificates;
	bool has_client_certificate;
	size_t num_backends; /* that are probed: 0 for tcp backends */
	bool follows_backends; /* `certificate = backend` */
};

bool site_groups_has(const struct site_groups *groups, const struct finding_group *group);

#endif
