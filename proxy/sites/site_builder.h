/* site_builder - from a checked configuration to what it names on the disk: certificates, keys, roots, TLS contexts.
 *
 * Everything is read before anything is used, and all that is wrong is told in one go, one line an error with site,
 * path and what to do. Reads files; opens no socket.
 */
#ifndef PROXY_SITES_SITE_BUILDER_H
#define PROXY_SITES_SITE_BUILDER_H

#include "chaincache/base/buffer.h"
#include "conf/config.h"
#include "proxy/mending/site_material.h"

#define SITE_BUILDER_MAX_ERROR_BYTES ((size_t)256 * 1024)

/* site_builder_read reads what every site of `config` needs: *out is an array of config->num_sites, in their order. On
 * failure *out is NULL and `errors` holds a line an error ("what: why: what to do"). */
bool site_builder_read(const struct config *config, struct site_material **out, struct buffer *errors);

/* site_builder_paths lists the certificate, key, password, CRL and ticket key files that the configuration names, in no order, each
 * once a mention; to be freed, strings borrowed from `config`. NULL when there is none or no memory. */
const char **site_builder_paths(const struct config *config, size_t *out_count);

#endif
