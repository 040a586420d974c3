#include "chaincache/mend/mend.h"

#include <stdlib.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/mend/audit.h"
#include "chaincache/mend/chain_audit.h"
#include "chaincache/mend/client_audit.h"
#include "chaincache/mend/coverage.h"
#include "chaincache/mend/fetch_audit.h"
#include "chaincache/mend/judgement_audit.h"
#include "chaincache/mend/leaf_audit.h"
#include "chaincache/mend/mend_result.h"
#include "chaincache/mend/revocation_audit.h"
#include "chaincache/mend/trust_audit.h"

#define MAX_WANTED 64 /* certificates whose issuers are asked for at once */

struct mend {
	struct mend_input input; /* with the copies below in it */
	struct certificate_list served;
	struct certificate_list extra;
	struct host_name *names;
	uint8_t pin[SHA256_BYTES];
	bool truncated; /* more certificates were given than are taken */
	enum mend_state state;
	struct chain_search search;
	struct fetch_plan plan;
	struct leaf_revocation leaf_revocation;
	struct certificate_list spare_served, spare_mended; /* for the result, where memory runs out */
	struct mend_result result;
};

/* Takes at most as many certificates as one peer or one file may give. */
static struct error take_list(struct mend *mend, const struct certificate_list *from, struct certificate_list *out)
{
	struct error error = error_none();

	for (size_t i = 0; from != NULL && i < from->count && !failed(error); i++) {
		if (i == CERTIFICATE_FILE_MAX_CERTIFICATES) {
			mend->truncated = true;
			break;
		}
		error = certificate_list_append(out, from->items[i].certificate, from->items[i].source);
	}
	return error;
}

static struct error copy_names(struct mend *mend, const struct mend_input *input)
{
	mend->input.names = NULL;
	mend->input.num_names = 0;
	if (input->names == NULL || input->num_names == 0)
		return error_none();
	if (input->num_names > MEND_MAX_NAMES)
		return error_of(ERROR_LIMIT, 0, "more than 1000 names to be judged");
	mend->names = malloc(input->num_names * sizeof(*mend->names));
	if (mend->names == NULL)
		return error_of(ERROR_MEMORY, 0, "copy names");
	memcpy(mend->names, input->names, input->num_names * sizeof(*mend->names));
	mend->input.names = mend->names;
	mend->input.num_names = input->num_names;
	return error_none();
}

static struct error check_input(const struct mend_input *input)
{
	if (input->served == NULL || input->served->count == 0)
		return error_of(ERROR_USAGE, 0, "there is no certificate to mend a chain for");
	if (!input->ignore_trust && (input->stores == NULL || trust_store_set_count(input->stores) == 0))
		return error_of(ERROR_USAGE, 0, "there is no trust store to judge a chain by");
	return error_none();
}

struct error mend_new(const struct mend_input *input, struct mend **out)
{
	struct error error = check_input(input);
	if (failed(error))
		return error;
	struct mend *mend = calloc(1, sizeof(*mend));
	if (mend == NULL)
		return error_of(ERROR_MEMORY, 0, "begin a mend");

	mend->input = *input;
	mend->state = MEND_WANT_URLS;
	error = take_list(mend, input->served, &mend->served);
	if (!failed(error))
		error = take_list(mend, input->extra, &mend->extra);
	if (!failed(error))
		error = certificate_list_copy(&mend->spare_served, &mend->served);
	if (!failed(error))
		error = certificate_list_copy(&mend->spare_mended, &mend->served);
	if (!failed(error))
		error = copy_names(mend, input);
	if (!failed(error))
		error = fetch_plan_init(&mend->plan, &mend->search.memo);
	if (failed(error)) {
		mend_free(mend);
		return error;
	}
	mend->input.served = &mend->served;
	mend->input.extra = &mend->extra;
	if (input->pin != NULL) {
		memcpy(mend->pin, input->pin, SHA256_BYTES);
		mend->input.pin = mend->pin;
	}
	struct issuer_pool pool = {.served = &mend->served,
				   .extra = &mend->extra,
				   .fetched = mend->plan.store,
				   .cache = input->cache,
				   .stores = input->stores,
				   .purpose = input->purpose,
				   .now = input->now};
	chain_search_init(&mend->search, &pool, input->ignore_trust);
	mend->search.revocation.crls = input->crls;
	if (input->ignores_key_usage)
		mend->search.leaf_faults &= ~(unsigned)LEAF_NOT_FOR_SIGNING;
	*out = mend;
	return error_none();
}

void mend_free(struct mend *mend)
{
	if (mend == NULL)
		return;
	mend_result_cleanup(&mend->result);
	chain_search_cleanup(&mend->search);
	fetch_plan_cleanup(&mend->plan);
	certificate_list_cleanup(&mend->served);
	certificate_list_cleanup(&mend->extra);
	certificate_list_cleanup(&mend->spare_served);
	certificate_list_cleanup(&mend->spare_mended);
	free(mend->names);
	free(mend);
}

static const struct certificate *leaf_of(const struct mend *mend)
{
	return mend->served.items[0].certificate;
}

static bool is_pinned(const struct mend *mend)
{
	return mend->input.pin != NULL && memcmp(mend->input.pin, leaf_of(mend)->spki_sha256, SHA256_BYTES) == 0;
}

/* Returns the certificate whose issuer might lead further than this candidate does; NULL when there is none. */
static const struct certificate *wanted_by(const struct chain_candidate *candidate)
{
	const struct path *chain = &candidate->chain;
	size_t index = candidate->verdict.index;

	if (candidate->root == NULL)
		return path_last(chain);
	if (certificate_equal(candidate->root, path_leaf(chain)))
		return NULL;
	if (candidate->verdict.fault == PATH_GOOD || candidate->verdict.fault == PATH_NOT_JUDGED)
		return path_last(chain);
	/* Another issuer in place of the one at fault; a key identifier or a name is the fault of the child. */
	return chain->items[index > 0 ? index - 1 : 0].certificate;
}

/* Ranks dead ends first, then refused chains, then those to a root that not every store trusts. */
static int urgency(const struct chain_candidate *candidate)
{
	if (candidate->root == NULL)
		return 0;
	return candidate->verdict.fault != PATH_GOOD && candidate->verdict.fault != PATH_NOT_JUDGED ? 1 : 2;
}

static bool listed(const struct certificate *const *wanted, size_t count, const struct certificate *certificate)
{
	for (size_t i = 0; i < count; i++)
		if (certificate_equal(wanted[i], certificate))
			return true;
	return false;
}

static size_t ask(struct mend *mend)
{
	const struct certificate *wanted[MAX_WANTED];
	size_t count = 0;

	for (int turn = 0; turn <= 2; turn++)
		for (size_t i = 0; i < mend->search.num_candidates && count < MAX_WANTED; i++) {
			const struct chain_candidate *candidate = &mend->search.candidates[i];
			const struct certificate *child = urgency(candidate) == turn ? wanted_by(candidate) : NULL;
			if (child != NULL && !listed(wanted, count, child))
				wanted[count++] = child;
		}
	return fetch_plan_ask(&mend->plan, wanted, count);
}

static bool may_ask(struct mend *mend)
{
	struct audience_masks masks = chain_search_masks(&mend->search, chain_search_best(&mend->search));

	/* More certificates do not help to judge a key or signature of an unknown kind. */
	return !mend->input.offline && !mend->search.budget.out_of_memory && !is_pinned(mend) &&
	       (masks.accept | masks.not_judged) != chain_judge_everybody(&mend->search.judge) &&
	       !chain_search_self_signed(&mend->search);
}

static void audit_all(struct mend *mend)
{
	struct mend_result *result = &mend->result;
	const struct chain_candidate *chosen = chain_search_best(&mend->search);
	struct audience_masks masks = chain_search_masks(&mend->search, chosen);
	struct audit audit = {
	    .input = &mend->input,
	    .search = &mend->search,
	    .plan = &mend->plan,
	    .served = &mend->served,
	    .mended = &result->mended,
	    .chosen = chosen,
	    .anchor = result->anchor,
	    .mended_mask = masks.accept,
	    .not_judged_mask = masks.not_judged,
	    .leaf_revocation = &mend->leaf_revocation,
	    .self_signed = chain_search_self_signed(&mend->search),
	    .pinned = is_pinned(mend),
	    .findings = &result->findings,
	};

	result->findings.reader = mend->input.reader;
	leaf_audit(&audit);
	client_audit(&audit);
	judgement_audit(&audit);
	revocation_audit(&audit);
	chain_audit(&audit);
	trust_audit(&audit);
	leaf_audit_links(&audit);
	leaf_audit_size(&audit);
	fetch_audit(&audit);
	if (mend->truncated)
		finding_list_add(&result->findings, FINDING_VERIFICATION_LIMIT,
				 "More than %d certificates were given: the rest was not looked at.",
				 CERTIFICATE_FILE_MAX_CERTIFICATES);
	coverage_judge(leaf_of(mend), mend->input.names, result->num_names, result->names, &result->findings);
}

/* Says whether the result is void: a failed allocation may look like a signature that does not verify. */
static bool ran_out_of_memory(const struct mend *mend)
{
	return mend->search.budget.out_of_memory || mend->search.revocation.out_of_memory ||
	       mend->leaf_revocation.staple.out_of_memory || !finding_list_is_whole(&mend->result.findings);
}

static void finish(struct mend *mend)
{
	mend->leaf_revocation = revocation_audit_leaf(&mend->search, &mend->input);
	if (revocation_audit_is_revoked(&mend->leaf_revocation))
		mend->search.leaf_faults |= LEAF_REVOKED;
	struct error error = mend_result_fill(&mend->result, &mend->search, &mend->plan, &mend->input, is_pinned(mend));
	if (!failed(error))
		audit_all(mend);
	if (failed(error) || ran_out_of_memory(mend))
		mend_result_fail(&mend->result, error_of(ERROR_MEMORY, 0, "mend a chain"), &mend->spare_served,
				 &mend->spare_mended);
	mend->state = MEND_DONE;
}

enum mend_state mend_advance(struct mend *mend)
{
	if (mend->state == MEND_DONE || fetch_plan_pending(&mend->plan))
		return mend->state;
	chain_search_run(&mend->search);
	if (may_ask(mend) && ask(mend) > 0)
		return mend->state;
	finish(mend);
	return mend->state;
}

const struct mend_request *mend_requests(const struct mend *mend, size_t *out_count)
{
	*out_count = mend->state == MEND_WANT_URLS ? mend->plan.num_requests : 0;
	return mend->plan.requests;
}

void mend_give_body(struct mend *mend, size_t index, struct bytes body)
{
	fetch_plan_give_body(&mend->plan, index, body);
}

void mend_give_failure(struct mend *mend, size_t index, enum fetch_failure failure, const char *detail)
{
	fetch_plan_give_failure(&mend->plan, index, failure, detail);
}

const struct mend_result *mend_result(const struct mend *mend)
{
	return &mend->result;
}

struct finding_list *mend_findings(struct mend *mend)
{
	return &mend->result.findings;
}

static bool any_store_refuses_served(const struct mend_result *result)
{
	for (size_t i = 0; i < result->num_stores; i++)
		if (!result->stores[i].served_trusted)
			return true;
	return !result->served_trusted;
}

int mend_exit_status(const struct mend_result *result, bool strict)
{
	enum finding_severity worst = finding_list_worst(&result->findings);

	if (failed(result->error))
		return 3;
	if (worst == SEVERITY_ERROR || (strict && any_store_refuses_served(result)))
		return 2;
	return worst == SEVERITY_FIXED ? 1 : 0;
}
