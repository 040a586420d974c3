#include "proxy/clients/chain_watch.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"
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
	bool reported;
	int64_t reported_ms;
	uint64_t reported_rejected;
};

struct chain_watch {
	struct chain_watch_options options;
	struct watched_part *buckets[NUM_BUCKETS];
};

struct chain_watch *chain_watch_new(const struct chain_watch_options *options)
{
	struct chain_watch *watch = calloc(1, sizeof(*watch));

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

static size_t bucket_of(const char *site)
{
	return hash_index_text(HASH_INDEX_NO_TEXT, site) % NUM_BUCKETS;
}

/* Returns the next part of the site from `part` on; NULL: there is none. */
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

static void report_sides(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms);

static bool has_been_seen_enough(const struct chain_record *record)
{
	return record != NULL && chain_record_handshakes(record) >= RISE_MIN_HANDSHAKES_BEFORE;
}

/* Makes the present chain the former side, and the record's the present one. A present chain that only few clients saw does
 * not replace a former side that enough saw. After a roll-back it always does: the former side was withdrawn. */
static void replace_present(struct watched_part *part, struct chain_record *take_record)
{
	struct chain_record *dropped = part->former;

	if (!part->rolled_back && !has_been_seen_enough(part->present) && has_been_seen_enough(part->former))
		dropped = part->present;
	else
		part->former = part->present;
	part->present = take_record;
	part->verdict = REJECTIONS_STEADY;
	part->rolled_back = false;
	chain_record_free(dropped);
}

static struct watched_part *add_part(struct chain_watch *watch, const char *site, unsigned number)
{
	struct watched_part **bucket = &watch->buckets[bucket_of(site)];
	struct watched_part *part = calloc(1, sizeof(*part));

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

static void swap_sides(struct watched_part *part)
{
	struct chain_record *present = part->present;

	part->present = part->former;
	part->former = present;
	part->rolled_back = !part->rolled_back;
}

static void take_roll_back(const struct chain_watch *watch, struct watched_part *part, struct credential *credential,
			   int64_t now_ms)
{
	swap_sides(part);
	chain_record_use(part->present, credential);
	program_log_write(watch->options.log, LOG_LEVEL_WARNING, part->site,
			  "clients of many networks reject the new chain: the former one is served again, until "
			  "you reload or restart; see the fix log");
	report_sides(watch, part, now_ms);
}

/* Ends a roll-back: the keeper itself has chosen the former chain, so that no chain is withdrawn any more. */
static void end_roll_back(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
{
	part->rolled_back = false;
	part->verdict = REJECTIONS_STEADY;
	chain_record_free(part->former);
	part->former = NULL;
	report_sides(watch, part, now_ms);
}

/* Publishes the same chain again, perhaps with another credential. */
static void publish_again(const struct chain_watch *watch, struct watched_part *part,
			  const struct chain_publication *publication, int64_t now_ms)
{
	chain_record_use(part->present, publication->credential);
	if (part->rolled_back && !publication->rolled_back)
		end_roll_back(watch, part, now_ms);
}

static bool take_first(struct chain_watch *watch, const struct chain_publication *publication, int64_t now_ms)
{
	struct chain_record *record = chain_record_new(publication->credential, 1, now_ms);
	struct watched_part *part = record != NULL ? add_part(watch, publication->site, publication->part) : NULL;

	if (part == NULL) {
		chain_record_free(record);
		return false;
	}
	part->present = record;
	part->generation = 1;
	return true;
}

static bool take_change(const struct chain_watch *watch, struct watched_part *part, struct credential *credential,
			int64_t now_ms)
{
	struct chain_record *record = chain_record_new(credential, part->generation + 1, now_ms);

	if (record == NULL)
		return false;
	part->generation++;
	replace_present(part, record);
	report_sides(watch, part, now_ms);
	return true;
}

bool chain_watch_published(struct chain_watch *watch, const struct chain_publication *publication, int64_t now_ms)
{
	struct watched_part *part = find(watch, publication->site, publication->part);
	const uint8_t *sha256 = publication->credential->chain_sha256;

	if (part == NULL)
		return take_first(watch, publication, now_ms);
	if (is_chain(part->present, sha256))
		publish_again(watch, part, publication, now_ms);
	else if (publication->rolled_back && is_chain(part->former, sha256))
		take_roll_back(watch, part, publication->credential, now_ms);
	else
		return take_change(watch, part, publication->credential, now_ms);
	return true;
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

static void report_sides(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
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
	if (findings.count > 0 || part->reported)
		fix_log_report(watch->options.fix_log, &report, now_ms);
	part->reported = findings.count > 0;
	part->reported_ms = now_ms;
	part->reported_rejected = chain_record_rejected(part->present);
	finding_list_cleanup(&findings);
}

static bool is_due(const struct watched_part *part, int64_t now_ms)
{
	return part->reported && (now_ms < part->reported_ms || now_ms - part->reported_ms >= CHAIN_WATCH_REPORT_MS) &&
	       chain_record_rejected(part->present) != part->reported_rejected;
}

static enum rejection_verdict judge(const struct watched_part *part, int64_t now_ms)
{
	if (part->former == NULL || now_ms - part->present->since_ms >= CHAIN_WATCH_MS)
		return REJECTIONS_STEADY;
	/* Spares the sum over all workers, nearly always. */
	if (chain_record_rejected(part->present) < RISE_MIN_REJECTED)
		return part->verdict;
	struct rejection_side before = chain_record_side(part->former);
	struct rejection_side after = chain_record_side(part->present);
	enum rejection_verdict verdict = rejection_rise_judge(&before, &after);
	return verdict > part->verdict ? verdict : part->verdict;
}

static bool roll_back(const struct chain_watch *watch, const struct watched_part *part)
{
	const struct chain_roll_back roll_back = {
	    .site = part->site,
	    .part = part->part,
	    .withdrawn = part->present->credential,
	    .former = part->former->credential,
	};
	return watch->options.roll_back(watch->options.context, &roll_back);
}

static void tick_part(const struct chain_watch *watch, struct watched_part *part, int64_t now_ms)
{
	if (part->rolled_back)
		return;
	enum rejection_verdict verdict = judge(part, now_ms);
	bool news = (verdict == REJECTIONS_STEADY) != (part->verdict == REJECTIONS_STEADY) || is_due(part, now_ms);
	/* A refused roll-back is not asked for each second: the look for revoked certificates costs time. */
	bool asks = verdict == REJECTIONS_ROLL_BACK && (news || verdict != part->verdict);

	part->verdict = verdict;
	if (asks && roll_back(watch, part))
		return; /* reported with the publication */
	if (news)
		report_sides(watch, part, now_ms);
}

void chain_watch_tick(struct chain_watch *watch, int64_t now_ms)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct watched_part *part = watch->buckets[i]; part != NULL; part = part->next)
			tick_part(watch, part, now_ms);
	}
}

void chain_watch_keep(struct chain_watch *watch, bool (*is_kept)(void *context, const char *site, unsigned part),
		      void *context, int64_t now_ms)
{
	for (size_t i = 0; i < NUM_BUCKETS; i++) {
		for (struct watched_part **link = &watch->buckets[i]; *link != NULL;) {
			struct watched_part *part = *link;
			if (is_kept(context, part->site, part->part)) {
				link = &part->next;
				continue;
			}
			part->verdict = REJECTIONS_STEADY;
			part->rolled_back = false;
			report_sides(watch, part, now_ms);
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
