/* site_builder - reads the files that a checked configuration names: certificates, keys, roots, CRLs; makes TLS
 * contexts.
 *
 * Site by site: where a file of a site is wrong, that site keeps what was read of all its files before, and the others
 * take what is new. Opens no socket.
 */
#ifndef PROXY_SITES_SITE_BUILDER_H
#define PROXY_SITES_SITE_BUILDER_H

#include "chaincache/base/buffer.h"
#include "conf/config.h"
#include "proxy/mending/site_material.h"

/* A site as it was before: both borrowed; all NULL where it is new. */
struct former_site {
	const struct config_site *config;
	struct site_material *material;
};

/* site_builder_read reads the files of every site of `config`: an array of config->num_sites, in their order, for
 * site_builder_free. `former` (NULL: there is nothing before) has each of these sites as it was before: one whose
 * configuration and files are the same keeps its material, and no file is read. `now` is the wall clock. May run in any
 * thread. NULL where the configuration itself is wrong, with a line an error in `errors`, or when out of memory, without
 * one. */
struct site_material **site_builder_read(const struct config *config, const struct former_site *former, time_t now,
					 struct buffer *errors);
void site_builder_free(struct site_material **materials, size_t num_sites); /* NULL is fine */

#endif
