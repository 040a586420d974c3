/* reload_failed - the finding of a site whose files are wrong. */
#ifndef PROXY_SITES_RELOAD_FAILED_H
#define PROXY_SITES_RELOAD_FAILED_H

#include "chaincache/mend/finding.h"
#include "proxy/mending/site_material.h"

/* reload_failed_add adds the finding: a warning where what was read before goes on, an error where the site serves
 * nobody. `material` is not SITE_READ. */
void reload_failed_add(struct finding_list *findings, const struct site_material *material);

#endif
