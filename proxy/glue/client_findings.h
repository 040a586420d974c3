/* client_findings - what clients of a site complained of: certificate alerts, and names that no certificate covers.
 *
 * Counted by site and by alert or name; each is told when it is first seen, then at most once a minute while its count
 * grows, and resolved when it was not seen for a while. Pure but for the fix log that it tells.
 */
#ifndef PROXY_GLUE_CLIENT_FINDINGS_H
#define PROXY_GLUE_CLIENT_FINDINGS_H

#include "proxy/glue/fix_log.h"

#define CLIENT_FINDINGS_MAX 10000 /* of all sites; beyond it new ones are counted and not told */
#define CLIENT_FINDINGS_MAX_OF_SITE 50 /* of one site; further names are counted together */
#define CLIENT_FINDINGS_TELL_MS 60000
#define CLIENT_FINDINGS_FORGET_MS 3600000

struct client_findings;

/* client_findings_new borrows `fix_log`. NULL when out of memory. */
struct client_findings *client_findings_new(struct fix_log *fix_log);
void client_findings_free(struct client_findings *findings);

/* client_findings_alert counts `count` handshakes that clients ended with `alert` (RFC 8446 6.2). Alerts that are no
 * complaint about the certificate are passed over: false. Times are in milliseconds since 1970. */
bool client_findings_alert(struct client_findings *findings, const char *site, uint8_t alert, uint64_t count,
			   int64_t now_ms);

/* client_findings_name counts handshakes that asked for `name`, which no certificate of the site covers. */
void client_findings_name(struct client_findings *findings, const char *site, const char *name, uint64_t count,
			  int64_t now_ms);

/* client_findings_tick tells what has grown for long enough, and forgets what is old: once a second, say. */
void client_findings_tick(struct client_findings *findings, int64_t now_ms);

/* client_findings_keep_sites forgets sites that are gone. */
void client_findings_keep_sites(struct client_findings *findings, bool (*is_kept)(void *context, const char *site),
				void *context);

#endif
