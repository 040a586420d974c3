#include "proxy/log/known_findings.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"

enum { NUM_BUCKETS = 4096 };

/* One group's findings as they were last reported. */
struct known_group {
	struct known_group *next;
	char *site;
	enum finding_subject subject;
	unsigned part;
	struct finding_list findings;
	int64_t *since_ms; /* of each of the findings */
	uint8_t fix_sha256[SHA256_BYTES];
};

struct known_findings {
	struct known_group *buckets[NUM_BUCKETS];
	size_t count;
};

const char *finding_subject_name(enum finding_subject subject)
{
	static const char *const names[] = {
	    [SUBJECT_CERTIFICATE] = "certificate", [SUBJECT_BACKEND] = "backend", [SUBJECT_CLIENTS] = "clients"};
	return names[subject];
}

const char *finding_event_name(enum finding_event event)
{
	static const char *const names[] = {
	    [FINDING_APPEARED] = "appeared", [FINDING_CHANGED] = "changed", [FINDING_RESOLVED] = "resolved"};
	return names[event];
}

struct known_findings *known_findings_new(void)
{
	return calloc(1, sizeof(struct known_findings));
}

static void group_free(struct known_group *group)
{
	finding_list_cleanup(&group->findings);
	free(group->since_ms);
	free(group->site);
	free(group);
}

void known_findings_free(struct known_findings *known)
{
	if (known == NULL)
		return;
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		while (known->buckets[i] != NULL) {
			struct known_group *group = known->buckets[i];
			known->buckets[i] = group->next;
			group_free(group);
		}
	}
	free(known);
}

/* Sites come from the configuration, so nobody can choose them to collide. */
static size_t bucket_index(const char *site)
{
	return hash_index_text(HASH_INDEX_NO_TEXT, site) % NUM_BUCKETS;
}

static struct known_group **bucket_of(struct known_findings *known, const char *site)
{
	return &known->buckets[bucket_index(site)];
}

static bool is_group(const struct known_group *known_group, const struct finding_group *group)
{
	return known_group->subject == group->subject && known_group->part == group->part &&
	       strcmp(known_group->site, group->site) == 0;
}

/* Finds the link that holds the group, or the end of its bucket. */
static struct known_group **find(struct known_findings *known, const struct finding_group *group)
{
	struct known_group **link = bucket_of(known, group->site);
	while (*link != NULL && !is_group(*link, group))
		link = &(*link)->next;
	return link;
}

/* A fix is the same whether its issuer comes from a URL or, a day later, from the cache. Where the URL is what a finding is
 * about, finding_same compares it. */
static bool is_same(const struct finding *a, const struct finding *b)
{
	struct finding without_url = *b;

	if (a->action == ACTION_NONE || a->code != b->code)
		return finding_same(a, b);
	without_url.url = a->url;
	return finding_same(a, &without_url);
}

/* Returns the place in the list, SIZE_MAX where it is not there. */
static size_t find_same(const struct finding_list *list, const struct finding *finding)
{
	for (size_t i = 0; i < list->count; i++) {
		if (is_same(&list->items[i], finding))
			return i;
	}
	return SIZE_MAX;
}

/* A fix changes with the chains alone: its message also names where certificates came from. */
static bool is_changed(const struct finding *before, const struct finding *now, bool other_fix)
{
	if (before->severity != now->severity || before->action != now->action)
		return true;
	return now->action != ACTION_NONE ? other_fix : strcmp(before->message, now->message) != 0;
}

/* A look under way: the findings before it (NULL: none), and those of now. */
struct look {
	const struct finding_group *group;
	const struct known_group *before;
	const struct finding_list *now;
	int64_t now_ms;
	bool other_fix;
	finding_reporter *report;
	void *context;
};

static const struct finding_list no_findings;

static const struct finding_list *findings_before(const struct look *look)
{
	return look->before != NULL ? &look->before->findings : &no_findings;
}

static int64_t since_of(const struct look *look, const struct finding *finding)
{
	if (look->before == NULL)
		return look->now_ms;
	size_t old = find_same(&look->before->findings, finding);
	return old != SIZE_MAX ? look->before->since_ms[old] : look->now_ms;
}

static bool report_one(const struct look *look, enum finding_event event, const struct finding *finding)
{
	struct finding_change change = {event, finding, since_of(look, finding)};
	return look->report(look->context, look->group, &change);
}

/* Reports what is new and what is gone; false when something could not be reported. */
static bool report_differences(const struct look *look)
{
	const struct finding_list *before = findings_before(look);
	const struct finding_list *now = look->now;
	bool reported = true;

	for (size_t i = 0; i < now->count; i++) {
		const struct finding *finding = &now->items[i];
		size_t old = find_same(before, finding);
		/* Two findings of one look may be about the same thing: the first one speaks for it. */
		if (find_same(now, finding) != i)
			continue;
		if (old == SIZE_MAX)
			reported = report_one(look, FINDING_APPEARED, finding) && reported;
		else if (is_changed(&before->items[old], finding, look->other_fix))
			reported = report_one(look, FINDING_CHANGED, finding) && reported;
	}
	for (size_t i = 0; i < before->count; i++) {
		if (find_same(before, &before->items[i]) == i && find_same(now, &before->items[i]) == SIZE_MAX)
			reported = report_one(look, FINDING_RESOLVED, &before->items[i]) && reported;
	}
	return reported;
}

static void drop(struct known_findings *known, struct known_group **link)
{
	struct known_group *group = *link;

	known->count -= group->findings.count;
	*link = group->next;
	group_free(group);
}

static struct known_group *add(struct known_group **link, const struct finding_group *group)
{
	struct known_group *added = calloc(1, sizeof(*added));
	if (added == NULL)
		return NULL;
	added->site = strdup(group->site);
	if (added->site == NULL) {
		free(added);
		return NULL;
	}
	added->subject = group->subject;
	added->part = group->part;
	*link = added;
	return added;
}

/* Puts the findings of the look in place of the group's; the group owns the lists from then on. */
static void replace(struct known_findings *known, struct known_group *group, struct finding_list take_findings,
		    int64_t *take_since_ms)
{
	known->count = known->count - group->findings.count + take_findings.count;
	finding_list_cleanup(&group->findings);
	free(group->since_ms);
	group->findings = take_findings;
	group->since_ms = take_since_ms;
}

static int64_t *since_of_all(const struct look *look)
{
	int64_t *since_ms = calloc(look->now->count, sizeof(*since_ms));
	for (size_t i = 0; since_ms != NULL && i < look->now->count; i++)
		since_ms[i] = since_of(look, &look->now->items[i]);
	return since_ms;
}

static struct error take_look(struct known_findings *known, struct known_group **link, const struct look *look,
			      const uint8_t *fix)
{
	struct finding_list copy = {0};
	struct error error = finding_list_copy(&copy, look->now);
	if (failed(error))
		return error;
	int64_t *since_ms = since_of_all(look);
	bool reported = since_ms != NULL && report_differences(look);
	struct known_group *kept = *link != NULL ? *link : (reported ? add(link, look->group) : NULL);
	if (!reported || kept == NULL) {
		finding_list_cleanup(&copy);
		free(since_ms);
		return error_none();
	}
	replace(known, kept, copy, since_ms);
	memcpy(kept->fix_sha256, fix, SHA256_BYTES);
	return error_none();
}

struct error known_findings_look(struct known_findings *known, const struct finding_group *group,
				 const struct finding_list *findings, const uint8_t *fix_sha256, int64_t now_ms,
				 finding_reporter *report, void *context)
{
	static const uint8_t no_fix[SHA256_BYTES];
	const uint8_t *fix = fix_sha256 != NULL ? fix_sha256 : no_fix;
	struct known_group **link = find(known, group);
	struct look look = {group, *link, findings, now_ms, false, report, context};

	if (findings->count == 0) {
		if (*link != NULL && report_differences(&look))
			drop(known, link);
		return error_none();
	}
	if (known->count - findings_before(&look)->count + findings->count > KNOWN_FINDINGS_MAX)
		return error_of(ERROR_LIMIT, 0, "more findings than are kept");
	look.other_fix = *link != NULL && memcmp((*link)->fix_sha256, fix, SHA256_BYTES) != 0;
	return take_look(known, link, &look, fix);
}

void known_findings_keep(struct known_findings *known,
			 bool (*is_kept)(void *context, const struct finding_group *group), finding_reporter *report,
			 void *context)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		struct known_group **link = &known->buckets[i];
		while (*link != NULL) {
			struct finding_group group = {(*link)->site, (*link)->subject, (*link)->part};
			struct look look = {&group, *link, &no_findings, 0, false, report, context};
			if (is_kept(context, &group)) {
				link = &(*link)->next;
				continue;
			}
			(void)report_differences(&look);
			drop(known, link);
		}
	}
}

void known_findings_visit(const struct known_findings *known, const char *site, finding_visitor *visit, void *context)
{
	const struct known_group *at = known->buckets[bucket_index(site)];

	for (; at != NULL; at = at->next) {
		struct finding_group group = {at->site, at->subject, at->part};
		for (size_t i = 0; strcmp(at->site, site) == 0 && i < at->findings.count; i++) {
			if (find_same(&at->findings, &at->findings.items[i]) == i)
				visit(context, &group, &at->findings.items[i], at->since_ms[i]);
		}
	}
}
