/* audit - a finished mend, as the audits read it to write findings: chain_audit (served against mended),
 * stranger_audit (served certificates that do not belong to the chain), client_audit (refused by some clients alone),
 * trust_audit (where the mended chain ends), leaf_audit (validity, key, sizes), judgement_audit (what cannot be
 * judged), revocation_audit, and fetch_audit (failed fetches).
 */
#ifndef CHAINCACHE_MEND_AUDIT_H
#define CHAINCACHE_MEND_AUDIT_H

#include "chaincache/mend/fetch_plan.h"
#include "chaincache/mend/finding.h"
#include "chaincache/mend/mend_input.h"
#include "chaincache/paths/chain_search.h"
#include "chaincache/revocation/ocsp_response.h"

/* The revocation of the leaf alone. */
struct leaf_revocation {
	struct revocation_answer crl;
	bool has_staple;
	struct ocsp_verdict staple; /* where has_staple */
	bool lacks_staple; /* it demands one, and the server was asked and sends none */
};

/* All borrowed. */
struct audit {
	const struct mend_input *input;
	struct chain_search *search; /* asked again through its memo alone */
	const struct fetch_plan *plan;
	const struct certificate_list *served;
	const struct certificate_list *mended;
	const struct chain_candidate *chosen; /* NULL: the served chain stays as it is */
	const struct certificate *anchor; /* NULL: none is known */
	uint32_t mended_mask; /* the audiences that accept the mended chain, the leaf's own faults apart */
	uint32_t not_judged_mask; /* the audiences that cannot be judged here */
	const struct leaf_revocation *leaf_revocation;
	bool self_signed; /* the leaf is its own issuer */
	bool pinned; /* the leaf's key is trusted as it is */
	struct finding_list *findings;
};

static inline const struct certificate *audit_leaf(const struct audit *audit)
{
	return audit->served->items[0].certificate;
}

/* The words for the leaf, and for those that it is shown to. */
static inline const char *audit_leaf_words(const struct audit *audit)
{
	return audit->input->purpose == PURPOSE_TLS_CLIENT ? "client certificate" : "server certificate";
}

static inline const char *audit_peer_words(const struct audit *audit)
{
	return audit->input->purpose == PURPOSE_TLS_CLIENT ? "server" : "client";
}

/* Who shows the leaf. */
static inline const char *audit_owner_words(const struct audit *audit)
{
	return audit->input->purpose == PURPOSE_TLS_CLIENT ? "client" : "server";
}

static inline const char *audit_peers(const struct audit *audit)
{
	return audit->input->purpose == PURPOSE_TLS_CLIENT ? "servers" : "clients";
}

/* At the start of a sentence. */
static inline const char *audit_peers_first(const struct audit *audit)
{
	return audit->input->purpose == PURPOSE_TLS_CLIENT ? "Servers" : "Clients";
}

static inline bool audit_is_of_command(const struct audit *audit)
{
	return audit->input->reader == FINDING_OF_COMMAND;
}

/* Says whether only the root is missing of what a TLS client sends: the servers that it is for have the root. */
static inline bool audit_is_complete_for_servers(const struct audit *audit)
{
	return audit->input->purpose == PURPOSE_TLS_CLIENT && audit->mended->count > 1;
}

static inline bool audit_everybody_accepts(const struct audit *audit)
{
	return audit->mended_mask == chain_judge_everybody(&audit->search->judge);
}

/* Nobody is known to refuse the mended chain. */
static inline bool audit_nobody_refuses(const struct audit *audit)
{
	return (audit->mended_mask | audit->not_judged_mask) == chain_judge_everybody(&audit->search->judge);
}

/* audit_is_root says whether it is the anchor of the mended chain, or signed by its own key. */
bool audit_is_root(const struct audit *audit, const struct certificate *certificate);

/* audit_report_removed reports a served certificate that the mended chain does without. `what` ends the sentence that
 * begins with its name. */
void audit_report_removed(struct audit *audit, enum finding_code code, const struct certificate *certificate,
			  const char *what);

#endif
