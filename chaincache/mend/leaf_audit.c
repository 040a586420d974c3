#include "chaincache/mend/leaf_audit.h"

#include "chaincache/certificate/certificate_words.h"

static bool expires_soon(const struct certificate *certificate, int64_t now)
{
	int64_t third = (certificate->not_after - certificate->not_before) / 3;
	int64_t soon = third < EXPIRES_SOON_MAX_S ? third : EXPIRES_SOON_MAX_S;

	return certificate->not_after - now < soon;
}

static struct finding *report(struct audit *audit, enum finding_code code, const char *what)
{
	const struct certificate *leaf = audit_leaf(audit);
	struct finding *finding = finding_list_add(audit->findings, code, "The %s %s %s.", audit_leaf_words(audit),
						   certificate_words_subject(leaf).text, what);

	finding_set_certificate(finding, leaf);
	return finding;
}

static void report_date(struct audit *audit, enum finding_code code, const char *before, int64_t time,
			const char *between, const char *after)
{
	char date[CERTIFICATE_WORDS_DATE_CHARS];
	const struct certificate *leaf = audit_leaf(audit);
	struct finding *finding =
	    finding_list_add(audit->findings, code, "The %s %s %s %s%severy %s refuses it%s.", audit_leaf_words(audit),
			     certificate_words_subject(leaf).text, before, certificate_words_date(time, date), between,
			     audit_peer_words(audit), after);

	finding_set_certificate(finding, leaf);
}

static void report_validity(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);
	unsigned faults = audit->search->leaf_faults;

	if ((faults & LEAF_EXPIRED) != 0)
		report_date(audit, FINDING_LEAF_EXPIRED, "expired on", leaf->not_after, ": ", "");
	else if ((faults & LEAF_NOT_YET_VALID) != 0)
		report_date(audit, FINDING_LEAF_NOT_YET_VALID, "is not valid before", leaf->not_before, ": ",
			    " until then");
	else if (expires_soon(leaf, audit->input->now))
		report_date(audit, FINDING_LEAF_EXPIRES_SOON, "expires on", leaf->not_after,
			    ", which is soon: ", " from then on");
}

static void report_key(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);
	struct finding *finding;

	if (leaf->key_type == KEY_TYPE_RSA)
		finding = finding_list_add(audit->findings, FINDING_WEAK_KEY,
					   "The %s %s has an RSA key of %u bits; today's %ss refuse fewer than 2048.",
					   audit_leaf_words(audit), certificate_words_subject(leaf).text,
					   leaf->key_bits, audit_peer_words(audit));
	else if (leaf->key_type == KEY_TYPE_RSA_PSS)
		finding = finding_list_add(audit->findings, FINDING_WEAK_KEY,
					   "The %s %s has an RSA key that is bound to PSS signatures "
					   "(id-RSASSA-PSS): browsers and "
					   "most other clients refuse this kind of key, and it cannot be used here.",
					   audit_leaf_words(audit), certificate_words_subject(leaf).text);
	else
		finding = finding_list_add(audit->findings, FINDING_WEAK_KEY,
					   "The %s %s has a key of a kind or on a curve that %ss do not know.",
					   audit_leaf_words(audit), certificate_words_subject(leaf).text,
					   audit_peer_words(audit));
	finding_set_certificate(finding, leaf);
}

static void report_client_purpose(struct audit *audit)
{
	struct finding *finding =
	    report(audit, FINDING_WRONG_PURPOSE,
		   "is not for TLS clients (by its extended key usage or key usage): servers refuse it");
	finding_set_advice(finding,
			   "Have a certificate issued whose extended key usage holds clientAuth, or none at all.");
}

/* The extended key usage is the graver fault: where both are wrong, it alone is reported. */
static void report_purpose(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);

	if (audit->input->purpose == PURPOSE_TLS_CLIENT) {
		report_client_purpose(audit);
		return;
	}
	if ((audit->search->leaf_faults & LEAF_WRONG_PURPOSE) != 0) {
		report(audit, FINDING_WRONG_PURPOSE,
		       "is not for TLS servers (by its extended key usage or key usage): clients refuse it");
		return;
	}
	struct finding *finding = report(
	    audit, FINDING_WRONG_PURPOSE,
	    leaf->key_type == KEY_TYPE_RSA
		? "has a key usage without digitalSignature: Java, Chrome and all clients that look at it refuse it, "
		  "but for connections of TLS 1.2 with plain RSA, which few still offer"
		: "has a key usage without digitalSignature, and its key can do nothing else: Java, Chrome and all "
		  "clients that look at it refuse it");
	finding_set_advice(finding,
			   "Have the certificate reissued with digitalSignature in its key usage (a Windows "
			   "authority's template: Request Handling, the purpose \"Signature and encryption\").");
}

void leaf_audit(struct audit *audit)
{
	unsigned faults = audit->search->leaf_faults;

	if (audit->input->key != NULL && !certificate_matches_key(audit_leaf(audit), audit->input->key))
		report(audit, FINDING_KEY_MISMATCH,
		       "does not belong to the private key that was given: no handshake can succeed with the two");
	report_validity(audit);
	if ((faults & (LEAF_WRONG_PURPOSE | LEAF_NOT_FOR_SIGNING)) != 0)
		report_purpose(audit);
	if ((faults & LEAF_WEAK_KEY) != 0)
		report_key(audit);
	/* Nobody checks the signature of a certificate that is its own issuer or its own anchor. */
	if ((faults & LEAF_WEAK_SIGNATURE) != 0 && !audit->self_signed && audit->anchor != audit_leaf(audit))
		report(audit, FINDING_WEAK_SIGNATURE, "is signed with SHA-1 or MD5: today's clients refuse it");
}

static void report_link(struct audit *audit, const struct certificate *link, bool before_leaf)
{
	char date[CERTIFICATE_WORDS_DATE_CHARS], other[CERTIFICATE_WORDS_DATE_CHARS];
	const struct quoted_name subject = certificate_words_subject(link);
	struct finding *finding;

	certificate_words_date(link->not_after, date);
	certificate_words_date(audit_leaf(audit)->not_after, other);
	if (before_leaf && strcmp(date, other) == 0) {
		certificate_words_time(link->not_after, date);
		certificate_words_time(audit_leaf(audit)->not_after, other);
	}
	if (before_leaf)
		finding = finding_list_add(
		    audit->findings, FINDING_LINK_EXPIRES_FIRST,
		    "%s expires on %s, before the %s does (%s), and nothing better is known: %ss refuse "
		    "the chain from then on.",
		    subject.text, date, audit_leaf_words(audit), other, audit_peer_words(audit));
	else
		finding = finding_list_add(
		    audit->findings, FINDING_LINK_EXPIRES_FIRST,
		    "%s expires on %s, which is soon, and nothing better is known: %ss refuse the chain "
		    "from then on.",
		    subject.text, date, audit_peer_words(audit));
	finding_set_certificate(finding, link);
}

static bool outlasts(const struct chain_candidate *candidate, const struct certificate *link)
{
	for (size_t i = 1; i < candidate->chain.count; i++)
		if (candidate->chain.items[i].certificate->not_after <= link->not_after)
			return false;
	return candidate->root == NULL || candidate->root->not_after > link->not_after;
}

/* Another chain, good for as many clients, that lasts longer is taken by itself when this one ends. */
static bool better_is_known(const struct audit *audit, const struct certificate *link)
{
	for (size_t i = 0; i < audit->search->num_candidates; i++) {
		const struct chain_candidate *candidate = &audit->search->candidates[i];
		if (candidate->mask != 0 && (candidate->mask & audit->mended_mask) == audit->mended_mask &&
		    outlasts(candidate, link))
			return true;
	}
	return false;
}

void leaf_audit_links(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);
	int64_t now = audit->input->now;

	for (size_t i = 1; i <= audit->mended->count; i++) {
		const struct certificate *link =
		    i < audit->mended->count ? audit->mended->items[i].certificate : audit->anchor;
		if (link == NULL || certificate_equal(link, leaf) || !certificate_valid_at(link, now))
			continue;
		bool before_leaf = now <= leaf->not_after && link->not_after < leaf->not_after;
		if ((before_leaf || expires_soon(link, now)) && !better_is_known(audit, link))
			report_link(audit, link, before_leaf);
	}
}

void leaf_audit_size(struct audit *audit)
{
	size_t bytes = certificate_list_bytes(audit->mended), max = audit->input->max_chain_bytes;

	if (max > 0 && bytes > max)
		finding_list_add(
		    audit->findings, FINDING_CHAIN_TOO_LARGE,
		    "The mended chain has %zu bytes, more than the maximum of %zu: clients with small buffers "
		    "may refuse it, and handshakes take longer.",
		    bytes, max);
}
