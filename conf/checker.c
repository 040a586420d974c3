#include "conf/checker.h"

#include <string.h>
#include <strings.h>

#include "conf/claims.h"

/* One site under examination. */
struct subject {
	struct draft *draft;
	const struct config_site *site;
	const struct draft_section *section;
};

static unsigned line_of(const struct subject *subject, enum config_key_id id)
{
	return subject->section->lines[id] != 0 ? subject->section->lines[id] : subject->section->line;
}

static void report(const struct subject *subject, enum config_key_id id, const char *what)
{
	char key[DRAFT_MAX_KEY_TEXT];
	draft_key_text(subject->draft, id, key);
	if (subject->draft->by_flags)
		config_errors_add(&subject->draft->errors, 0, "%s: %s", key, what);
	else
		config_errors_add(&subject->draft->errors, line_of(subject, id), "[site %s]: %s: %s",
				  subject->site->name, key, what);
}

static void check_required(const struct subject *subject)
{
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		const char *missing = config_key(id)->missing;
		if (missing != NULL && !subject->section->has[id])
			report(subject, id, missing);
	}
}

static bool any_backend(const struct config_site *site, bool tls)
{
	for (size_t i = 0; i < site->num_backends; i++) {
		if (site->backends[i].tls == tls)
			return true;
	}
	return false;
}

/* A key that would do nothing is an error: its author expects an effect. */
static void check_backend(const struct subject *subject)
{
	static const enum config_key_id of_tls[] = {
	    KEY_BACKEND_NAME, KEY_BACKEND_VERIFY, KEY_BACKEND_TLS_MIN, KEY_BACKEND_CERTIFICATE,
	    KEY_BACKEND_KEY,  KEY_BACKEND_PIN,    KEY_PROBE_INTERVAL,
	};
	const struct config_site *site = subject->site;
	const bool *has = subject->section->has;
	bool tls = any_backend(site, true);
	bool tcp = any_backend(site, false);
	if (tls && tcp)
		report(subject, KEY_BACKEND, "tcp:// and tls:// backends stand together: use one kind in a site");
	for (size_t i = 0; tcp && !tls && i < sizeof(of_tls) / sizeof(of_tls[0]); i++) {
		if (has[of_tls[i]])
			report(subject, of_tls[i], "does nothing with a tcp:// backend: use tls://, or take it out");
	}
	if (has[KEY_BACKEND_PIN] && site->backend_verify == BACKEND_VERIFY_OFF)
		report(subject, KEY_BACKEND_PIN, "does nothing with backend_verify = off: take one of them out");
	if (has[KEY_BACKEND_KEY] && !has[KEY_BACKEND_CERTIFICATE])
		report(subject, KEY_BACKEND_KEY, "has no backend_certificate to go with: name that too");
}

static void check_certificate(const struct subject *subject)
{
	const struct config_site *site = subject->site;
	if (!site->certificate_is_backend)
		return;
	if (site->certificates.count > 0)
		report(subject, KEY_CERTIFICATE, "the word backend and a file stand together: use one of them");
	if (any_backend(site, false))
		report(subject, KEY_CERTIFICATE,
		       "the word backend needs a tls:// backend: a tcp:// one serves no certificate");
	if (!subject->section->has[KEY_KEY])
		report(subject, KEY_KEY,
		       "missing: certificate = backend takes the certificate from the backend, and its key from here");
}

static void check_versions(const struct subject *subject)
{
	if (subject->site->tls_min > subject->site->tls_max)
		report(subject, subject->section->has[KEY_TLS_MIN] ? KEY_TLS_MIN : KEY_TLS_MAX,
		       "tls_min is above tls_max: no client could connect");
}

static void check_http_alpn(const struct subject *subject)
{
	const struct string_list *alpn = &subject->site->alpn;
	for (size_t i = 0; i < alpn->count; i++) {
		if (strcmp(alpn->items[i], "http/1.1") == 0 || strcmp(alpn->items[i], "http/1.0") == 0)
			continue;
		report(subject, KEY_ALPN,
		       strcmp(alpn->items[i], "h2") == 0 ? "h2 with protocol = http: HTTP/2 towards clients is not "
							   "built in this version, and http/1.1 is "
							   "offered to them: take h2 out"
							 : "a protocol other than HTTP with protocol = http: http/1.1 "
							   "is offered to clients: take it out, or "
							   "use protocol = tcp");
		return;
	}
}

static void check_http(const struct subject *subject)
{
	static const enum config_key_id of_http[] = {
	    KEY_FORWARDED,     KEY_BACKEND_HOST,     KEY_SET_HEADER,        KEY_REMOVE_HEADER,
	    KEY_BACKEND_REUSE, KEY_MAX_HEAD_BYTES,   KEY_MAX_BODY_BYTES,    KEY_HEAD_TIMEOUT,
	    KEY_BODY_TIMEOUT,  KEY_RESPONSE_TIMEOUT, KEY_KEEPALIVE_TIMEOUT, KEY_UPGRADE,
	};
	if (subject->site->protocol == PROTOCOL_HTTP) {
		check_http_alpn(subject);
		return;
	}
	for (size_t i = 0; i < sizeof(of_http) / sizeof(of_http[0]); i++) {
		if (subject->section->has[of_http[i]])
			report(subject, of_http[i],
			       "does nothing with protocol = tcp: use protocol = http, or take it out");
	}
}

static bool same_address(const struct config_address *a, const struct config_address *b)
{
	return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

static void check_listens(const struct subject *subject)
{
	const struct config_site *site = subject->site;
	for (size_t i = 1; i < site->num_listens; i++) {
		for (size_t k = 0; k < i; k++) {
			if (!same_address(&site->listens[i], &site->listens[k]))
				continue;
			report(subject, KEY_LISTEN, "an address stands twice: take one out");
			return;
		}
	}
}

/* A key that two sites claim the same word of, and the error. */
struct contest {
	struct draft *draft;
	enum config_key_id id;
	const char *what;
};

static void report_contest(void *context, size_t first_site, size_t second_site)
{
	const struct contest *contest = context;
	struct draft *draft = contest->draft;
	const struct config_site *first = &draft->config->sites[first_site];
	struct subject subject = {draft, &draft->config->sites[second_site], &draft->sites[second_site]};
	unsigned line = contest->id == KEY_LISTEN ? subject.section->line : line_of(&subject, contest->id);
	config_errors_add(&draft->errors, line, "[site %s]: %s (the other is [site %s] in line %u)", subject.site->name,
			  contest->what, first->name, first->line);
}

static void settle(struct draft *draft, struct claims *claims, enum claims_scope scope, enum config_key_id id,
		   const char *what)
{
	struct contest contest = {draft, id, what};
	claims_settle(claims, scope, report_contest, &contest);
}

static void check_across_sites(struct draft *draft)
{
	const struct config *config = draft->config;
	struct claims *claims = claims_new(config);
	if (claims == NULL) {
		config_errors_add(&draft->errors, 0, "out of memory");
		return;
	}
	for (size_t i = 0; i < config->num_sites; i++)
		claims_add(claims, config->sites[i].name, i);
	settle(draft, claims, CLAIMS_ANYWHERE, KEY_LISTEN, "the name of this section is taken: give it another");
	for (size_t i = 0; i < config->num_sites; i++) {
		if (config->sites[i].is_default)
			claims_add(claims, "", i);
	}
	settle(draft, claims, CLAIMS_AT_AN_ADDRESS, KEY_DEFAULT,
	       "default = on stands in two sites that share an address: leave it in one");
	for (size_t i = 0; i < config->num_sites; i++) {
		for (size_t k = 0; k < config->sites[i].hostnames.count; k++)
			claims_add(claims, config->sites[i].hostnames.items[k], i);
	}
	settle(draft, claims, CLAIMS_AT_AN_ADDRESS, KEY_HOSTNAMES,
	       "one of its hostnames is claimed by another site at the same address: leave it in one");
	claims_free(claims);
}

static void report_global(struct draft *draft, enum config_key_id id, const char *what)
{
	char key[DRAFT_MAX_KEY_TEXT];
	unsigned line = draft->global.lines[id] != 0 ? draft->global.lines[id] : draft->global.line;
	draft_key_text(draft, id, key);
	if (draft->by_flags)
		config_errors_add(&draft->errors, 0, "%s: %s", key, what);
	else
		config_errors_add(&draft->errors, line, "[chainmend]: %s: %s", key, what);
}

/* Local users may read the page without a token, other machines may not. */
static void check_admin(struct draft *draft)
{
	const struct config *config = draft->config;
	if (!config_admin_is_local(&config->admin) && !draft->global.has[KEY_ADMIN_TOKEN_FILE])
		report_global(
		    draft, KEY_ADMIN,
		    "is beyond loopback and needs admin_token_file: name a file with a token, or use 127.0.0.1");
}

static void check_trusted_proxies(struct draft *draft)
{
	const struct config *config = draft->config;
	bool any_http = false;
	for (size_t i = 0; i < config->num_sites; i++)
		any_http = any_http || config->sites[i].protocol == PROTOCOL_HTTP;
	if (draft->global.has[KEY_TRUSTED_PROXIES] && config->num_sites > 0 && !any_http)
		report_global(draft, KEY_TRUSTED_PROXIES,
			      "does nothing without a site of protocol = http: use that, or take it out");
}

void checker_check(struct draft *draft)
{
	if (draft->config->num_sites == 0 && draft->errors.count == 0)
		config_errors_add(&draft->errors, 0, "there is no site: add a [site NAME] section");
	for (size_t i = 0; i < draft->config->num_sites; i++) {
		struct subject subject = {draft, &draft->config->sites[i], &draft->sites[i]};
		check_required(&subject);
		check_backend(&subject);
		check_certificate(&subject);
		check_versions(&subject);
		check_listens(&subject);
		check_http(&subject);
	}
	check_across_sites(draft);
	check_admin(draft);
	check_trusted_proxies(draft);
}
