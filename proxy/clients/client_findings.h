/* client_findings - the complaints of a site's clients: certificate alerts, and names that no certificate covers.
 *
 * Counts by site and by alert or name. Reports each when it is first seen, then at most once a minute while its count
 * grows, and resolves it when it was not seen for a while. Names are whatever clients send: CLIENT_FINDINGS_MAX_OF_SITE
 * of them are reported, a new one that is much more frequent replaces the least frequent, and the rest is one sum. Pure
 * but for the fix log that it writes.
 */
#ifndef PROXY_CLIENTS_CLIENT_FINDINGS_H
#define PROXY_CLIENTS_CLIENT_FINDINGS_H

#include "proxy/clients/chain_watch.h"
#include "proxy/log/fix_log.h"

#define CLIENT_FINDINGS_MAX 10000 /* of all sites; beyond it new ones are counted, not reported */
#define CLIENT_FINDINGS_MAX_OF_SITE 50 /* of one site; further names are counted together */
#define CLIENT_FINDINGS_TAKEOVER_FACTOR 2 /* a name takes another one's place when it is that much more frequent */
#define CLIENT_FINDINGS_NETWORKS_REPORTED 5 /* that most alerts came from */
#define CLIENT_FINDINGS_REPORT_MS 60000
#define CLIENT_FINDINGS_FORGET_MS 3600000

struct client_findings;

/* client_findings_new borrows `fix_log`, and `watch` for what is known of rejections (NULL: nothing is). NULL when
 * out of memory. */
struct client_findings *client_findings_new(struct fix_log *fix_log, const struct chain_watch *watch);
void client_findings_free(struct client_findings *findings);

/* Handshakes that clients ended with an alert (RFC 8446 6.2). */
struct client_alert {
	uint8_t number;
	uint64_t count;
	uint64_t network; /* of the clients (network_set.h) */
};

/* client_findings_alert counts them. Alerts that are no complaint about the certificate are not counted: false. Times are
 * in milliseconds since 1970. */
bool client_findings_alert(struct client_findings *findings, const char *site, const struct client_alert *alert,
			   int64_t now_ms);

/* Handshakes that asked for a name which no certificate of the site covers. */
struct missed_name {
	const char *name;
	uint64_t count;
	uint64_t error; /* by which the count may be too high */
	const struct certificate *leaf; /* that was shown, to explain the nearest miss; may be NULL */
};

void client_findings_name(struct client_findings *findings, const char *site, const struct missed_name *missed,
			  int64_t now_ms);

/* client_findings_drop_covered resolves the names that are covered by now. */
void client_findings_drop_covered(struct client_findings *findings,
				  bool (*is_covered)(void *context, const char *site, const char *name), void *context,
				  int64_t now_ms);

/* client_findings_tick reports what has grown for long enough, and forgets what is old. Call it once a second. */
void client_findings_tick(struct client_findings *findings, int64_t now_ms);

/* client_findings_keep_sites forgets sites that are gone. */
void client_findings_keep_sites(struct client_findings *findings, bool (*is_kept)(void *context, const char *site),
				void *context);

#endif
