#include "chaincache/mend/trust_audit.h"

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/algorithm.h"
#include "chaincache/certificate/certificate_words.h"
#include "chaincache/mend/chain_audit.h"
#include "chaincache/mend/namesake.h"

#define MAX_NAMES_TEXT 300 /* characters of store names in a message */

/* Writes the names of the stores in `mask`, separated by commas. */
static const char *store_names(const struct audit *audit, uint32_t mask, struct buffer *out)
{
	struct error error = error_none();

	for (size_t i = 0; i < chain_judge_audiences(&audit->search->judge) && !failed(error); i++)
		if ((mask >> i & 1) != 0)
			error = buffer_printf(out, "%s%s", out->len > 0 ? ", " : "",
					      trust_store_set_name(audit->input->stores, i));
	return buffer_text(out);
}

/* Advises to make a private certificate a root of a store of its own. */
static void advise_roots(const struct audit *audit, struct finding *finding, const struct certificate *root,
			 const char *otherwise)
{
	char slug[CERTIFICATE_WORDS_SLUG_CHARS];

	certificate_words_slug(root, slug);
	if (audit_is_of_command(audit))
		finding_set_advice(
		    finding,
		    "If the clients of this server trust it, save it (SHA-256 %.16s...) as a PEM file and name that: "
		    "`--roots %s=FILE` (for `run`, `roots = %s=/etc/chainmend/%s.pem` in the configuration). Otherwise "
		    "%s",
		    root->sha256_hex, slug, slug, slug, otherwise);
	else
		finding_set_advice(
		    finding,
		    "If the clients of this server trust it, save it (SHA-256 %.16s...) as a PEM file and name that: "
		    "`roots = %s=/etc/chainmend/%s.pem` in the configuration. Otherwise %s",
		    root->sha256_hex, slug, slug, otherwise);
}

static void report_self_signed(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);
	const struct quoted_name subject = certificate_words_subject(leaf);
	struct buffer names;
	struct finding *finding;

	buffer_init(&names, MAX_NAMES_TEXT);
	if (audit->pinned)
		finding = finding_list_add(audit->findings, FINDING_SELF_SIGNED,
					   "The certificate %s is self-signed; its key is the one that is pinned.",
					   subject.text);
	else if (audit->input->ignore_trust)
		finding = finding_list_add(
		    audit->findings, FINDING_SELF_SIGNED,
		    "The certificate %s is self-signed; whether clients trust it was not judged.", subject.text);
	else if (audit->mended_mask != 0)
		finding = finding_list_add(
		    audit->findings, FINDING_SELF_SIGNED,
		    "The certificate %s is self-signed, and trusted because it stands in a trust store: %s.",
		    subject.text, store_names(audit, audit->mended_mask, &names));
	else if (leaf->key_bits == 0)
		finding = finding_list_add(audit->findings, FINDING_SELF_SIGNED,
					   "The certificate %s names itself as its issuer (self-signed; its key is of "
					   "a kind that cannot be used here, "
					   "so that the signature was not checked), and no trust store holds it: every "
					   "client warns or refuses.",
					   subject.text);
	else
		finding =
		    finding_list_add(audit->findings, FINDING_SELF_SIGNED,
				     "The certificate %s is self-signed, and no trust store holds it: every client "
				     "warns or refuses.",
				     subject.text);
	if (audit->pinned || audit->input->ignore_trust || audit->mended_mask != 0)
		finding_set_severity(finding, SEVERITY_INFO);
	finding_set_certificate(finding, leaf);
	if (audit_everybody_accepts(audit) && !audit->input->ignore_trust)
		finding_set_advice(finding, "Nothing is to be done as long as all clients of this server trust this "
					    "very certificate; tell them before it changes.");
	else
		advise_roots(audit, finding, leaf, "have a certificate issued by an authority that the clients trust.");
	buffer_cleanup(&names);
}

static void report_untrusted_root(struct audit *audit, const struct certificate *root)
{
	struct finding *finding = finding_list_add(audit->findings, FINDING_UNTRUSTED_ROOT,
						   "The chain is complete but ends at %s, which no trust store holds: "
						   "only clients that have this root installed "
						   "accept it.",
						   certificate_words_subject(root).text);

	finding_set_certificate(finding, root);
	advise_roots(audit, finding, root, "have the certificate reissued by an authority that the clients trust.");
}

static void report_partly_trusted(struct audit *audit)
{
	uint32_t possible = audit->mended_mask | audit->not_judged_mask;
	uint32_t missing = chain_judge_everybody(&audit->search->judge) & ~possible;
	struct buffer accepting, refusing;

	buffer_init(&accepting, MAX_NAMES_TEXT);
	buffer_init(&refusing, MAX_NAMES_TEXT);
	struct finding *finding = finding_list_add(audit->findings, FINDING_UNTRUSTED_ROOT,
						   "Clients that trust the roots of %s %s the chain, those of %s "
						   "do not: no chain that was found suits both.",
						   store_names(audit, possible, &accepting),
						   audit->not_judged_mask != 0 ? "accept, or may accept," : "accept",
						   store_names(audit, missing, &refusing));
	finding_set_severity(finding, SEVERITY_WARNING);
	if (audit->anchor != NULL)
		finding_set_certificate(finding, audit->anchor);
	finding_set_advice(
	    finding, "Where these clients matter, ask the certificate authority for a cross-signed intermediate that "
		     "leads to a root of theirs, or update their roots.");
	buffer_cleanup(&accepting);
	buffer_cleanup(&refusing);
}

/* Says whether only the root may be missing, which does not count where trust is ignored. A missing issuer of the leaf
 * does. */
static bool may_lack_the_root_alone(const struct audit *audit)
{
	return audit->input->ignore_trust && audit->mended->count > 1;
}

static void report_top_unknown(struct audit *audit)
{
	const struct certificate *end = audit->mended->items[audit->mended->count - 1].certificate;
	bool for_servers = audit_is_complete_for_servers(audit);
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_INCOMPLETE_CHAIN,
	    "The issuer of %s is not known here: where %s is a root, the chain is complete; where it is an "
	    "intermediate, it is missing.",
	    certificate_words_subject(end).text, certificate_words_issuer(end).text);

	finding_set_severity(finding, for_servers ? SEVERITY_INFO : SEVERITY_WARNING);
	finding_set_certificate(finding, end);
	finding_set_advice(finding, "%s",
			   for_servers ? "Bring the root into the cache with `chainmend cache import "
					 "FILE`, and the whole chain is judged."
				       : "Give the root with `--roots FILE`, and the whole chain is judged.");
}

/* Where key identifiers differ, it is another one, whatever its key is. */
static bool may_be_issuer(struct signature_memo *memo, const struct certificate *issuer,
			  const struct certificate *child)
{
	return (issuer->key_bits == 0 && issuer_match_key_id(issuer, child) != KEY_ID_DIFFERS) ||
	       signature_memo_ask(memo, issuer, child) == SIGNATURE_NOT_JUDGED;
}

/* Finds a certificate with the name of the issuer that may be it, and whose key or signature is of an unknown kind. */
static const struct certificate *issuer_of_unknown_kind(struct audit *audit, const struct certificate *child)
{
	struct signature_memo *memo = &audit->search->memo;
	struct issuer_candidates candidates = {0};
	const struct certificate *found = NULL;

	if (failed(issuer_pool_find(&audit->search->pool, child, 0, &candidates)))
		audit->search->budget.out_of_memory = true;
	else
		for (size_t i = 0; i < candidates.count && found == NULL; i++)
			if (may_be_issuer(memo, candidates.items[i].entry.certificate, child))
				found = candidates.items[i].entry.certificate;
	issuer_candidates_cleanup(&candidates);
	return found;
}

static void report_unknown_kind(struct audit *audit, const struct certificate *end, const struct certificate *issuer)
{
	char words[ALGORITHM_WORDS_CHARS];
	bool of_key = issuer->public_key == NULL;

	if (of_key)
		algorithm_key_words(issuer, words);
	else
		algorithm_signature_words(end, words);
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_INCOMPLETE_CHAIN,
	    "The chain cannot be followed beyond %s: %s is known, but %s of a kind that is not supported (%s). So "
	    "it cannot be checked whether it is the issuer, and it is not added.",
	    certificate_words_subject(end).text, certificate_words_subject(issuer).text,
	    of_key ? "its key is" : "the signature that its key would have to verify is", words);

	finding_set_certificate(finding, end);
	finding_set_advice(
	    finding, "Add the issuer to the server's chain file by hand, for the clients that know this kind; or have "
		     "the certificate reissued under an authority with an ordinary RSA or an ECDSA key, which all "
		     "clients know.");
}

/* The authority of that name has, or had, a key that did not issue this certificate. */
static void report_other_key(struct audit *audit, const struct certificate *end, const struct certificate *namesake,
			     bool is_served)
{
	char words[NAMESAKE_WORDS_CHARS], key_id[CERTIFICATE_WORDS_KEY_ID_CHARS];
	bool names_key = issuer_match_key_id(namesake, end) == KEY_ID_DIFFERS;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_INCOMPLETE_CHAIN,
	    "The issuer of %s is missing, so %s cannot follow the chain to a root: a certificate of %s is "
	    "%s, "
	    "but with another key (%s). The authority was renewed with a new key, and its certificate with the key "
	    "that "
	    "issued this one was not found%s.",
	    certificate_words_subject(end).text, audit_peers(audit), certificate_words_issuer(end).text,
	    is_served ? "served" : "known here", namesake_words(namesake, end, words),
	    audit->input->offline ? ", with fetching off" : "");

	certificate_words_key_id(end->authority_key_id, key_id);
	finding_set_certificate(finding, end);
	finding_set_advice(
	    finding,
	    "Ask the authority for its certificate with %s%s (a Windows authority keeps one for each of its "
	    "keys), and %s; or have the server certificate reissued by the authority's present key.",
	    names_key ? "the subject key identifier " : "the key that signed this one", names_key ? key_id : "",
	    is_served ? "send it in place of the one that is served" : "add it to the server's chain file");
}

static void report_incomplete(struct audit *audit)
{
	const struct certificate *end = path_last(&audit->chosen->chain);
	const struct certificate *unknown = issuer_of_unknown_kind(audit, end);
	if (unknown != NULL) {
		report_unknown_kind(audit, end, unknown);
		return;
	}
	bool is_served;
	const struct certificate *namesake = namesake_find(audit, end, &is_served);
	if (namesake != NULL) {
		report_other_key(audit, end, namesake, is_served);
		return;
	}
	const char *fetching = audit->input->offline ? "fetching is off" : "it could not be fetched";
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_INCOMPLETE_CHAIN,
	    "The issuer of %s is missing, so %s cannot follow the chain to a root: %s was not served and is not "
	    "known here, and %s.",
	    certificate_words_subject(end).text, audit_peers(audit), certificate_words_issuer(end).text, fetching);

	finding_set_certificate(finding, end);
	if (audit->input->offline)
		finding_set_advice(finding, "%s, or do this by hand: %s",
				   audit_is_of_command(audit) ? "Leave `--offline` out"
							      : "Allow fetching (`fetch = on`)",
				   finding_code_advice(FINDING_INCOMPLETE_CHAIN, audit->input->reader));
}

/* Returns the certificate at `index` of the path with its root, as it was verified. */
static const struct certificate *certificate_at(const struct chain_candidate *candidate, size_t index)
{
	return index < candidate->chain.count ? candidate->chain.items[index].certificate : candidate->root;
}

static void report_refusal(struct audit *audit, const struct certificate *at_fault, struct path_verdict verdict)
{
	enum finding_code code = chain_audit_code(verdict.fault);

	if (finding_list_has_about(audit->findings, code, FINDING_BIT(SEVERITY_ERROR), at_fault))
		return;
	struct finding *finding =
	    finding_list_add(audit->findings, code, "%s refuse every known path at %s: %s.", audit_peers_first(audit),
			     certificate_words_subject(at_fault).text, verdict.reason);
	finding_set_severity(finding, SEVERITY_ERROR);
	finding_set_certificate(finding, at_fault);
	if (verdict.fault == PATH_WRONG_PURPOSE)
		finding_set_advice(
		    finding, "It is the authority that may not issue for TLS servers: have the server certificate "
			     "issued by another one, or the authority's certificate renewed with serverAuth in its "
			     "extended key usage, or without one.");
	if (at_fault == audit->anchor)
		finding_set_advice(finding,
				   "The root itself is at fault: update the trust store, or have the certificate "
				   "reissued under a root that is in order.");
}

/* Reports why no store accepts a path that is good by itself: the answer of the first store. */
static bool report_stores_refusal(struct audit *audit)
{
	struct audience_verdict verdict;
	struct sent_chain mended = {audit->mended->items, audit->mended->count};

	for (size_t i = 0; i < chain_judge_audiences(&audit->search->judge); i++) {
		chain_judge_ask(&audit->search->judge, mended, i, &verdict);
		if (verdict.answer == AUDIENCE_REFUSES) {
			report_refusal(audit, verdict.path.items[verdict.verdict.index].certificate, verdict.verdict);
			return true;
		}
	}
	return false;
}

static void report_nobody_accepts(struct audit *audit)
{
	const struct chain_candidate *chosen = audit->chosen;

	if (chosen->root == NULL && may_lack_the_root_alone(audit)) {
		report_top_unknown(audit);
		return;
	}
	if (chosen->root == NULL) {
		report_incomplete(audit);
		return;
	}
	bool is_good = chosen->verdict.fault == PATH_GOOD || chosen->verdict.fault == PATH_NOT_JUDGED;
	if (!is_good)
		report_refusal(audit, certificate_at(chosen, chosen->verdict.index), chosen->verdict);
	if (chosen->chain.end == PATH_END_SELF_SIGNED && !audit->input->ignore_trust)
		report_untrusted_root(audit, chosen->root);
	else if (is_good && !report_stores_refusal(audit))
		report_incomplete(audit);
}

static void report_limit(struct audit *audit)
{
	const char *what = audit->search->budget.refused;

	if (what == NULL && audit->plan->over_limit && !audit_everybody_accepts(audit))
		what = "the number or the depth of fetches";
	if (what == NULL)
		return;
	bool hurts = audit->mended_mask == 0 && audit->not_judged_mask == 0 && !audit->self_signed && !audit->pinned;
	struct finding *finding = finding_list_add(audit->findings, FINDING_VERIFICATION_LIMIT,
						   "The search for chains stopped early: %s met its maximum. %s", what,
						   hurts ? "A path that clients accept may exist and was not found."
							 : "A chain was found all the same.");
	if (hurts)
		finding_set_severity(finding, SEVERITY_ERROR);
}

void trust_audit(struct audit *audit)
{
	bool settled = audit->pinned || audit_nobody_refuses(audit);

	if (audit->self_signed)
		report_self_signed(audit);
	else if (!settled && (audit->mended_mask | audit->not_judged_mask) != 0)
		report_partly_trusted(audit);
	else if (!settled && audit->chosen != NULL)
		report_nobody_accepts(audit);
	report_limit(audit);
}
