#include "proxy/sites/renewal.h"

#include <string.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate_words.h"
#include "chaincache/certificate/name_match.h"

static const struct {
	const char *words;
	bool taken;
} reasons[] = {
#define X(id, is_taken, text) [id] = {.words = (text), .taken = (is_taken)},
    RENEWAL_REASONS(X)
#undef X
};

const char *renewal_reason_words(enum renewal_reason reason)
{
	return reasons[reason].words;
}

bool renewal_is_taken(enum renewal_reason reason)
{
	return reasons[reason].taken;
}

static const struct certificate *leaf_of(const struct renewal_side *side)
{
	return side->chain->items[0].certificate;
}

static bool covers(const struct certificate *leaf, const struct host_name *name)
{
	struct name_match match;

	name_match(leaf, name, &match);
	return match.verdict == NAME_COVERED;
}

/* Says whether the former certificate serves clients: not where only the new one is accepted by a store. */
static bool former_serves(const struct renewal_question *question)
{
	return question->former.stores != 0 || question->renewed.stores == 0;
}

static bool loses_name(const struct renewal_question *question, const struct host_name *name)
{
	return former_serves(question) && covers(leaf_of(&question->former), name) &&
	       !covers(leaf_of(&question->renewed), name);
}

static bool loses_a_name(const struct renewal_question *question)
{
	for (size_t i = 0; i < question->num_names; i++) {
		if (loses_name(question, &question->names[i]))
			return true;
	}
	return false;
}

static uint32_t lost_stores(const struct renewal_question *question)
{
	return question->former.stores & ~question->renewed.stores;
}

static bool applies(enum renewal_reason reason, const struct renewal_question *question)
{
	const struct certificate *renewed = leaf_of(&question->renewed);

	switch (reason) {
	case RENEWAL_INSISTED:
		return question->insisted;
	case RENEWAL_FORMER_ENDED:
		return !certificate_valid_at(leaf_of(&question->former), question->now_s);
	case RENEWAL_FORMER_REVOKED:
		return question->former.revoked;
	case RENEWAL_EXPIRED:
		return renewed->not_after < question->now_s;
	case RENEWAL_NOT_YET_VALID:
		return renewed->not_before > question->now_s;
	case RENEWAL_REVOKED:
		return question->renewed.revoked;
	case RENEWAL_FEWER_STORES:
		return lost_stores(question) != 0;
	case RENEWAL_FEWER_NAMES:
		return loses_a_name(question);
	case RENEWAL_COMPLETE:
		break;
	}
	return true;
}

enum renewal_reason renewal_decide(const struct renewal_question *question)
{
	enum renewal_reason reason = RENEWAL_INSISTED;

	while (!applies(reason, question))
		reason++;
	return reason;
}

/* One clause of the message after another; what does not fit is cut, as every message is. */
static void add_clause(struct buffer *text, const char *clause, const char *more)
{
	struct error full = buffer_printf(text, "%s%s%s", text->len > 0 ? "; " : "", clause, more);
	(void)full;
}

static void add_stores(struct buffer *text, const struct renewal_question *question,
		       const struct trust_store_set *stores)
{
	uint32_t lost = lost_stores(question);

	for (size_t i = 0; i < trust_store_set_count(stores); i++) {
		if ((lost >> i & 1) != 0)
			add_clause(text, "it is refused by clients that trust ", trust_store_set_name(stores, i));
	}
}

static void add_names(struct buffer *text, const struct renewal_question *question)
{
	size_t num_lost = 0;
	struct error full = error_none();

	for (size_t i = 0; i < question->num_names; i++) {
		if (!loses_name(question, &question->names[i]) || num_lost++ >= RENEWAL_NAMES_REPORTED)
			continue;
		add_clause(text, "it does not cover ", question->names[i].text);
	}
	if (num_lost > RENEWAL_NAMES_REPORTED)
		full = buffer_printf(text, " and %zu more", num_lost - RENEWAL_NAMES_REPORTED);
	(void)full;
}

/* Adds what is missing. Outside the validity, the stores are left out: they accept nothing then. */
static void add_lacks(struct buffer *text, const struct renewal_question *question,
		      const struct trust_store_set *stores)
{
	const struct certificate *renewed = leaf_of(&question->renewed);
	char date[CERTIFICATE_WORDS_DATE_CHARS];

	if (applies(RENEWAL_EXPIRED, question))
		add_clause(text, "it expired on ", certificate_words_date(renewed->not_after, date));
	else if (applies(RENEWAL_NOT_YET_VALID, question))
		add_clause(text, "it is not valid before ", certificate_words_date(renewed->not_before, date));
	else
		add_stores(text, question, stores);
	if (question->renewed.revoked)
		add_clause(text, "it, or an issuer of it, is revoked", "");
	add_names(text, question);
}

void renewal_add_finding(struct finding_list *findings, const struct renewal_question *question,
			 const struct trust_store_set *stores)
{
	const struct certificate *former = leaf_of(&question->former);
	const struct certificate *renewed = leaf_of(&question->renewed);
	char date[CERTIFICATE_WORDS_DATE_CHARS];
	struct buffer lacks;

	if (renewal_is_taken(renewal_decide(question)))
		return;
	buffer_init(&lacks, FINDING_MAX_TEXT);
	add_lacks(&lacks, question, stores);
	struct finding *finding = finding_list_add(
	    findings, FINDING_RENEWAL_HELD,
	    "The new certificate %s (serial number %s) is not served, because %s: the former one (serial "
	    "number %s, valid until %s) goes on until nothing is missing any more, or until it ends.",
	    certificate_words_subject(renewed).text, renewed->serial, buffer_text(&lacks), former->serial,
	    certificate_words_date(former->not_after, date));
	finding_set_certificate(finding, renewed);
	if (renewal_decide(question) == RENEWAL_FEWER_STORES)
		finding_set_advice(
		    finding,
		    "Ask the certificate authority for the intermediate that these clients need (a cross-signed one, "
		    "perhaps), and bring it into the cache with `chainmend cache import FILE`; to have the "
		    "certificate served all the same, reload chainmend (SIGHUP, `systemctl reload chainmend`).");
	buffer_cleanup(&lacks);
}
