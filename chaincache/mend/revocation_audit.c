#include "chaincache/mend/revocation_audit.h"

#include <stdio.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate_words.h"
#include "chaincache/revocation/revocation_reason.h"

/* Returns the issuer of the leaf in the path that goes out; NULL where none is known. */
static const struct certificate *issuer_of_leaf(const struct chain_search *search)
{
	const struct chain_candidate *chosen = chain_search_best(search);
	const struct path *path = chosen != NULL ? &chosen->chain : &search->own;

	if (path->count > 1)
		return path->items[1].certificate;
	return chosen != NULL ? chosen->root : NULL;
}

struct leaf_revocation revocation_audit_leaf(struct chain_search *search, const struct mend_input *input)
{
	const struct certificate *leaf = path_leaf(&search->own);
	const struct certificate *issuer = issuer_of_leaf(search);
	struct leaf_revocation out = {.crl = {.status = REVOCATION_NOT_ASKED}};

	/* An anchor is trusted as it is, and nobody but itself could revoke a certificate that is its own issuer. */
	if ((issuer != NULL && certificate_equal(issuer, leaf)) || chain_search_self_signed(search))
		return out;
	out.crl = revocation_look(&search->revocation, leaf, issuer);
	out.has_staple = input->staple.len > 0;
	if (out.has_staple)
		out.staple = ocsp_response_judge(input->staple, leaf, issuer, input->now);
	out.lacks_staple = input->staple_asked && !out.has_staple && leaf->must_staple;
	return out;
}

bool revocation_audit_is_revoked(const struct leaf_revocation *leaf)
{
	return leaf->crl.status == REVOCATION_REVOKED || (leaf->has_staple && leaf->staple.status == OCSP_REVOKED);
}

static void report_leaf_revoked(struct audit *audit)
{
	const struct leaf_revocation *known = audit->leaf_revocation;
	char words[REVOCATION_MAX_WORDS], date[CERTIFICATE_WORDS_DATE_CHARS];

	if (known->crl.status == REVOCATION_REVOKED)
		revocation_print(&known->crl, words);
	else
		snprintf(
		    words, sizeof(words), "was revoked on %s (%s), as the OCSP response that is stapled to it says",
		    certificate_words_date(known->staple.since, date), revocation_reason_words(known->staple.reason));
	struct finding *finding =
	    finding_list_add(audit->findings, FINDING_REVOKED,
			     "The server certificate %s %s: clients that look at revocation refuse it.",
			     certificate_words_subject(audit_leaf(audit)).text, words);
	finding_set_certificate(finding, audit_leaf(audit));
	if (known->crl.status == REVOCATION_REVOKED)
		finding_set_source(finding, known->crl.crl->path);
}

#define STAPLE_ADVICE                                                                                                  \
	"Let the server fetch a fresh OCSP response (look at its clock, its DNS and its way to the authority's "       \
	"responder), "                                                                                                 \
	"or switch stapling off."
#define OPEN_STAPLE_ADVICE "Complete the chain: another finding says what is missing."
#define MUST_STAPLE_ADVICE                                                                                             \
	"Let what serves this certificate staple OCSP responses, or have it reissued without the TLS feature "         \
	"extension: "                                                                                                  \
	"chainmend itself staples none."

/* Reports all that is not known of the leaf in one finding: several would have the same code and certificate. */
static void report_leaf_unknown(struct audit *audit)
{
	const struct leaf_revocation *known = audit->leaf_revocation;
	const struct quoted_name subject = certificate_words_subject(audit_leaf(audit));
	const char *advice = finding_code_advice(FINDING_REVOCATION_UNKNOWN, audit->input->reader);
	bool staple_is_good = known->has_staple && known->staple.status == OCSP_GOOD;
	bool staple_is_bad = known->has_staple && known->staple.status == OCSP_UNUSABLE;
	bool staple_is_open = known->has_staple && known->staple.status == OCSP_NOT_CHECKED;
	bool crl_is_missing = known->crl.status == REVOCATION_UNKNOWN && !staple_is_good;
	char words[REVOCATION_MAX_WORDS];
	struct buffer text;
	struct error error = error_none();

	if (!known->lacks_staple && !staple_is_bad && !staple_is_open && !crl_is_missing)
		return;
	buffer_init(&text, (size_t)4 * FINDING_MAX_TEXT); /* the finding shortens it with dots */
	if (crl_is_missing)
		error = buffer_printf(&text, "Whether the server certificate %s %s.", subject.text,
				      revocation_print(&known->crl, words));
	if (!failed(error) && staple_is_bad) {
		advice = STAPLE_ADVICE;
		error =
		    buffer_printf(&text,
				  "%sThe OCSP response that is stapled to the server certificate %s cannot be used: "
				  "%.150s. Clients that read it refuse the connection, or ask for themselves.",
				  text.len > 0 ? " " : "", subject.text, known->staple.why);
	}
	if (!failed(error) && staple_is_open) {
		advice = OPEN_STAPLE_ADVICE;
		error = buffer_printf(
		    &text,
		    "%sThe OCSP response that is stapled to the server certificate %s could not be "
		    "checked: its issuer is not known here, so that nobody can say who signed the response.",
		    text.len > 0 ? " " : "", subject.text);
	}
	if (!failed(error) && known->lacks_staple) {
		advice = MUST_STAPLE_ADVICE;
		error =
		    buffer_printf(&text,
				  "%sThe server certificate %s demands a stapled OCSP response (TLS feature "
				  "extension), and none is sent: Firefox, GnuTLS and others that heed it refuse the "
				  "connection.",
				  text.len > 0 ? " " : "", subject.text);
	}
	struct finding *finding =
	    finding_list_add(audit->findings, FINDING_REVOCATION_UNKNOWN, "%s", buffer_text(&text));
	finding_set_certificate(finding, audit_leaf(audit));
	finding_set_advice(finding, "%s", advice);
	if (finding != NULL && failed(error))
		finding->is_cut = true;
	if (crl_is_missing && known->crl.crl != NULL)
		finding_set_source(finding, known->crl.crl->path);
	buffer_cleanup(&text);
}

static void report_authority_revoked(struct audit *audit, const struct certificate *certificate,
				     const struct revocation_answer *answer, bool stays)
{
	char words[REVOCATION_MAX_WORDS];
	const struct quoted_name subject = certificate_words_subject(certificate);
	struct finding *finding;

	revocation_print(answer, words);
	if (stays)
		finding =
		    finding_list_add(audit->findings, FINDING_REVOKED,
				     "The CA certificate %s %s, and no way around it was found: clients that look at "
				     "revocation refuse the chain.",
				     subject.text, words);
	else
		finding = finding_list_add(
		    audit->findings, FINDING_REVOKED,
		    "The served chain leads through the CA certificate %s, which %s: clients that look "
		    "at revocation refuse it. The mended chain takes another way.",
		    subject.text, words);
	if (stays)
		finding_set_advice(finding,
				   "Have the server certificate reissued: no chain brings a revoked authority back.");
	else
		finding_set_advice(finding, "%s", finding_code_advice(FINDING_BETTER_PATH, audit->input->reader));
	/* Where a store holds an issuer below the revoked one, its clients never come so far. */
	finding_set_severity(finding,
			     stays ? audit->mended_mask == 0 ? SEVERITY_ERROR : SEVERITY_WARNING : SEVERITY_FIXED);
	finding_set_action(finding, stays ? ACTION_NONE : ACTION_REPLACED);
	finding_set_certificate(finding, certificate);
	finding_set_source(finding, answer->crl->path);
}

static void report_authority_unknown(struct audit *audit, const struct certificate *certificate,
				     const struct revocation_answer *answer)
{
	char words[REVOCATION_MAX_WORDS];
	struct finding *finding =
	    finding_list_add(audit->findings, FINDING_REVOCATION_UNKNOWN, "Whether the CA certificate %s %s.",
			     certificate_words_subject(certificate).text, revocation_print(answer, words));

	finding_set_certificate(finding, certificate);
	if (answer->crl != NULL)
		finding_set_source(finding, answer->crl->path);
}

/* Looks at all between the leaf and the anchor of the mended path. */
static void look_at_authorities(struct audit *audit)
{
	const struct chain_candidate *chosen = audit->chosen;
	const struct path *path = chosen != NULL ? &chosen->chain : &audit->search->own;

	for (size_t i = 1; i < path->count; i++) {
		const struct certificate *root = chosen != NULL ? chosen->root : NULL;
		const struct certificate *issuer = i + 1 < path->count ? path->items[i + 1].certificate : root;
		struct revocation_answer answer =
		    revocation_look(&audit->search->revocation, path->items[i].certificate, issuer);
		if (answer.status == REVOCATION_REVOKED)
			report_authority_revoked(audit, path->items[i].certificate, &answer, true);
		else if (answer.status == REVOCATION_UNKNOWN)
			report_authority_unknown(audit, path->items[i].certificate, &answer);
	}
}

/* Reports a revoked authority of the served chain that the mended one leaves out, for one audience. */
static void look_at_served(struct audit *audit, size_t audience)
{
	struct audience_verdict verdict;
	struct sent_chain served = {audit->served->items, audit->served->count};

	chain_judge_ask(&audit->search->judge, served, audience, &verdict);
	if (verdict.verdict.fault != PATH_REVOKED)
		return;
	const struct certificate_entry *revoked = &verdict.path.items[verdict.verdict.index];
	struct revocation_answer answer =
	    revocation_look(&audit->search->revocation, revoked[0].certificate, revoked[1].certificate);
	if (answer.status == REVOCATION_REVOKED &&
	    !finding_list_has_about(audit->findings, FINDING_REVOKED, FINDING_ANY_SEVERITY, revoked->certificate) &&
	    !certificate_list_contains(audit->mended, revoked->certificate))
		report_authority_revoked(audit, revoked->certificate, &answer, false);
}

void revocation_audit(struct audit *audit)
{
	if (revocation_audit_is_revoked(audit->leaf_revocation))
		report_leaf_revoked(audit);
	else
		report_leaf_unknown(audit);
	if (audit->search->revocation.crls == NULL || audit->self_signed)
		return;
	look_at_authorities(audit);
	for (size_t i = 0; i < chain_judge_audiences(&audit->search->judge); i++)
		look_at_served(audit, i);
}
