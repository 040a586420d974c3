/* server_questions - the callbacks by which the server's parts ask about a site, a certificate, a group of findings,
 * and the server itself. `context` is the server, which the parts do not know.
 */
#ifndef PROXY_CONTROL_SERVER_QUESTIONS_H
#define PROXY_CONTROL_SERVER_QUESTIONS_H

#include "proxy/admin/overview.h"
#include "proxy/mending/backend_trust.h"

/* Says whether a certificate of the site covers a name. */
bool server_is_covered(void *context, const char *site, const char *name);

/* How a site's backends are judged, and whom the verdict is for. */
bool server_find_terms(void *context, const char *site, struct backend_trust_terms *out);
void server_give_verdict(void *context, unsigned worker, uint64_t connection, bool trusted, const char *reason);

/* Serves the former chain again; false where it must not, or cannot yet. */
bool server_roll_back(void *context, const struct chain_roll_back *roll_back);

/* Says whether there still is such a certificate, such a site, such a group. */
bool server_is_certificate(void *context, const char *site, unsigned part);
bool server_is_site(void *context, const char *site);
bool server_has_group(void *context, const struct finding_group *group);

/* Fills in what the admin page is made from. */
void server_look(void *context, struct overview *out);

#endif
