#include "proxy/glue/client_findings.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

enum { MAX_KEY = 256 };

/* One complaint of one site's clients. */
struct complaint {
	struct complaint *next;
	enum finding_code code;
	char key[MAX_KEY]; /* an alert's name or a host name; "" for the names beyond the maximum */
	uint64_t count;
	uint64_t told_count;
	int64_t told_ms;
	int64_t seen_ms;
};

struct complaining_site {
	struct complaining_site *next;
	char *site;
	struct complaint *complaints;
	size_t num_complaints;
};

struct client_findings {
	struct fix_log *fix_log;
	struct complaining_site *sites;
	size_t num_complaints;
};

struct client_findings *client_findings_new(struct fix_log *fix_log)
{
	struct client_findings *findings = calloc(1, sizeof *findings);
	if (findings != NULL)
		findings->fix_log = fix_log;
	return findings;
}

/* Frees the complaint that `link` holds. */
static void drop_complaint(struct client_findings *findings, struct complaining_site *site, struct complaint **link)
{
	struct complaint *complaint = *link;

	*link = complaint->next;
	site->num_complaints--;
	findings->num_complaints--;
	free(complaint);
}

static void drop_site(struct client_findings *findings, struct complaining_site **link)
{
	struct complaining_site *site = *link;

	while (site->complaints != NULL)
		drop_complaint(findings, site, &site->complaints);
	*link = site->next;
	free(site->site);
	free(site);
}

void client_findings_free(struct client_findings *findings)
{
	if (findings == NULL)
		return;
	while (findings->sites != NULL)
		drop_site(findings, &findings->sites);
	free(findings);
}

static struct complaining_site *find_site(struct client_findings *findings, const char *name)
{
	struct complaining_site *site = findings->sites;

	while (site != NULL && strcmp(site->site, name) != 0)
		site = site->next;
	if (site != NULL)
		return site;
	site = calloc(1, sizeof *site);
	if (site == NULL)
		return NULL;
	site->site = strdup(name);
	if (site->site == NULL) {
		free(site);
		return NULL;
	}
	site->next = findings->sites;
	findings->sites = site;
	return site;
}

static struct complaint *find(const struct complaining_site *site, enum finding_code code, const char *key)
{
	struct complaint *complaint = site->complaints;

	while (complaint != NULL && (complaint->code != code || strcmp(complaint->key, key) != 0))
		complaint = complaint->next;
	return complaint;
}

static struct complaint *find_or_add(struct client_findings *findings, struct complaining_site *site,
				     enum finding_code code, const char *name)
{
	char key[MAX_KEY];
	size_t len = strnlen(name, MAX_KEY - 1);

	memcpy(key, name, len);
	key[len] = '\0';
	struct complaint *complaint = find(site, code, key);
	if (complaint == NULL && site->num_complaints >= CLIENT_FINDINGS_MAX_OF_SITE) {
		key[0] = '\0';
		complaint = find(site, code, key);
	}
	if (complaint != NULL || findings->num_complaints >= CLIENT_FINDINGS_MAX)
		return complaint;
	complaint = calloc(1, sizeof *complaint);
	if (complaint == NULL)
		return NULL;
	complaint->code = code;
	memcpy(complaint->key, key, MAX_KEY);
	complaint->next = site->complaints;
	site->complaints = complaint;
	site->num_complaints++;
	findings->num_complaints++;
	return complaint;
}

static const char *handshakes(uint64_t count)
{
	return count == 1 ? "handshake" : "handshakes";
}

static void add_finding(struct finding_list *list, const struct complaint *complaint)
{
	unsigned long long count = complaint->told_count;
	const char *noun = handshakes(complaint->told_count);
	struct finding *finding = NULL;

	if (complaint->code == FINDING_CLIENT_REJECTED) {
		finding =
		    finding_list_add(list, complaint->code,
				     "Clients ended %llu %s with the alert %s: they do not accept the certificate.",
				     count, noun, complaint->key);
	} else if (complaint->key[0] == '\0') {
		finding = finding_list_add(list, complaint->code,
					   "Clients asked for further names that no certificate covers, in %llu %s.",
					   count, noun);
	} else {
		finding = finding_list_add(list, complaint->code,
					   "Clients asked for %s, which no certificate of the site covers, in %llu %s.",
					   complaint->key, count, noun);
	}
	if (complaint->key[0] != '\0')
		finding_set_name(finding, complaint->key);
}

static void report(const struct client_findings *findings, const struct complaining_site *site, int64_t now_ms)
{
	struct finding_list list = {0};
	struct fix_report fix_report = {.group = {site->site, SUBJECT_CLIENTS, 0}, .findings = &list};

	for (const struct complaint *at = site->complaints; at != NULL; at = at->next)
		add_finding(&list, at);
	fix_log_report(findings->fix_log, &fix_report, now_ms);
	finding_list_cleanup(&list);
}

/* Whether its count is to be told now; takes note that it was. */
static bool is_due(struct complaint *complaint, int64_t now_ms)
{
	if (complaint->count == complaint->told_count)
		return false;
	if (complaint->told_count > 0 && now_ms >= complaint->told_ms &&
	    now_ms - complaint->told_ms < CLIENT_FINDINGS_TELL_MS)
		return false;
	complaint->told_count = complaint->count;
	complaint->told_ms = now_ms;
	return true;
}

static void count_complaint(struct client_findings *findings, const char *site_name, enum finding_code code,
			    const char *key, uint64_t count, int64_t now_ms)
{
	struct complaining_site *site = find_site(findings, site_name);
	struct complaint *complaint = site != NULL ? find_or_add(findings, site, code, key) : NULL;

	if (complaint == NULL)
		return;
	complaint->count += count;
	complaint->seen_ms = now_ms;
	if (is_due(complaint, now_ms))
		report(findings, site, now_ms);
}

/* The alerts of RFC 8446 6.2 that speak of the peer's certificate. */
static const char *certificate_alert_name(uint8_t alert)
{
	static const struct {
		uint8_t alert;
		const char *name;
	} names[] = {
	    {SSL_AD_BAD_CERTIFICATE, "bad_certificate"},
	    {SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate"},
	    {SSL_AD_CERTIFICATE_REVOKED, "certificate_revoked"},
	    {SSL_AD_CERTIFICATE_EXPIRED, "certificate_expired"},
	    {SSL_AD_CERTIFICATE_UNKNOWN, "certificate_unknown"},
	    {SSL_AD_UNKNOWN_CA, "unknown_ca"},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].alert == alert)
			return names[i].name;
	}
	return NULL;
}

bool client_findings_alert(struct client_findings *findings, const char *site, uint8_t alert, uint64_t count,
			   int64_t now_ms)
{
	const char *name = certificate_alert_name(alert);

	if (name != NULL)
		count_complaint(findings, site, FINDING_CLIENT_REJECTED, name, count, now_ms);
	return name != NULL;
}

void client_findings_name(struct client_findings *findings, const char *site, const char *name, uint64_t count,
			  int64_t now_ms)
{
	if (name[0] != '\0')
		count_complaint(findings, site, FINDING_SNI_NOT_COVERED, name, count, now_ms);
}

static bool is_old(const struct complaint *complaint, int64_t now_ms)
{
	return now_ms - complaint->seen_ms >= CLIENT_FINDINGS_FORGET_MS;
}

static bool tick_site(struct client_findings *findings, struct complaining_site *site, int64_t now_ms)
{
	bool changed = false;

	for (struct complaint **link = &site->complaints; *link != NULL;) {
		if (is_old(*link, now_ms)) {
			drop_complaint(findings, site, link);
			changed = true;
			continue;
		}
		changed = is_due(*link, now_ms) || changed;
		link = &(*link)->next;
	}
	return changed;
}

void client_findings_tick(struct client_findings *findings, int64_t now_ms)
{
	for (struct complaining_site **link = &findings->sites; *link != NULL;) {
		if (tick_site(findings, *link, now_ms))
			report(findings, *link, now_ms);
		if ((*link)->num_complaints == 0)
			drop_site(findings, link);
		else
			link = &(*link)->next;
	}
}

void client_findings_keep_sites(struct client_findings *findings, bool (*is_kept)(void *context, const char *site),
				void *context)
{
	for (struct complaining_site **link = &findings->sites; *link != NULL;) {
		if (is_kept(context, (*link)->site))
			link = &(*link)->next;
		else
			drop_site(findings, link);
	}
}
