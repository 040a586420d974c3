#include "proxy/clients/chain_watch.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/clients/rejection_report.h"
#include "proxy/log/json_member.h"

enum { NUM_BUCKETS = 4096 };

/* Holds always: `present` is there; with rolled_back, `former` is too, and is the chain that was withdrawn. */
struct watched_part {
	struct watched_part *next;
	char *site;
	unsigned part;
	uint64_t generation;
	struct chain_record *present;
	struct chain_record *former;
	enum rejection_verdict verdict;
	bool rolled_back;
	bool told;
	int64_t told_ms;
	uint64_t told_rejected;
};

struct chain_watch {
	struct chain_watch_options options;
	struct watched_part *buckets[NUM_BUCKETS];
	bool suspended;
};

struct chain_watch *chain_watch_new(const struct chain_watch_options *options)
{
	struct chain_watch *watch = calloc(1, sizeof *watch);

	if (watch != NULL)
		watch->options = *options;
	return watch;
}

static void part_free(struct watched_part *part)
{
	chain_record_free(part->present);
	chain_record_free(part->former);
	free(part->site);
	free(part);
}

void chain_watch_free(struct chain_watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		while (watch->buckets[i] != NULL) {
			struct watched_part *part = watch->buckets[i];
			watch->buckets[i] = part->next;
			part_free(part);
		}
	}
	free(watch);
}

/* FNV-1a: sites come from the configuration, so nobody can choose them to collide. */
static size_t bucket_of(const char *site)
{
	uint32_t hash = 2166136261U;

	for (const char *at = site; *at != '\0'; at++)
		hash = (hash ^ (uint8_t)*at) * 16777619U;
	return hash % NUM_BUCKETS;
}

/* The next part of the site from `part` on; NULL: there is none. */
static struct watched_part *next_of_site(struct watched_part *part, const char *site)
{
	while (part != NULL && strcmp(part->site, site) != 0)
		part = part->next;
	return part;
}

static struct watched_part *first_of_site(const struct chain_watch *watch, const char *site)
{
	return next_of_site(watch->buckets[bucket_of(site)], site);
}

static struct watched_part *find(const struct chain_watch *watch, const char *site, unsigned number)
{
	struct watched_part *part = first_of_site(watch, site);

	while (part != NULL && part->part != number)
		part = next_of_site(part->next, site);
	return part;
}

static bool is_chain(const struct chain_record *record, const uint8_t sha256[SHA256_BYTES])
{
	return record != NULL && memcmp(record->credential->chain_sha256, sha256, SHA256_BYTES) == 0;
}

static struct chain_record *record_of(const struct chain_watch *watch, const char *site,
				      const uint8_t sha256[SHA256_BYTES])
{
	for (struct watched_part *part = first_of_site(watch, site); part != NULL;
	     part = next_of_site(part->next, site)) {
		if (is_chain(part->present, sha256))
			return part->present;
		if (is_chain(part->former, sha256))
			return part->former;
	}
	return NULL;
}

struct chain_tally *chain_watch_tally(struct chain_watch *watch, const char *site, const struct certificate_list *chain)
{
	uint8_t sha256[SHA256_BYTES];

	credential_digest_chain(chain, sha256);
	const struct chain_record *record = record_of(watch, site, sha256);
	if (record != NULL && record->credential->tally != NULL)
		return chain_tally_ref(record->credential->tally);
	return chain_tally_new(watch->options.num_workers);
}

const struct credential *chain_watch_stand_in(const struct chain_watch *watch, const char *site, unsigned part,
					      const struct certificate_list *chain)
{
	const struct watched_part *found = watch->suspended ? NULL : find(watch, site, part);
	uint8_t sha256[SHA256_BYTES];

	if (found == NULL || !found->rolled_back)
		return NULL;
	credential_digest_chain(chain, sha256);
	return is_chain(found->former, sha256) ? found->present->credential : NULL;
}

static void tell(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms);

/* The side before a change must have been seen by enough clients; one that was there for a moment is passed over. */
static bool is_measured(const struct chain_record *record)
{
	return record != NULL && chain_record_handshakes(record) >= RISE_MIN_HANDSHAKES_BEFORE;
}

static void change(struct watched_part *part, struct chain_record *take_record)
{
	struct chain_record *passed_over = part->former;

	/* What was put back was put back for a reason, and what was withdrawn is no measure for what follows. */
	if (!part->rolled_back && !is_measured(part->present) && is_measured(part->former))
		passed_over = part->present;
	else
		part->former = part->present;
	part->present = take_record;
	part->verdict = REJECTIONS_STEADY;
	part->rolled_back = false;
	chain_record_free(passed_over);
}

static struct watched_part *add_part(struct chain_watch *watch, const char *site, unsigned number)
{
	struct watched_part **bucket = &watch->buckets[bucket_of(site)];
	struct watched_part *part = calloc(1, sizeof *part);

	if (part == NULL)
		return NULL;
	part->site = strdup(site);
	if (part->site == NULL) {
		free(part);
		return NULL;
	}
	part->part = number;
	part->next = *bucket;
	*bucket = part;
	return part;
}

static void drop_part(struct watched_part **link)
{
	struct watched_part *part = *link;

	*link = part->next;
	part_free(part);
}

void chain_watch_published(struct chain_watch *watch, const char *site, unsigned number, struct credential *credential,
			   int64_t now_ms)
{
	struct watched_part *part = find(watch, site, number);

	if (part != NULL && is_chain(part->present, credential->chain_sha256)) {
		chain_record_use(part->present, credential);
		return;
	}
	struct chain_record *record = chain_record_new(credential, part != NULL ? part->generation + 1 : 1, now_ms);
	if (record == NULL)
		return; /* out of memory: the numbers go on under the former chain */
	if (part == NULL) {
		part = add_part(watch, site, number);
		if (part == NULL) {
			chain_record_free(record);
			return;
		}
		part->present = record;
		part->generation = 1;
		return;
	}
	part->generation++;
	change(part, record);
	tell(watch, part, now_ms);
}

void chain_watch_add(struct chain_watch *watch, const char *site, const struct credential *credential,
		     const struct rejection *rejection)
{
	struct chain_record *record = record_of(watch, site, credential->chain_sha256);

	if (record != NULL)
		chain_record_add(record, rejection);
}

static struct chain_sides sides_of(const struct watched_part *part)
{
	return (struct chain_sides){part->present, part->former, part->verdict, part->rolled_back};
}

/* One finding's further members, for the fix log. */
static json_t *members_of(const void *context, const struct finding *finding)
{
	const struct watched_part *part = context;
	struct chain_sides sides = sides_of(part);

	(void)finding;
	return rejection_report_members(part->part, &sides);
}

static void tell(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
{
	struct finding_list findings = {0};
	struct chain_sides sides = sides_of(part);
	struct fix_report report = {
	    .group = {part->site, SUBJECT_CLIENTS, 1 + part->part},
	    .findings = &findings,
	    .context = part,
	    .members_of = members_of,
	};

	rejection_report_add(&findings, &sides);
	if (findings.count > 0 || part->told)
		fix_log_report(watch->options.fix_log, &report, now_ms);
	part->told = findings.count > 0;
	part->told_ms = now_ms;
	part->told_rejected = chain_record_rejected(part->present);
	finding_list_cleanup(&findings);
}

static bool is_due(const struct watched_part *part, int64_t now_ms)
{
	return part->told && (now_ms < part->told_ms || now_ms - part->told_ms >= CHAIN_WATCH_TELL_MS) &&
	       chain_record_rejected(part->present) != part->told_rejected;
}

static bool has_name(const struct credential *credential, const char *name)
{
	for (size_t i = 0; i < credential->num_names; i++) {
		if (strcmp(credential->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool has_expired(const struct credential *credential, int64_t now_ms)
{
	for (size_t i = 0; i < credential->chain.count; i++) {
		if (credential->chain.items[i].certificate->not_after <= now_ms / 1000)
			return true;
	}
	return false;
}

/* What never comes back: an expired chain; one without a name that clients are served by today; one for another key,
 * which may have been replaced because it is not to be trusted any more. */
static bool may_come_back(const struct credential *former, const struct credential *present, int64_t now_ms)
{
	if (memcmp(former->chain.items[0].certificate->spki_sha256, present->chain.items[0].certificate->spki_sha256,
		   SHA256_BYTES) != 0 ||
	    has_expired(former, now_ms))
		return false;
	for (size_t i = 0; i < present->num_names; i++) {
		if (!has_name(former, present->names[i]))
			return false;
	}
	return true;
}

static void swap_sides(struct watched_part *part)
{
	struct chain_record *present = part->present;

	part->present = part->former;
	part->former = present;
	part->rolled_back = !part->rolled_back;
}

static bool roll_back(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
{
	if (!may_come_back(part->former->credential, part->present->credential, now_ms))
		return false;
	swap_sides(part);
	if (watch->options.roll_back(watch->options.context, part->site, part->part)) {
		program_log_write(
		    watch->options.log, LOG_LEVEL_WARNING, part->site,
		    "clients of many networks reject the new chain: the former one is served again, until "
		    "you reload or restart; see the fix log");
		return true;
	}
	swap_sides(part);
	return false;
}

/* All clients reject an expired chain, and only some of them the one that was withdrawn. */
static void end_stand_in(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
{
	if (!has_expired(part->present->credential, now_ms) || has_expired(part->former->credential, now_ms))
		return;
	part->rolled_back = false;
	if (!watch->options.roll_back(watch->options.context, part->site, part->part)) {
		part->rolled_back = true;
		return;
	}
	part->verdict = REJECTIONS_STEADY;
	chain_record_free(part->former);
	part->former = NULL;
	program_log_write(watch->options.log, LOG_LEVEL_WARNING, part->site,
			  "the chain that was put back has expired: the one that was withdrawn is served again");
}

static enum rejection_verdict judge(const struct watched_part *part, int64_t now_ms)
{
	if (part->former == NULL || now_ms - part->present->since_ms >= CHAIN_WATCH_MS)
		return REJECTIONS_STEADY;
	/* Nearly always: there is nothing to sum up over all workers. */
	if (chain_record_rejected(part->present) < RISE_MIN_REJECTED)
		return part->verdict;
	struct rejection_side before = chain_record_side(part->former);
	struct rejection_side after = chain_record_side(part->present);
	enum rejection_verdict verdict = rejection_rise_judge(&before, &after);
	return verdict > part->verdict ? verdict : part->verdict;
}

static void tick_part(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
{
	if (part->rolled_back) {
		end_stand_in(watch, part, now_ms);
		return;
	}
	enum rejection_verdict verdict = judge(part, now_ms);
	bool news = (verdict == REJECTIONS_STEADY) != (part->verdict == REJECTIONS_STEADY) || is_due(part, now_ms);
	/* One that was refused is not asked for each second: a look at what is revoked is work. */
	bool asks = verdict == REJECTIONS_ROLL_BACK && (news || verdict != part->verdict);

	part->verdict = verdict;
	if (asks && roll_back(watch, part, now_ms))
		news = true;
	if (news)
		tell(watch, part, now_ms);
}

void chain_watch_tick(struct chain_watch *watch, int64_t now_ms)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct watched_part *part = watch->buckets[i]; part != NULL; part = part->next)
			tick_part(watch, part, now_ms);
	}
}

void chain_watch_suspend(struct chain_watch *watch)
{
	watch->suspended = true;
}

void chain_watch_resume(struct chain_watch *watch)
{
	watch->suspended = false;
}

/* What was withdrawn is then published anew, as a change like any: its finding is resolved with that. */
void chain_watch_release(struct chain_watch *watch)
{
	watch->suspended = false;
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct watched_part *part = watch->buckets[i]; part != NULL; part = part->next) {
			if (!part->rolled_back)
				continue;
			part->rolled_back = false;
			part->verdict = REJECTIONS_STEADY;
			chain_record_free(part->former);
			part->former = NULL;
		}
	}
}

void chain_watch_keep(struct chain_watch *watch, bool (*is_kept)(void *context, const char *site, unsigned part),
		      void *context, int64_t now_ms)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct watched_part **link = &watch->buckets[i]; *link != NULL;) {
			struct watched_part *part = *link;
			if (is_kept(context, part->site, part->part)) {
				/* A verdict that an operator has released, and one on a site that is new. */
				if (part->told && part->verdict == REJECTIONS_STEADY && !part->rolled_back)
					tell(watch, part, now_ms);
				link = &part->next;
				continue;
			}
			part->verdict = REJECTIONS_STEADY;
			part->rolled_back = false;
			tell(watch, part, now_ms);
			drop_part(link);
		}
	}
}

bool chain_watch_look(const struct chain_watch *watch, const char *site, unsigned number, struct chain_sides *out)
{
	const struct watched_part *part = find(watch, site, number);

	if (part == NULL)
		return false;
	*out = sides_of(part);
	return true;
}

json_t *chain_watch_json(const struct chain_watch *watch, const char *site)
{
	json_t *array = json_array();
	bool complete = array != NULL;

	for (struct watched_part *part = first_of_site(watch, site); complete && part != NULL;
	     part = next_of_site(part->next, site)) {
		struct chain_sides sides = sides_of(part);
		complete = json_array_append_new(array, rejection_report_json(part->part, &sides)) == 0;
	}
	return keep_if_complete(array, complete);
}

const char *chain_watch_words(const struct chain_watch *watch, const char *site, char out[CHAIN_SIDES_MAX_WORDS])
{
	const struct watched_part *most = NULL;

	out[0] = '\0';
	for (struct watched_part *part = first_of_site(watch, site); part != NULL;
	     part = next_of_site(part->next, site)) {
		if (most == NULL || chain_record_rejected(part->present) > chain_record_rejected(most->present))
			most = part;
	}
	if (most == NULL)
		return out;
	struct chain_sides sides = sides_of(most);
	return rejection_report_words(&sides, out);
}
