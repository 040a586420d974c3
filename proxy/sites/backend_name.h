/* backend_name - the name that the tls backends of a site are asked for, and that their certificate must cover. Pure. */
#ifndef PROXY_SITES_BACKEND_NAME_H
#define PROXY_SITES_BACKEND_NAME_H

#include "proxy/mending/site_material.h"

/* backend_name_choose gives the one of `backend_name`; with the word client, the one for clients that ask for no name of
 * the site's. `material` has its names and certificates. ERROR_FORMAT says why it is no name. */
MUST_USE struct error backend_name_choose(const struct config_site *config, const struct site_material *material,
					  struct host_name *out);

#endif
