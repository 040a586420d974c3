#include "chaincache/mend/judgement_audit.h"

#include <stdio.h>

#include "chaincache/certificate/algorithm.h"
#include "chaincache/certificate/certificate_words.h"

#define MAX_DOUBTS ((size_t)2 * MEND_MAX_DEPTH)

/* The parts of one certificate that cannot be judged. */
struct doubt {
	const struct certificate *certificate;
	bool key;
	bool signature;
};

struct doubts {
	struct doubt items[MAX_DOUBTS];
	size_t count;
};

static void doubt(struct doubts *doubts, const struct certificate *certificate, bool key, bool signature)
{
	size_t i = 0;

	while (i < doubts->count && !certificate_equal(doubts->items[i].certificate, certificate))
		i++;
	if (i == MAX_DOUBTS)
		return;
	if (i == doubts->count)
		doubts->items[doubts->count++] = (struct doubt){.certificate = certificate};
	doubts->items[i].key = doubts->items[i].key || key;
	doubts->items[i].signature = doubts->items[i].signature || signature;
}

/* The key of the issuer is named where it is of an unknown kind, else the signature. */
static void look_at_link(struct audit *audit, const struct certificate *child, const struct certificate *issuer,
			 struct doubts *doubts)
{
	if (signature_memo_ask(&audit->search->memo, issuer, child) != SIGNATURE_NOT_JUDGED)
		return;
	if (issuer->public_key == NULL)
		doubt(doubts, issuer, true, false);
	else
		doubt(doubts, child, false, true);
}

static void look_at_path(struct audit *audit, const struct path *path, struct doubts *doubts)
{
	for (size_t i = 0; i + 1 < path->count; i++)
		look_at_link(audit, path->items[i].certificate, path->items[i + 1].certificate, doubts);
}

static void look_at_audiences(struct audit *audit, struct doubts *doubts)
{
	struct audience_verdict verdict;
	struct sent_chain mended = {audit->mended->items, audit->mended->count};

	for (size_t i = 0; i < chain_judge_audiences(&audit->search->judge); i++) {
		if ((audit->not_judged_mask >> i & 1) == 0)
			continue;
		chain_judge_ask(&audit->search->judge, mended, i, &verdict);
		look_at_path(audit, &verdict.path, doubts);
	}
}

/* Looks at the chosen path as it was found, a dead end too. */
static void look_at_chosen(struct audit *audit, struct doubts *doubts)
{
	const struct chain_candidate *chosen = audit->chosen;

	if (chosen == NULL || audit_everybody_accepts(audit))
		return;
	look_at_path(audit, &chosen->chain, doubts);
	if (chosen->root != NULL && !path_contains(&chosen->chain, chosen->root))
		look_at_link(audit, path_last(&chosen->chain), chosen->root, doubts);
}

static void report(struct audit *audit, const struct doubt *about)
{
	char key[ALGORITHM_WORDS_CHARS] = "", signature[ALGORITHM_WORDS_CHARS] = "";

	if (about->key)
		algorithm_key_words(about->certificate, key);
	if (about->signature)
		algorithm_signature_words(about->certificate, signature);
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_NOT_JUDGED,
	    "%s cannot be judged here: its %s%s%s%s%s, which is not supported. %s: "
	    "%s that know this kind judge it themselves, and the others refuse the chain.",
	    certificate_words_subject(about->certificate).text, about->key ? "key is of the kind " : "", key,
	    about->key && about->signature ? ", and its " : "", about->signature ? "signature is of the kind " : "",
	    signature,
	    certificate_list_contains(audit->mended, about->certificate) ? "It stays in its place"
									 : "The chain to it is sent as it is",
	    audit_peers(audit));
	finding_set_certificate(finding, about->certificate);
}

void judgement_audit(struct audit *audit)
{
	struct doubts doubts = {.count = 0};

	/* client_audit says of a server's key that it cannot be judged: one fact, one finding. */
	if ((audit->search->leaf_faults & LEAF_KEY_NOT_JUDGED) != 0 &&
	    !finding_list_has_about(audit->findings, FINDING_KEY_UNSUPPORTED, FINDING_ANY_SEVERITY, audit_leaf(audit)))
		doubt(&doubts, audit_leaf(audit), true, false);
	look_at_audiences(audit, &doubts);
	look_at_chosen(audit, &doubts);
	for (size_t i = 0; i < doubts.count; i++)
		report(audit, &doubts.items[i]);
}
