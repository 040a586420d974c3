/* config_audit - looks at what a configuration would serve as `check` looks at a server: names, leafs, directories and
 * backends. It decides nothing about a start. */
#ifndef PROXY_COMMANDS_RUN_CONFIG_AUDIT_H
#define PROXY_COMMANDS_RUN_CONFIG_AUDIT_H

#include "proxy/log/program_log.h"
#include "proxy/sites/site_set.h"

#define CONFIG_AUDIT_MAX_PROBES 64 /* of tls backends, side by side */
#define CONFIG_AUDIT_PROBE_MS 3000 /* for each of them */
#define CONFIG_AUDIT_BACKENDS_MS 10000 /* for all backends: those that are left are not asked */

/* config_audit_sites logs what is wrong with the certificates of each site, and with those that its tls backends show where
 * they are the site's own; then each backend that does not answer. With `offline`, no backend is asked. Returns how many
 * errors there were. *out_held says that a thread still looks up a name: exit() would wait for it. */
size_t config_audit_sites(const struct program_log *log, const struct site_set *set, bool offline, bool *out_held);

/* config_audit_places logs each directory (of the cache, of the fix log) that this process could not write in. Returns how
 * many errors there were. */
size_t config_audit_places(const struct program_log *log, const struct config *config);

#endif
