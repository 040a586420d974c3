#include "chaincache/mend/chain_audit.h"

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/certificate/issuer_match.h"
#include "chaincache/files/certificate_file.h"
#include "chaincache/mend/leaf_twin.h"
#include "chaincache/mend/stranger_audit.h"

/* The role of a served certificate, the leaf apart, in the mended chain. */
enum served_role {
	ROLE_STRANGER, /* it issued nothing that leads to the leaf */
	ROLE_DUPLICATE,
	ROLE_USED,
	ROLE_ROOT,
	ROLE_SPARE, /* a true issuer that the mended chain does without */
};

struct roles {
	enum served_role items[CERTIFICATE_FILE_MAX_CERTIFICATES];
};

static const struct certificate *served_at(const struct audit *audit, size_t i)
{
	return audit->served->items[i].certificate;
}

static const struct certificate *mended_at(const struct audit *audit, size_t i)
{
	return audit->mended->items[i].certificate;
}

enum finding_code chain_audit_code(enum path_fault fault)
{
	static const enum finding_code codes[] = {
	    [PATH_GOOD] = FINDING_BETTER_PATH,
	    [PATH_EXPIRED] = FINDING_EXPIRED_INTERMEDIATE,
	    [PATH_NOT_YET_VALID] = FINDING_NOT_YET_VALID_INTERMEDIATE,
	    [PATH_NOT_A_CA] = FINDING_CONSTRAINT_VIOLATED,
	    [PATH_LENGTH_EXCEEDED] = FINDING_CONSTRAINT_VIOLATED,
	    [PATH_NAME_CONSTRAINED] = FINDING_CONSTRAINT_VIOLATED,
	    [PATH_WRONG_PURPOSE] = FINDING_WRONG_PURPOSE,
	    [PATH_WEAK_SIGNATURE] = FINDING_WEAK_SIGNATURE,
	    [PATH_WEAK_KEY] = FINDING_WEAK_KEY,
	    [PATH_KEY_ID_DIFFERS] = FINDING_CONSTRAINT_VIOLATED,
	    [PATH_EXTENSION_REFUSED] = FINDING_CONSTRAINT_VIOLATED,
	    [PATH_REVOKED] = FINDING_REVOKED,
	    [PATH_REFUSED] = FINDING_CONSTRAINT_VIOLATED,
	    [PATH_OUT_OF_MEMORY] = FINDING_VERIFICATION_LIMIT, /* and the mend fails */
	    [PATH_NOT_JUDGED] = FINDING_NOT_JUDGED,
	};

	return codes[fault];
}

static bool issued_any_related(const struct audit *audit, const struct roles *roles, const struct certificate *issuer)
{
	struct signature_memo *memo = &audit->search->memo;

	for (size_t i = 0; i < audit->mended->count; i++)
		if (issuer_match_names(issuer, mended_at(audit, i)) &&
		    signature_memo_ask(memo, issuer, mended_at(audit, i)) != SIGNATURE_FAILS)
			return true;
	for (size_t i = 1; i < audit->served->count; i++)
		if ((roles->items[i] == ROLE_SPARE || roles->items[i] == ROLE_ROOT) &&
		    issuer_match_names(issuer, served_at(audit, i)) &&
		    signature_memo_ask(memo, issuer, served_at(audit, i)) != SIGNATURE_FAILS)
			return true;
	return false;
}

static enum served_role first_look(const struct audit *audit, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (certificate_equal(served_at(audit, i), served_at(audit, index)))
			return ROLE_DUPLICATE;
	return certificate_list_contains(audit->mended, served_at(audit, index)) ? ROLE_USED : ROLE_STRANGER;
}

/* Turns strangers into spares and roots until no further one has issued anything that leads to the leaf. */
static void find_roles(const struct audit *audit, struct roles *roles)
{
	bool changed = true;

	for (size_t i = 1; i < audit->served->count; i++)
		roles->items[i] = first_look(audit, i);
	while (changed) {
		changed = false;
		for (size_t i = 1; i < audit->served->count; i++) {
			if (roles->items[i] != ROLE_STRANGER || !issued_any_related(audit, roles, served_at(audit, i)))
				continue;
			roles->items[i] = audit_is_root(audit, served_at(audit, i)) ? ROLE_ROOT : ROLE_SPARE;
			changed = true;
		}
	}
}

/* Returns the mended chain's certificate for the same name and key, where it is another one; NULL when there is
 * none. */
static const struct certificate *find_twin(const struct audit *audit, const struct certificate *certificate)
{
	for (size_t i = 1; i < audit->mended->count; i++)
		if (certificate_same_entity(mended_at(audit, i), certificate) &&
		    !certificate_equal(mended_at(audit, i), certificate))
			return mended_at(audit, i);
	return NULL;
}

static void report_stale(struct audit *audit, const struct certificate *certificate, bool kept)
{
	char date[CERTIFICATE_WORDS_DATE_CHARS];
	bool expired = audit->input->now > certificate->not_after;
	enum finding_code code = expired ? FINDING_EXPIRED_INTERMEDIATE : FINDING_NOT_YET_VALID_INTERMEDIATE;
	const struct certificate *twin = find_twin(audit, certificate);
	const struct quoted_name subject = certificate_words_subject(certificate);
	const char *fact = expired ? "expired on" : "is not valid before";
	struct finding *finding;

	certificate_words_date(expired ? certificate->not_after : certificate->not_before, date);
	if (kept)
		finding = finding_list_add(audit->findings, code,
					   "The CA certificate %s %s %s and no valid one in its place was found: %s "
					   "refuse the chain.",
					   subject.text, fact, date, audit_peers(audit));
	else if (twin != NULL)
		finding = finding_list_add(audit->findings, code,
					   "The served CA certificate %s %s %s, so many %s refuse the served chain: "
					   "the valid one for the same name and key stands in its place.",
					   subject.text, fact, date, audit_peers(audit));
	else
		finding = finding_list_add(audit->findings, code,
					   "The served CA certificate %s %s %s, so many %s refuse the served chain: "
					   "it is left out.",
					   subject.text, fact, date, audit_peers(audit));
	finding_set_severity(finding, kept ? SEVERITY_ERROR : SEVERITY_FIXED);
	finding_set_action(finding, kept ? ACTION_NONE : twin != NULL ? ACTION_REPLACED : ACTION_REMOVED);
	finding_set_certificate(finding, certificate);
}

/* Returns the first certificate of a refused path that the mended chain does without; the one at fault when there is
 * none. */
static const struct certificate *given_up(const struct audit *audit, const struct audience_verdict *verdict)
{
	for (size_t i = 1; i < verdict->path.count; i++)
		if (!certificate_list_contains(audit->mended, verdict->path.items[i].certificate))
			return verdict->path.items[i].certificate;
	return verdict->path.items[verdict->verdict.index].certificate;
}

/* A path that ends at a root that clients refuse is one for which there is a better one. */
static enum finding_code code_of(const struct audience_verdict *verdict)
{
	bool root_at_fault = verdict->verdict.index + 1 == verdict->path.count && verdict->path.count > 1;

	return root_at_fault ? FINDING_BETTER_PATH : chain_audit_code(verdict->verdict.fault);
}

static void report_given_up(struct audit *audit, enum finding_code code, const struct certificate *culprit,
			    const struct certificate *reached, const char *reason)
{
	if (finding_list_has_about(audit->findings, FINDING_CODE_COUNT, FINDING_BIT(SEVERITY_FIXED), culprit))
		return;
	struct finding *finding =
	    finding_list_add(audit->findings, code,
			     "%s refuse the served chain, which leads through %s, because of %s: %s. The mended chain "
			     "takes another way.",
			     audit_peers_first(audit), certificate_words_subject(culprit).text,
			     certificate_words_subject(reached).text, reason);
	finding_set_severity(finding, SEVERITY_FIXED);
	finding_set_action(finding, ACTION_REPLACED);
	finding_set_certificate(finding, culprit);
	finding_set_advice(finding, "%s", finding_code_advice(FINDING_BETTER_PATH, audit->input->reader));
}

/* Reports a served certificate that the mended chain goes around, so that every client can follow it. */
static void report_way_around(struct audit *audit, const struct certificate *culprit)
{
	if (finding_list_has_about(audit->findings, FINDING_CODE_COUNT, FINDING_BIT(SEVERITY_FIXED), culprit))
		return;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_BETTER_PATH,
	    "The served chain leads through %s by a key or a signature of a kind that many %s do not know. The "
	    "mended chain takes another way, which all of them can follow.",
	    certificate_words_subject(culprit).text, audit_peers(audit));
	finding_set_action(finding, ACTION_REPLACED);
	finding_set_certificate(finding, culprit);
}

/* Reports why an audience accepts the mended chain and not the served one, where a comparison of both does not show
 * it. */
static void report_gain(struct audit *audit, size_t audience)
{
	struct audience_verdict verdict;
	struct sent_chain served = {audit->served->items, audit->served->count};

	chain_judge_ask(&audit->search->judge, served, audience, &verdict);
	if (verdict.verdict.fault == PATH_REVOKED)
		return; /* revocation_audit reports it, with its date */
	if (verdict.answer == AUDIENCE_NOT_JUDGED)
		report_way_around(audit, given_up(audit, &verdict));
	else if (verdict.answer == AUDIENCE_REFUSES)
		report_given_up(audit, code_of(&verdict), given_up(audit, &verdict),
				verdict.path.items[verdict.verdict.index].certificate, verdict.verdict.reason);
	else if (verdict.answer == AUDIENCE_FINDS_NO_PATH &&
		 !certificate_list_contains(audit->mended, path_last(&verdict.path)))
		report_given_up(audit, FINDING_BETTER_PATH, given_up(audit, &verdict), path_last(&verdict.path),
				"it leads to no root that they trust");
}

static void report_gains(struct audit *audit)
{
	uint32_t gained = audit->mended_mask & ~audit->search->served.accept;

	for (size_t i = 0; i < chain_judge_audiences(&audit->search->judge); i++)
		if ((gained >> i & 1) != 0)
			report_gain(audit, i);
}

/* Says whether the served chain was given up for another way: that finding covers all of its certificates. */
static bool given_up_is_reported(const struct audit *audit)
{
	for (size_t i = 0; i < audit->findings->count; i++)
		if (audit->findings->items[i].severity == SEVERITY_FIXED &&
		    audit->findings->items[i].action == ACTION_REPLACED)
			return true;
	return false;
}

static void report_role(struct audit *audit, enum served_role role, const struct certificate *certificate)
{
	bool valid = certificate_valid_at(certificate, audit->input->now);

	if (role == ROLE_DUPLICATE)
		audit_report_removed(audit, FINDING_DUPLICATE_CERTIFICATE, certificate,
				     "is sent twice, which only costs bytes: the second copy is left out");
	else if (role == ROLE_STRANGER && (valid || !certificate->is_ca))
		stranger_audit(audit, certificate);
	else if (!valid)
		report_stale(audit, certificate, role == ROLE_USED);
	else if (role == ROLE_ROOT)
		audit_report_removed(audit, FINDING_ROOT_INCLUDED, certificate,
				     "is a root: whoever checks the chain goes by an own copy, and this one only costs "
				     "bytes, so it is left out");
	else if (role == ROLE_SPARE && !given_up_is_reported(audit))
		audit_report_removed(audit, FINDING_UNRELATED_CERTIFICATE, certificate,
				     "is an issuer that the chain does without: it is left out");
}

static void report_missing(struct audit *audit, const struct certificate_entry *added, const struct certificate *issued)
{
	const char *url = fetch_plan_url_of(audit->plan, added->certificate);
	const char *where = added->source == SOURCE_FETCHED ? "fetched from the URL in the certificate that it issued"
			    : added->source == SOURCE_CACHE ? "found in the cache"
			    : added->source == SOURCE_ROOTS ? "found among the roots"
							    : "found among the certificates at hand";
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_MISSING_INTERMEDIATE,
	    "The intermediate %s, which issued %s, is not served, so %s that do not know it refuse the "
	    "chain; it was %s and added.",
	    certificate_words_subject(added->certificate).text, certificate_words_subject(issued).text,
	    audit_peers(audit), where);

	finding_set_action(finding, ACTION_ADDED);
	finding_set_certificate(finding, added->certificate);
	finding_set_source(finding, certificate_source_name(added->source));
	if (added->source == SOURCE_FETCHED)
		finding_set_url(finding, url);
}

static bool replaces_served(const struct audit *audit, const struct roles *roles, const struct certificate *added)
{
	for (size_t i = 1; i < audit->served->count; i++)
		if (roles->items[i] == ROLE_SPARE && certificate_same_entity(served_at(audit, i), added))
			return true;
	return false;
}

static void report_added(struct audit *audit, const struct roles *roles)
{
	for (size_t i = 1; i < audit->mended->count; i++)
		if (!certificate_list_contains(audit->served, mended_at(audit, i)) &&
		    !replaces_served(audit, roles, mended_at(audit, i)))
			report_missing(audit, &audit->mended->items[i], mended_at(audit, i - 1));
}

static size_t position(const struct certificate_list *list, const struct certificate *certificate)
{
	size_t i = 0;

	while (i < list->count && !certificate_equal(list->items[i].certificate, certificate))
		i++;
	return i;
}

/* Servers and clients take the first certificate for the server's own. */
static void report_leaf_place(struct audit *audit)
{
	char twin[LEAF_TWIN_WORDS_CHARS];
	const struct certificate *first = served_at(audit, 1);
	bool is_twin = leaf_twin_is(audit, first);
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_WRONG_ORDER,
	    "The %s %s stands in place %zu of the chain, behind %s: the first certificate of a chain is taken for "
	    "the %s's own, so it was put first.",
	    audit_leaf_words(audit), certificate_words_subject(audit_leaf(audit)).text, audit->input->leaf_place + 1,
	    is_twin ? leaf_twin_words(audit, first, twin) : certificate_words_subject(first).text,
	    audit_owner_words(audit));

	finding_set_action(finding, ACTION_REORDERED);
}

/* Counts the served root too: in the middle of the chain, it makes strict clients fail. */
static void report_order(struct audit *audit)
{
	const struct certificate *last = audit_leaf(audit);
	size_t last_position = 0;
	const struct certificate *end =
	    audit->anchor != NULL && !certificate_list_contains(audit->mended, audit->anchor) ? audit->anchor : NULL;

	if (audit->input->leaf_place > 0 && audit->input->leaf_place < audit->served->count) {
		report_leaf_place(audit);
		return;
	}

	for (size_t i = 1; i <= audit->mended->count; i++) {
		const struct certificate *next = i < audit->mended->count ? mended_at(audit, i) : end;
		size_t next_position = next != NULL ? position(audit->served, next) : audit->served->count;
		if (next_position == audit->served->count)
			continue;
		if (next_position < last_position) {
			struct finding *finding = finding_list_add(
			    audit->findings, FINDING_WRONG_ORDER,
			    "The chain is served out of order: %s stands before %s, which it leads up "
			    "from. Clients that "
			    "read it one by one refuse it, so it was sorted.",
			    certificate_words_subject(next).text, certificate_words_subject(last).text);
			finding_set_action(finding, ACTION_REORDERED);
			return;
		}
		last = next;
		last_position = next_position;
	}
}

/* Reports a repair that no other finding has reported. */
static void report_unexplained_gain(struct audit *audit)
{
	if ((audit->mended_mask & ~audit->search->served.accept) == 0)
		return;
	for (size_t i = 0; i < audit->findings->count; i++)
		if (audit->findings->items[i].severity == SEVERITY_FIXED)
			return;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_BETTER_PATH,
	    "%s do not accept the chain that is served for %s as it stands; they accept the mended one.",
	    audit_peers_first(audit), certificate_words_subject(audit_leaf(audit)).text);
	finding_set_action(finding, ACTION_REPLACED);
}

void chain_audit(struct audit *audit)
{
	struct roles roles = {{ROLE_USED}};

	if (audit->chosen == NULL)
		return;
	find_roles(audit, &roles);
	report_added(audit, &roles);
	report_gains(audit);
	for (size_t i = 1; i < audit->served->count; i++)
		report_role(audit, roles.items[i], served_at(audit, i));
	for (size_t i = 1; i < audit->mended->count; i++)
		if (!certificate_list_contains(audit->served, mended_at(audit, i)) &&
		    !certificate_valid_at(mended_at(audit, i), audit->input->now))
			report_stale(audit, mended_at(audit, i), true);
	report_order(audit);
	report_unexplained_gain(audit);
}
