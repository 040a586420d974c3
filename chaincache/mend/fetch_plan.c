#include "chaincache/mend/fetch_plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/certificate/issuer_match.h"
#include "chaincache/fetching/aia.h"
#include "chaincache/files/certificate_file.h"

struct error fetch_plan_init(struct fetch_plan *plan, struct signature_memo *memo)
{
	*plan = (struct fetch_plan){.memo = memo, .store = issuer_store_new()};
	return plan->store != NULL ? error_none() : error_of(ERROR_MEMORY, 0, "plan fetches");
}

void fetch_plan_cleanup(struct fetch_plan *plan)
{
	for (size_t i = 0; i < plan->num_attempts; i++) {
		free(plan->attempts[i].url);
		certificate_unref(plan->attempts[i].child);
	}
	for (size_t i = 0; i < plan->num_kept; i++)
		certificate_unref(plan->kept[i].certificate);
	free(plan->kept);
	free(plan->kept_depth);
	issuer_store_unref(plan->store);
	*plan = (struct fetch_plan){0};
}

static unsigned depth_of(const struct fetch_plan *plan, const struct certificate *certificate)
{
	for (size_t i = 0; i < plan->num_kept; i++)
		if (certificate_equal(plan->kept[i].certificate, certificate))
			return plan->kept_depth[i];
	return 0;
}

static bool asked(const struct fetch_plan *plan, const char *url, const struct certificate *child)
{
	for (size_t i = 0; i < plan->num_attempts; i++)
		if (strcmp(plan->attempts[i].url, url) == 0 && certificate_equal(plan->attempts[i].child, child))
			return true;
	return false;
}

static void open_request(struct fetch_plan *plan, const char *url, const struct certificate *child)
{
	if (plan->num_attempts == MEND_MAX_FETCHES || depth_of(plan, child) >= MEND_MAX_FETCH_DEPTH) {
		plan->over_limit = true;
		return;
	}
	char *copy = strdup(url);
	if (copy == NULL) {
		plan->memo->budget->out_of_memory = true;
		return;
	}
	plan->attempts[plan->num_attempts] =
	    (struct fetch_attempt){.url = copy, .child = certificate_ref(child), .outcome = FETCH_PENDING};
	plan->requests[plan->num_requests] = (struct mend_request){copy, child};
	plan->request_attempt[plan->num_requests++] = plan->num_attempts++;
}

/* Returns the usable URL of `child` with the number `rank`; NULL where it has fewer. */
static const char *usable_url(const struct certificate *child, size_t rank)
{
	for (size_t i = 0; i < child->num_ca_issuer_urls; i++)
		if (aia_verdict(child, i) == AIA_URL_USABLE && rank-- == 0)
			return child->ca_issuer_urls[i];
	return NULL;
}

size_t fetch_plan_ask(struct fetch_plan *plan, const struct certificate *const *children, size_t num_children)
{
	plan->num_requests = 0;
	for (size_t rank = 0; rank < AIA_MAX_URLS; rank++)
		for (size_t i = 0; i < num_children; i++) {
			const char *url = usable_url(children[i], rank);
			if (url != NULL && !asked(plan, url, children[i]))
				open_request(plan, url, children[i]);
		}
	return plan->num_requests;
}

bool fetch_plan_pending(const struct fetch_plan *plan)
{
	for (size_t i = 0; i < plan->num_requests; i++)
		if (plan->attempts[plan->request_attempt[i]].outcome == FETCH_PENDING)
			return true;
	return false;
}

static struct fetch_attempt *pending_attempt(struct fetch_plan *plan, size_t index)
{
	if (index >= plan->num_requests)
		return NULL;
	struct fetch_attempt *attempt = &plan->attempts[plan->request_attempt[index]];
	return attempt->outcome == FETCH_PENDING ? attempt : NULL;
}

void fetch_plan_give_failure(struct fetch_plan *plan, size_t index, enum fetch_failure failure, const char *detail)
{
	static const enum fetch_outcome outcomes[] = {
	    [FETCH_FAILURE_NETWORK] = FETCH_FAILED,
	    [FETCH_FAILURE_REFUSED] = FETCH_REFUSED,
	    [FETCH_FAILURE_PAUSED] = FETCH_PAUSED,
	};
	struct fetch_attempt *attempt = pending_attempt(plan, index);

	if (attempt == NULL)
		return;
	attempt->outcome = outcomes[failure];
	snprintf(attempt->detail, sizeof(attempt->detail), "%s", detail != NULL ? detail : "");
}

static bool is_issuer(struct fetch_plan *plan, const struct certificate *issuer, const struct certificate *child)
{
	return issuer_match_names(issuer, child) && issuer->is_ca && issuer->may_sign_certificates &&
	       signature_memo_verifies(plan->memo, issuer, child);
}

static bool keep(struct fetch_plan *plan, const struct certificate *certificate, const char *url, unsigned depth)
{
	struct fetched_issuer *kept = realloc(plan->kept, (plan->num_kept + 1) * sizeof(*kept));
	if (kept != NULL)
		plan->kept = kept;
	unsigned *depths = realloc(plan->kept_depth, (plan->num_kept + 1) * sizeof(*depths));
	if (depths != NULL)
		plan->kept_depth = depths;
	if (kept == NULL || depths == NULL || failed(issuer_store_add(plan->store, certificate, SOURCE_FETCHED))) {
		plan->memo->budget->out_of_memory = true;
		return false;
	}
	plan->kept[plan->num_kept] = (struct fetched_issuer){certificate_ref(certificate), url};
	plan->kept_depth[plan->num_kept++] = depth;
	return true;
}

/* Keeps the issuers of `child`, then the issuers of those, until the body holds no further one. */
static bool keep_issuers(struct fetch_plan *plan, const struct fetch_attempt *attempt,
			 const struct certificate_list *body)
{
	const struct certificate *wanted[CERTIFICATE_FILE_MAX_CERTIFICATES + 1] = {attempt->child};
	size_t num_wanted = 1;
	unsigned depth = depth_of(plan, attempt->child) + 1;
	bool found = false;

	for (size_t w = 0; w < num_wanted; w++)
		for (size_t i = 0; i < body->count && num_wanted <= CERTIFICATE_FILE_MAX_CERTIFICATES; i++) {
			const struct certificate *issuer = body->items[i].certificate;
			if (issuer_store_contains(plan->store, issuer)) {
				found = found || (w == 0 && is_issuer(plan, issuer, wanted[0]));
				continue;
			}
			if (!is_issuer(plan, issuer, wanted[w]) || !keep(plan, issuer, attempt->url, depth))
				continue;
			found = true;
			wanted[num_wanted++] = issuer;
		}
	return found;
}

/* Finds the first certificate that may be the issuer and cannot be judged; NULL: none. */
static const struct certificate *find_possible_issuer(struct fetch_plan *plan, const struct fetch_attempt *attempt,
						      const struct certificate_list *body)
{
	for (size_t i = 0; i < body->count; i++)
		if (issuer_match_names(body->items[i].certificate, attempt->child) &&
		    signature_memo_ask(plan->memo, body->items[i].certificate, attempt->child) == SIGNATURE_NOT_JUDGED)
			return body->items[i].certificate;
	return NULL;
}

static void explain_not_judged(struct fetch_attempt *attempt, const struct certificate *came)
{
	snprintf(attempt->detail, sizeof(attempt->detail), "%s: %s", certificate_words_subject(came).text,
		 issuer_mismatch_name(issuer_match(came, attempt->child)));
}

static void explain_wrong_issuer(struct fetch_attempt *attempt, const struct certificate_list *body)
{
	const struct certificate *came = body->items[0].certificate;
	const char *why = issuer_mismatch_name(issuer_match(came, attempt->child));

	if (body->count == 1)
		snprintf(attempt->detail, sizeof(attempt->detail), "it gives %s: %s",
			 certificate_words_subject(came).text, why);
	else
		snprintf(attempt->detail, sizeof(attempt->detail), "none of the %zu certificates that it gives is one",
			 body->count);
}

void fetch_plan_give_body(struct fetch_plan *plan, size_t index, struct bytes body)
{
	struct fetch_attempt *attempt = pending_attempt(plan, index);
	struct certificate_file_options options = {.source = SOURCE_FETCHED, .pass_over_unreadable = true};
	struct certificate_file file = {0};
	const struct certificate *possible;

	if (attempt == NULL)
		return;
	struct error error = certificate_file_parse(body, &options, &file);
	if (error.kind == ERROR_MEMORY)
		plan->memo->budget->out_of_memory = true;
	if (failed(error)) {
		attempt->outcome = FETCH_NOT_A_CERTIFICATE;
		error_print(error, attempt->detail, sizeof(attempt->detail));
		return;
	}
	attempt->num_passed_over = file.num_passed_over;
	if (file.certificates.count == 0) {
		attempt->outcome = FETCH_NOT_A_CERTIFICATE;
		snprintf(attempt->detail, sizeof(attempt->detail), "there is no certificate in it");
	} else if (keep_issuers(plan, attempt, &file.certificates)) {
		attempt->outcome = FETCH_KEPT;
	} else if ((possible = find_possible_issuer(plan, attempt, &file.certificates)) != NULL) {
		attempt->outcome = FETCH_NOT_JUDGED;
		explain_not_judged(attempt, possible);
	} else {
		attempt->outcome = FETCH_WRONG_ISSUER;
		explain_wrong_issuer(attempt, &file.certificates);
	}
	certificate_file_cleanup(&file);
}

const char *fetch_plan_url_of(const struct fetch_plan *plan, const struct certificate *certificate)
{
	for (size_t i = 0; i < plan->num_kept; i++)
		if (certificate_equal(plan->kept[i].certificate, certificate))
			return plan->kept[i].url;
	return NULL;
}
