/* site_builder - reads the files that a checked configuration names: certificates, keys, roots, CRLs; makes TLS
 * contexts.
 *
 * Reads everything before anything is used, and reports all errors at once: a line each, with site, path and advice.
 * Opens no socket.
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

/* site_builder_paths lists the certificate, key, password, CRL and ticket key files of the configuration, in no
 * order; a file that is named twice stands twice. The caller frees the array; the strings are borrowed from
 * `config`. NULL when out of memory. */
const char **site_builder_paths(const struct config *config, size_t *out_count);

#endif
