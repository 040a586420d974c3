#include "proxy/clients/client_findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"
#include "chaincache/certificate/name_match.h"
#include "proxy/log/json_member.h"

enum { MAX_KEY = 256, NUM_BUCKETS = 4096, MAX_NETWORKS_TEXT = 384 };

/* One complaint of one site's clients. */
struct complaint {
	struct complaint *next;
	enum finding_code code;
	char key[MAX_KEY]; /* an alert's name or a host name; "" for the names beyond the maximum */
	char *why; /* the nearest miss, of a name; NULL: none is known */
	uint64_t count;
	uint64_t error; /* by which the count may be too high */
	struct name_sketch networks; /* of the clients, as network_print writes them; of an alert */
	uint64_t reported_count;
	int64_t reported_ms;
	int64_t seen_ms;
};

struct complaining_site {
	struct complaining_site *next;
	char *site;
	struct complaint *complaints;
	size_t num_complaints;
	struct name_sketch names; /* all that were asked for in vain, so that a frequent one is known when it matters */
};

struct client_findings {
	struct fix_log *fix_log;
	const struct chain_watch *watch;
	struct complaining_site *buckets[NUM_BUCKETS]; /* by the sites' names */
	size_t num_complaints;
};

struct client_findings *client_findings_new(struct fix_log *fix_log, const struct chain_watch *watch)
{
	struct client_findings *findings = calloc(1, sizeof(*findings));
	if (findings == NULL)
		return NULL;
	findings->fix_log = fix_log;
	findings->watch = watch;
	return findings;
}

/* Frees the complaint that `link` holds. */
static void drop_complaint(struct client_findings *findings, struct complaining_site *site, struct complaint **link)
{
	struct complaint *complaint = *link;

	*link = complaint->next;
	site->num_complaints--;
	findings->num_complaints--;
	name_sketch_cleanup(&complaint->networks);
	free(complaint->why);
	free(complaint);
}

static void drop_site(struct client_findings *findings, struct complaining_site **link)
{
	struct complaining_site *site = *link;

	while (site->complaints != NULL)
		drop_complaint(findings, site, &site->complaints);
	*link = site->next;
	name_sketch_cleanup(&site->names);
	free(site->site);
	free(site);
}

void client_findings_free(struct client_findings *findings)
{
	if (findings == NULL)
		return;
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		while (findings->buckets[i] != NULL)
			drop_site(findings, &findings->buckets[i]);
	}
	free(findings);
}

static struct complaining_site *find_site(struct client_findings *findings, const char *name)
{
	struct complaining_site **bucket = &findings->buckets[hash_index_text(HASH_INDEX_NO_TEXT, name) % NUM_BUCKETS];
	struct complaining_site *site = *bucket;

	while (site != NULL && strcmp(site->site, name) != 0)
		site = site->next;
	if (site != NULL)
		return site;
	site = calloc(1, sizeof(*site));
	if (site == NULL)
		return NULL;
	site->site = strdup(name);
	if (site->site == NULL) {
		free(site);
		return NULL;
	}
	site->next = *bucket;
	*bucket = site;
	return site;
}

static struct complaint *find(const struct complaining_site *site, enum finding_code code, const char *key)
{
	struct complaint *complaint = site->complaints;

	while (complaint != NULL && (complaint->code != code || strcmp(complaint->key, key) != 0))
		complaint = complaint->next;
	return complaint;
}

static void cut_key(char out[MAX_KEY], const char *name)
{
	size_t len = strnlen(name, MAX_KEY - 1);

	memcpy(out, name, len);
	out[len] = '\0';
}

static struct complaint *add(struct client_findings *findings, struct complaining_site *site, enum finding_code code,
			     const char *key)
{
	if (findings->num_complaints >= CLIENT_FINDINGS_MAX)
		return NULL;
	struct complaint *complaint = calloc(1, sizeof(*complaint));
	if (complaint == NULL)
		return NULL;
	complaint->code = code;
	cut_key(complaint->key, key);
	complaint->next = site->complaints;
	site->complaints = complaint;
	site->num_complaints++;
	findings->num_complaints++;
	return complaint;
}

static struct complaint *find_or_add(struct client_findings *findings, struct complaining_site *site,
				     enum finding_code code, const char *key)
{
	struct complaint *complaint = find(site, code, key);

	return complaint != NULL ? complaint : add(findings, site, code, key);
}

static const char *handshakes(uint64_t count)
{
	return count == 1 ? "handshake" : "handshakes";
}

/* Writes " Most came from 192.0.2.0/24 (12), 2001:db8::/48 (3)."; nothing where no network is known. */
static void print_networks(const struct complaint *complaint, char *out, size_t size)
{
	struct name_count top[CLIENT_FINDINGS_NETWORKS_REPORTED];
	size_t count = name_sketch_top(&complaint->networks, top, CLIENT_FINDINGS_NETWORKS_REPORTED);
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s (%llu)%s", i == 0 ? " Most came from " : ", ",
					top[i].name, (unsigned long long)top[i].count, i + 1 == count ? "." : "");
}

static void add_rejection(const struct client_findings *findings, const struct complaining_site *site,
			  const struct complaint *complaint, struct finding_list *list)
{
	char words[CHAIN_SIDES_MAX_WORDS] = "";
	char networks[MAX_NETWORKS_TEXT];

	print_networks(complaint, networks, sizeof(networks));

	if (findings->watch != NULL)
		chain_watch_words(findings->watch, site->site, words);
	struct finding *finding = finding_list_add(
	    list, complaint->code, "Clients ended %llu %s with the alert %s: they do not accept the certificate.%s%s%s",
	    (unsigned long long)complaint->reported_count, handshakes(complaint->reported_count), complaint->key,
	    networks, words[0] != '\0' ? " " : "", words);
	finding_set_name(finding, complaint->key);
}

static void add_name(const struct complaint *complaint, struct finding_list *list)
{
	unsigned long long count = complaint->reported_count;
	const char *noun = handshakes(complaint->reported_count);

	if (complaint->key[0] == '\0') {
		(void)finding_list_add(list, complaint->code,
				       "Clients asked for further names that no certificate covers, in %llu %s.", count,
				       noun);
		return;
	}
	struct finding *finding = finding_list_add(
	    list, complaint->code, "Clients asked for %s, which no certificate of the site covers, in %s%llu %s%s%s.",
	    complaint->key, complaint->error > 0 ? "up to " : "", count, noun, complaint->why != NULL ? ": " : "",
	    complaint->why != NULL ? complaint->why : "");
	finding_set_name(finding, complaint->key);
}

static json_t *network_json(const struct name_count *network)
{
	json_t *object = json_object();

	return keep_if_complete(object, object != NULL && set_text_member(object, "network", network->name) &&
					    set_member(object, "count", json_integer((json_int_t)network->count)) &&
					    set_member(object, "error", json_integer((json_int_t)network->error)));
}

static json_t *networks_json(const struct complaint *complaint)
{
	struct name_count top[CLIENT_FINDINGS_NETWORKS_REPORTED];
	size_t count = name_sketch_top(&complaint->networks, top, CLIENT_FINDINGS_NETWORKS_REPORTED);
	json_t *array = json_array();
	bool complete = array != NULL;

	for (size_t i = 0; complete && i < count; i++)
		complete = json_array_append_new(array, network_json(&top[i])) == 0;
	return keep_if_complete(array, complete);
}

/* Of the report that is under way. */
struct reporting {
	const struct client_findings *findings;
	const struct complaining_site *site;
};

static json_t *members_of(const void *context, const struct finding *finding)
{
	const struct reporting *reporting = context;
	const char *key = finding->name != NULL ? finding->name : "";
	const struct complaint *complaint = find(reporting->site, finding->code, key);
	json_t *object = json_object();
	bool complete = object != NULL;

	if (complete && complaint != NULL)
		complete = set_member(object, "count", json_integer((json_int_t)complaint->reported_count)) &&
			   set_member(object, "count_error", json_integer((json_int_t)complaint->error));
	if (complete && complaint != NULL && finding->code == FINDING_CLIENT_REJECTED)
		complete = set_member(object, "clients_from", networks_json(complaint));
	if (complete && finding->code == FINDING_CLIENT_REJECTED && reporting->findings->watch != NULL)
		complete = set_member(object, "rejections",
				      chain_watch_json(reporting->findings->watch, reporting->site->site));
	return keep_if_complete(object, complete);
}

static void report(const struct client_findings *findings, const struct complaining_site *site, int64_t now_ms)
{
	struct finding_list list = {0};
	const struct reporting reporting = {findings, site};
	struct fix_report fix_report = {
	    .group = {site->site, SUBJECT_CLIENTS, 0},
	    .findings = &list,
	    .context = &reporting,
	    .members_of = members_of,
	};

	for (const struct complaint *at = site->complaints; at != NULL; at = at->next) {
		if (at->code == FINDING_CLIENT_REJECTED)
			add_rejection(findings, site, at, &list);
		else
			add_name(at, &list);
	}
	fix_log_report(findings->fix_log, &fix_report, now_ms);
	finding_list_cleanup(&list);
}

/* Says whether its count is to be reported now, and remembers it as reported. */
static bool is_due(struct complaint *complaint, int64_t now_ms)
{
	if (complaint->count == complaint->reported_count)
		return false;
	if (complaint->reported_count > 0 && now_ms >= complaint->reported_ms &&
	    now_ms - complaint->reported_ms < CLIENT_FINDINGS_REPORT_MS)
		return false;
	complaint->reported_count = complaint->count;
	complaint->reported_ms = now_ms;
	return true;
}

static void note(const struct client_findings *findings, const struct complaining_site *site,
		 struct complaint *complaint, int64_t now_ms)
{
	if (complaint == NULL)
		return;
	complaint->seen_ms = now_ms;
	if (is_due(complaint, now_ms))
		report(findings, site, now_ms);
}

/* Without memory for it a network is not named. */
static void count_alert(struct complaint *complaint, const struct client_alert *alert)
{
	char network[NETWORK_TEXT_MAX];

	complaint->count += alert->count;
	if (alert->network != NETWORK_UNKNOWN)
		(void)name_sketch_add(&complaint->networks, network_print(alert->network, network), alert->count, 0);
}

bool client_findings_alert(struct client_findings *findings, const char *site_name, const struct client_alert *alert,
			   int64_t now_ms)
{
	enum tally_alert kind = tally_alert_of(alert->number);

	if (!tally_alert_is_rejection(kind))
		return false;
	struct complaining_site *site = find_site(findings, site_name);
	if (site == NULL)
		return true;
	struct complaint *complaint = find_or_add(findings, site, FINDING_CLIENT_REJECTED, tally_alert_name(kind));
	if (complaint != NULL)
		count_alert(complaint, alert);
	note(findings, site, complaint, now_ms);
	return true;
}

/* Finds the least frequent name of those that were reported a minute ago or longer; NULL: there is none. */
static struct complaint **find_least(struct complaining_site *site, int64_t now_ms)
{
	struct complaint **least = NULL;

	for (struct complaint **link = &site->complaints; *link != NULL; link = &(*link)->next) {
		const struct complaint *at = *link;
		bool young = now_ms >= at->reported_ms && now_ms - at->reported_ms < CLIENT_FINDINGS_REPORT_MS;
		if (at->code == FINDING_SNI_NOT_COVERED && at->key[0] != '\0' && !young &&
		    (least == NULL || at->count < (*least)->count))
			least = link;
	}
	return least;
}

static char *explain(const struct missed_name *missed)
{
	struct host_name name;
	struct name_match match;

	if (missed->leaf == NULL || failed(host_name_parse(missed->name, &name)))
		return NULL;
	name_match(missed->leaf, &name, &match);
	return match.verdict != NAME_COVERED && match.why[0] != '\0' ? strdup(match.why) : NULL;
}

/* A name that is not reported yet gets a place of its own, takes another one's, or becomes part of the sum. */
static struct complaint *admit_name(struct client_findings *findings, struct complaining_site *site,
				    const struct name_count *counted, const struct missed_name *missed, int64_t now_ms)
{
	uint64_t surely = counted != NULL ? counted->count - counted->error : missed->count;

	if (site->num_complaints >= CLIENT_FINDINGS_MAX_OF_SITE) {
		struct complaint **least = find_least(site, now_ms);
		if (least == NULL || surely <= CLIENT_FINDINGS_TAKEOVER_FACTOR * (*least)->count) {
			struct complaint *sum = find_or_add(findings, site, FINDING_SNI_NOT_COVERED, "");
			if (sum != NULL)
				sum->count += missed->count;
			return sum;
		}
		drop_complaint(findings, site, least);
	}
	struct complaint *complaint = add(findings, site, FINDING_SNI_NOT_COVERED, missed->name);
	if (complaint == NULL)
		return NULL;
	complaint->count = counted != NULL ? counted->count : missed->count;
	complaint->error = counted != NULL ? counted->error : missed->error;
	complaint->why = explain(missed);
	return complaint;
}

void client_findings_name(struct client_findings *findings, const char *site_name, const struct missed_name *missed,
			  int64_t now_ms)
{
	char key[MAX_KEY];

	cut_key(key, missed->name);
	if (key[0] == '\0')
		return;
	struct complaining_site *site = find_site(findings, site_name);
	if (site == NULL)
		return;
	const struct name_count *counted = name_sketch_add(&site->names, key, missed->count, missed->error);
	struct complaint *complaint = find(site, FINDING_SNI_NOT_COVERED, key);
	if (complaint != NULL) {
		complaint->count += missed->count;
		complaint->error += missed->error;
	} else {
		complaint = admit_name(findings, site, counted, missed, now_ms);
	}
	note(findings, site, complaint, now_ms);
}

static bool drop_covered_of_site(struct client_findings *findings, struct complaining_site *site,
				 bool (*is_covered)(void *context, const char *site, const char *name), void *context)
{
	bool changed = false;

	for (struct complaint **link = &site->complaints; *link != NULL;) {
		if ((*link)->code == FINDING_SNI_NOT_COVERED && (*link)->key[0] != '\0' &&
		    is_covered(context, site->site, (*link)->key)) {
			drop_complaint(findings, site, link);
			changed = true;
		} else {
			link = &(*link)->next;
		}
	}
	return changed;
}

void client_findings_drop_covered(struct client_findings *findings,
				  bool (*is_covered)(void *context, const char *site, const char *name), void *context,
				  int64_t now_ms)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct complaining_site *site = findings->buckets[i]; site != NULL; site = site->next) {
			if (drop_covered_of_site(findings, site, is_covered, context))
				report(findings, site, now_ms);
		}
	}
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

static void tick_bucket(struct client_findings *findings, struct complaining_site **link, int64_t now_ms)
{
	while (*link != NULL) {
		if (tick_site(findings, *link, now_ms))
			report(findings, *link, now_ms);
		if ((*link)->num_complaints == 0)
			drop_site(findings, link);
		else
			link = &(*link)->next;
	}
}

void client_findings_tick(struct client_findings *findings, int64_t now_ms)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++)
		tick_bucket(findings, &findings->buckets[i], now_ms);
}

void client_findings_keep_sites(struct client_findings *findings, bool (*is_kept)(void *context, const char *site),
				void *context)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct complaining_site **link = &findings->buckets[i]; *link != NULL;) {
			if (is_kept(context, (*link)->site))
				link = &(*link)->next;
			else
				drop_site(findings, link);
		}
	}
}
