#include "proxy/glue/known_findings.h"

#include <stdlib.h>
#include <string.h>

enum { NUM_BUCKETS = 4096 };

/* One group's findings as they were last told. */
struct known_group {
	struct known_group *next;
	char *site;
	enum finding_subject subject;
	unsigned part;
	struct finding_list findings;
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

/* FNV-1a: sites come from the configuration, so nobody can choose them to collide. */
static struct known_group **bucket_of(struct known_findings *known, const char *site)
{
	uint32_t hash = 2166136261U;
	for (const char *at = site; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619U;
	return &known->buckets[hash % NUM_BUCKETS];
}

static bool is_group(const struct known_group *known_group, const struct finding_group *group)
{
	return known_group->subject == group->subject && known_group->part == group->part &&
	       strcmp(known_group->site, group->site) == 0;
}

/* The link that holds the group, or the end of its bucket. */
static struct known_group **find(struct known_findings *known, const struct finding_group *group)
{
	struct known_group **link = bucket_of(known, group->site);
	while (*link != NULL && !is_group(*link, group))
		link = &(*link)->next;
	return link;
}

/* Where an issuer came from is no part of what was missing: the same fix from the cache, the day after, is no
 * other one. Where a URL is the matter itself, finding_same tells them apart. */
static bool is_same(const struct finding *a, const struct finding *b)
{
	struct finding without_url = *b;

	if (a->action == ACTION_NONE || a->code != b->code)
		return finding_same(a, b);
	without_url.url = a->url;
	return finding_same(a, &without_url);
}

static const struct finding *find_same(const struct finding_list *list, const struct finding *finding)
{
	for (size_t i = 0; i < list->count; i++) {
		if (is_same(&list->items[i], finding))
			return &list->items[i];
	}
	return NULL;
}

/* A fix is the same as long as the chains are: its words tell where the certificates came from, too. */
static bool is_changed(const struct finding *before, const struct finding *now, bool other_fix)
{
	if (before->severity != now->severity || before->action != now->action)
		return true;
	return now->action != ACTION_NONE ? other_fix : strcmp(before->message, now->message) != 0;
}

/* Tells what is new in `now` over `before`, and what is gone; false when something could not be told. */
static bool tell_differences(const struct finding_group *group, const struct finding_list *before,
			     const struct finding_list *now, bool other_fix, finding_teller *tell, void *context)
{
	bool told = true;

	for (size_t i = 0; i < now->count; i++) {
		const struct finding *finding = &now->items[i];
		const struct finding *old = find_same(before, finding);
		/* Two findings of one look may be about the same thing: the first one speaks for it. */
		if (find_same(now, finding) != finding)
			continue;
		if (old == NULL)
			told = tell(context, group, FINDING_APPEARED, finding) && told;
		else if (is_changed(old, finding, other_fix))
			told = tell(context, group, FINDING_CHANGED, finding) && told;
	}
	for (size_t i = 0; i < before->count; i++) {
		if (find_same(before, &before->items[i]) == &before->items[i] &&
		    find_same(now, &before->items[i]) == NULL)
			told = tell(context, group, FINDING_RESOLVED, &before->items[i]) && told;
	}
	return told;
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
	struct known_group *added = calloc(1, sizeof *added);
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

struct error known_findings_look(struct known_findings *known, const struct finding_group *group,
				 const struct finding_list *findings, const uint8_t *fix_sha256, finding_teller *tell,
				 void *context)
{
	static const struct finding_list none;
	static const uint8_t no_fix[SHA256_BYTES];
	const uint8_t *fix = fix_sha256 != NULL ? fix_sha256 : no_fix;
	struct known_group **link = find(known, group);
	const struct finding_list *before = *link != NULL ? &(*link)->findings : &none;

	if (findings->count == 0) {
		if (*link != NULL && tell_differences(group, before, findings, false, tell, context))
			drop(known, link);
		return error_none();
	}
	if (known->count - before->count + findings->count > KNOWN_FINDINGS_MAX)
		return error_of(ERROR_LIMIT, 0, "more findings than are kept");

	struct finding_list copy = {0};
	struct error error = finding_list_copy(&copy, findings);
	if (failed(error))
		return error;
	bool other_fix = *link != NULL && memcmp((*link)->fix_sha256, fix, SHA256_BYTES) != 0;
	bool told = tell_differences(group, before, findings, other_fix, tell, context);
	struct known_group *kept = *link != NULL ? *link : (told ? add(link, group) : NULL);
	if (!told || kept == NULL) {
		finding_list_cleanup(&copy);
		return error_none();
	}
	known->count = known->count - kept->findings.count + copy.count;
	finding_list_cleanup(&kept->findings);
	kept->findings = copy;
	memcpy(kept->fix_sha256, fix, SHA256_BYTES);
	return error_none();
}

void known_findings_keep(struct known_findings *known,
			 bool (*is_kept)(void *context, const struct finding_group *group), finding_teller *tell,
			 void *context)
{
	static const struct finding_list none;

	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		struct known_group **link = &known->buckets[i];
		while (*link != NULL) {
			struct finding_group group = {(*link)->site, (*link)->subject, (*link)->part};
			if (is_kept(context, &group)) {
				link = &(*link)->next;
				continue;
			}
			(void)tell_differences(&group, &(*link)->findings, &none, false, tell, context);
			drop(known, link);
		}
	}
}

size_t known_findings_count(const struct known_findings *known)
{
	return known->count;
}
