/* managed_site - one site on the control thread: its certificates, credentials, backends and their addresses.
 *
 * The workers see none of this: managed_site_fill copies what they need into a snapshot's site.
 */
#ifndef PROXY_SITES_MANAGED_SITE_H
#define PROXY_SITES_MANAGED_SITE_H

#include "proxy/clients/chain_watch.h"
#include "proxy/log/fix_log.h"
#include "proxy/mending/backend_trust.h"
#include "proxy/mending/chain_verdict.h"
#include "proxy/mending/prober.h"
#include "proxy/mending/site_material.h"
#include "proxy/sites/managed_site_options.h"

struct managed_site;

/* managed_site_new: `config` and `material` are borrowed. `former` (may be NULL) is the same site before a reload; its
 * knowledge of backends and certificates is taken over. Errors name what could not be made. */
MUST_USE struct error managed_site_new(const struct managed_site_options *options, const struct config_site *config,
				       const struct site_material *material, const struct managed_site *former,
				       struct managed_site **out);
void managed_site_free(struct managed_site *site);

/* managed_site_begin starts all background work: mending, probing, looking up names. Nothing where it has begun. */
void managed_site_begin(struct managed_site *site);

/* managed_site_fill gives `out` (fresh, of the snapshot) its credentials, addresses and TLS context. */
void managed_site_fill(const struct managed_site *site, struct site *out);

const char *managed_site_name(const struct managed_site *site);

const struct site_material *managed_site_material(const struct managed_site *site);

/* managed_site_reading says whether the site has its files' present content. */
enum site_reading_state managed_site_reading(const struct managed_site *site);

/* managed_site_faults says what is wrong with the files, a line each; "" where nothing is. */
const char *managed_site_faults(const struct managed_site *site);

size_t managed_site_num_certificates(const struct managed_site *site);

/* managed_site_chain returns the chain that is served, the former one after a roll-back; managed_site_given the one
 * that is mended. */
const struct certificate_list *managed_site_chain(const struct managed_site *site, size_t certificate);
const struct certificate_list *managed_site_given(const struct managed_site *site, size_t certificate);
bool managed_site_is_trusted(const struct managed_site *site, size_t certificate); /* by what is here, unfetched */

const struct config_site *managed_site_config(const struct managed_site *site);

/* managed_site_verdict returns the verdict of a certificate's last mend. */
const struct chain_verdict *managed_site_verdict(const struct managed_site *site, size_t certificate);

/* managed_site_prober is NULL for tcp backends. */
const struct prober *managed_site_prober(const struct managed_site *site);

/* managed_site_tally returns the workers' counts; NULL in a look without a loop. */
struct site_tally *managed_site_tally(const struct managed_site *site);

/* managed_site_covers says whether one of its certificates covers the name, as credential_covers does. */
bool managed_site_covers(const struct managed_site *site, const char *name);

/* managed_site_notify_watch notifies the watch of the published chains. False when out of memory: call it again. */
MUST_USE bool managed_site_notify_watch(const struct managed_site *site, int64_t now_ms);

/* managed_site_roll_back serves a former chain again, as outgoing_chain_roll_back says. */
bool managed_site_roll_back(struct managed_site *site, const struct chain_roll_back *roll_back, int64_t now_ms);

/* managed_site_tick ends the roll-back to a chain that has expired, and tries again what failed. Call it once a
 * second. */
void managed_site_tick(struct managed_site *site, int64_t now_ms);

/* managed_site_has_group says whether the site still has what a group of findings is about. */
bool managed_site_has_group(const struct managed_site *site, const struct finding_group *group);

/* managed_site_terms says how its backends are judged. */
void managed_site_terms(const struct managed_site *site, struct backend_trust_terms *out);

/* managed_site_saw_name takes note of a name that a client asked for: without `hostnames`, no renewal may lack it. */
void managed_site_saw_name(struct managed_site *site, const char *name, int64_t now_ms);

/* managed_site_saw_chain probes the backends again when a handshake saw a chain that no probe did. */
void managed_site_saw_chain(struct managed_site *site, const struct certificate_list *chain);

/* managed_site_saw_failure probes the backends again soon: a connection to one of them failed. */
void managed_site_saw_failure(struct managed_site *site);

#endif
