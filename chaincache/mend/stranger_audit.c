#include "chaincache/mend/stranger_audit.h"

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/certificate/issuer_match.h"
#include "chaincache/mend/leaf_twin.h"
#include "chaincache/mend/namesake.h"

/* Advises to replace it: the server also lacks the right one. */
static void report_other_key(struct audit *audit, const struct certificate *certificate,
			     const struct certificate *child)
{
	char words[NAMESAKE_WORDS_CHARS];
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_UNRELATED_CERTIFICATE,
	    "The served certificate %s has the name of the issuer of %s, and another key (%s): %s cannot "
	    "use it, and it is left out.",
	    certificate_words_subject(certificate).text, certificate_words_subject(child).text,
	    namesake_words(certificate, child, words), audit_peers(audit));

	finding_set_action(finding, ACTION_REMOVED);
	finding_set_certificate(finding, certificate);
	finding_set_advice(finding, "Send the authority's certificate with the other key in its place.");
}

static void report_twin(struct audit *audit, const struct certificate *certificate)
{
	char words[LEAF_TWIN_WORDS_CHARS];
	struct finding *finding =
	    finding_list_add(audit->findings, FINDING_UNRELATED_CERTIFICATE,
			     "Beside the %s %s, %s is served: a chain is for one of them, so the other is left out.",
			     audit_leaf_words(audit), certificate_words_subject(audit_leaf(audit)).text,
			     leaf_twin_words(audit, certificate, words));

	finding_set_action(finding, ACTION_REMOVED);
	finding_set_certificate(finding, certificate);
}

/* It may be right: nobody is told to take it out. */
static void report_above_gap(struct audit *audit, const struct certificate *certificate)
{
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_UNRELATED_CERTIFICATE,
	    "The served certificate %s does not follow on the ones before it: an issuer between them is missing, or it "
	    "does not belong here. It is left out.",
	    certificate_words_subject(certificate).text);

	finding_set_action(finding, ACTION_REMOVED);
	finding_set_certificate(finding, certificate);
	finding_set_advice(
	    finding, "Add the missing issuer first (another finding names it); what then still does not belong to "
		     "the chain can be taken out.");
}

/* The certificate of the mended chain whose issuer some clients take `certificate` for; NULL: none. */
static const struct certificate *misled_child(const struct audit *audit, const struct certificate *certificate)
{
	if ((audit->mended_mask & ~audit->search->served.accept) == 0)
		return NULL;
	for (size_t i = 0; i < audit->mended->count; i++)
		if (namesake_is(audit, certificate, audit->mended->items[i].certificate) &&
		    issuer_match_key_id(certificate, audit->mended->items[i].certificate) != KEY_ID_DIFFERS)
			return audit->mended->items[i].certificate;
	return NULL;
}

/* It stands in the way of the true issuer: to leave it out is a repair. */
static void report_misleading(struct audit *audit, const struct certificate *certificate,
			      const struct certificate *child)
{
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_UNRELATED_CERTIFICATE,
	    "The served certificate %s has the name of the issuer of %s, and another key, and no key identifier tells "
	    "them "
	    "apart: OpenSSL, GnuTLS and other %ss that try no second issuer refuse the chain, so it is left out.",
	    certificate_words_subject(certificate).text, certificate_words_subject(child).text,
	    audit_peer_words(audit));

	finding_set_severity(finding, SEVERITY_FIXED);
	finding_set_action(finding, ACTION_REMOVED);
	finding_set_certificate(finding, certificate);
}

/* Below a missing issuer nobody can say what belongs to the chain and what does not. */
void stranger_audit(struct audit *audit, const struct certificate *certificate)
{
	bool complete = audit->chosen->root != NULL;
	const struct certificate *child = misled_child(audit, certificate);
	const struct certificate *end = path_last(&audit->chosen->chain);

	if (leaf_twin_is(audit, certificate)) {
		report_twin(audit, certificate);
		return;
	}
	if (!complete && namesake_is(audit, certificate, end)) {
		report_other_key(audit, certificate, end);
		return;
	}
	if (child != NULL) {
		report_misleading(audit, certificate, child);
		return;
	}
	if (!complete && audit_is_root(audit, certificate))
		audit_report_removed(audit, FINDING_ROOT_INCLUDED, certificate,
				     "is a root: whoever checks the chain goes by an own copy, so it is left out");
	else if (!complete)
		report_above_gap(audit, certificate);
	else
		audit_report_removed(audit, FINDING_UNRELATED_CERTIFICATE, certificate,
				     "issued neither the leaf nor any issuer of it: it is left out");
}
