/* site_paths - the files that a configuration names, by the table of its keys. */
#ifndef PROXY_SITES_SITE_PATHS_H
#define PROXY_SITES_SITE_PATHS_H

#include "conf/config.h"

typedef void path_visitor(void *context, const char *path);

/* site_paths_visit shows each path that a key of the site gives, but for roots. */
void site_paths_visit(const struct config_site *site, void *context, path_visitor *visit);

/* site_paths_list lists the files of all sites, but for roots, and the global CRL and ticket key files, in no order;
 * one that is named twice is listed twice. The caller frees the array; the strings are borrowed from `config`. NULL
 * when out of memory. */
const char **site_paths_list(const struct config *config, size_t *out_count);

#endif
