#include "chaincache/mend/fetch_audit.h"

#include <stdio.h>
#include <string.h>

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/fetching/aia.h"
#include "chaincache/files/certificate_file.h"

#define MAX_WHAT_CHARS 128 /* of the words around a detail */
#define MAX_URL_TEXT 200 /* characters of a URL in a message; the finding's own field has all of it */

static enum finding_severity weight(const struct audit *audit)
{
	bool harmless = audit_nobody_refuses(audit) || audit_is_complete_for_servers(audit);
	return harmless ? SEVERITY_INFO : SEVERITY_WARNING;
}

static const struct {
	enum finding_code code;
	const char *what; /* after "from URL", before the detail */
} outcomes[] = {
    [FETCH_FAILED] = {FINDING_FETCH_FAILED, "could not be fetched"},
    [FETCH_REFUSED] = {FINDING_FETCH_REFUSED, "was not fetched"},
    [FETCH_PAUSED] = {FINDING_FETCH_FAILED, "failed a short while ago and was not asked again yet"},
    [FETCH_NOT_A_CERTIFICATE] = {FINDING_FETCH_NOT_A_CERTIFICATE, "does not give a certificate"},
    [FETCH_NOT_JUDGED] = {FINDING_NOT_JUDGED,
			  "gives what may be the issuer and cannot be judged, so that it is not kept"},
    [FETCH_WRONG_ISSUER] = {FINDING_FETCH_WRONG_ISSUER, "does not give the issuer"},
};

/* `rule` is FETCH_ALLOW_LINE and what is to be allowed, with where a redirect led to after it. */
static void advise_allowing(const struct audit *audit, struct finding *finding, const char *rule)
{
	const char *what =
	    strncmp(rule, FETCH_ALLOW_LINE, strlen(FETCH_ALLOW_LINE)) == 0 ? rule + strlen(FETCH_ALLOW_LINE) : "";
	int len = (int)strcspn(what, " ");

	if (len > 0 && audit_is_of_command(audit))
		finding_set_advice(
		    finding,
		    "If this address is right, allow it: `--fetch-allow %.*s` (for `run`, `" FETCH_ALLOW_LINE
		    "%.*s` in the configuration).",
		    len, what, len, what);
	else if (len > 0)
		finding_set_advice(
		    finding, "If this address is right, allow it: `" FETCH_ALLOW_LINE "%.*s` in the configuration.",
		    len, what);
}

/* Names the URL that is refused, which is not the one that redirects. */
static void print_what(const struct audit *audit, const struct fetch_attempt *attempt, char *out, size_t out_size)
{
	const char *rule = audit_is_of_command(audit) ? "--fetch-allow" : "fetch_allow";
	const char *redirect = strstr(attempt->detail, FETCH_REDIRECTED_TO);
	bool refused = attempt->outcome == FETCH_REFUSED;
	bool has_detail = attempt->detail[0] != '\0';

	if (refused && redirect != NULL)
		snprintf(out, out_size,
			 "redirects to %.*s, which was not fetched, because %s does not cover its address",
			 (int)strcspn(redirect + strlen(FETCH_REDIRECTED_TO), ")"),
			 redirect + strlen(FETCH_REDIRECTED_TO), rule);
	else if (refused)
		snprintf(out, out_size, "%s, because %s does not cover its address", outcomes[FETCH_REFUSED].what,
			 rule);
	else
		snprintf(out, out_size, "%s%s%s", outcomes[attempt->outcome].what, has_detail ? ": " : "",
			 has_detail ? attempt->detail : "");
}

static void report_attempt(struct audit *audit, const struct fetch_attempt *attempt)
{
	char what[FETCH_DETAIL_CHARS + MAX_WHAT_CHARS];

	if (attempt->outcome == FETCH_PENDING || attempt->outcome == FETCH_KEPT)
		return;
	print_what(audit, attempt, what, sizeof(what));
	struct finding *finding =
	    finding_list_add(audit->findings, outcomes[attempt->outcome].code, "The issuer of %s: %.*s %s.",
			     certificate_words_subject(attempt->child).text, MAX_URL_TEXT, attempt->url, what);

	finding_set_severity(finding, weight(audit));
	finding_set_certificate(finding, attempt->child);
	finding_set_url(finding, attempt->url);
	if (attempt->outcome == FETCH_NOT_JUDGED)
		finding_set_advice(finding,
				   "If it is the issuer that the certificate authority names, add it to the server's "
				   "chain file by hand: clients that know this kind judge it themselves.");
	if (attempt->outcome == FETCH_REFUSED)
		advise_allowing(audit, finding, attempt->detail);
}

static void report_truncated(struct audit *audit, const struct fetch_attempt *attempt)
{
	if (attempt->num_passed_over == 0)
		return;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_VERIFICATION_LIMIT,
	    "%.*s gives more certificates than are looked at: the first %d were, and %zu were passed over.",
	    MAX_URL_TEXT, attempt->url, CERTIFICATE_FILE_MAX_CERTIFICATES, attempt->num_passed_over);
	finding_set_severity(finding, weight(audit));
	finding_set_certificate(finding, attempt->child);
	finding_set_url(finding, attempt->url);
	finding_set_advice(finding,
			   "Tell the certificate authority that this URL should give the issuer alone; where the "
			   "issuer is among the others, bring it into the cache with `chainmend cache import FILE`.");
}

struct url_counts {
	size_t by_verdict[AIA_URL_OVER_LIMIT + 1];
	const char *passed_over; /* the first URL that cannot be used */
};

static struct url_counts count_urls(const struct certificate *certificate)
{
	struct url_counts counts = {.passed_over = NULL};

	for (size_t i = 0; i < certificate->num_ca_issuer_urls; i++) {
		enum aia_url_verdict verdict = aia_verdict(certificate, i);
		counts.by_verdict[verdict]++;
		if (counts.passed_over == NULL && (verdict == AIA_URL_OTHER_SCHEME || verdict == AIA_URL_MALFORMED))
			counts.passed_over = certificate->ca_issuer_urls[i];
	}
	return counts;
}

static void report_unusable(struct audit *audit, const struct certificate *child, const struct url_counts *counts,
			    enum finding_severity severity)
{
	bool scheme = counts->by_verdict[AIA_URL_OTHER_SCHEME] > 0;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_NO_ISSUER_URL, "%s names %.*s for its issuer, which is passed over: %s.",
	    certificate_words_subject(child).text, MAX_URL_TEXT, counts->passed_over,
	    scheme ? "only http: URLs are fetched" : "the URL is malformed");

	finding_set_severity(finding, severity);
	finding_set_certificate(finding, child);
	finding_set_url(finding, counts->passed_over);
}

static void report_no_url(struct audit *audit, const struct certificate *child)
{
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_NO_ISSUER_URL, "%s %s, so it cannot be fetched.",
	    certificate_words_subject(child).text,
	    child->num_urls_dropped > 0
		? "names a URL for its issuer that is none (it has control characters or characters beyond ASCII in it)"
		: "does not say where its issuer can be had (no caIssuers URL)");

	finding_set_severity(finding, weight(audit));
	finding_set_certificate(finding, child);
}

static bool seen_before(const struct audit *audit, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (certificate_equal(audit->plan->attempts[i].child, audit->plan->attempts[index].child))
			return true;
	return false;
}

/* Reports the URLs of a certificate that were left out. */
static void report_left_out(struct audit *audit, const struct certificate *child)
{
	struct url_counts counts = count_urls(child);
	size_t over = counts.by_verdict[AIA_URL_OVER_LIMIT] + child->num_urls_dropped;

	if (counts.passed_over != NULL)
		report_unusable(audit, child, &counts, SEVERITY_INFO);
	if (over == 0)
		return;
	struct finding *finding =
	    finding_list_add(audit->findings, FINDING_VERIFICATION_LIMIT,
			     "%s names more URLs for its issuer than are asked: %zu were left out (the maximum is %d).",
			     certificate_words_subject(child).text, over, AIA_MAX_URLS);
	finding_set_severity(finding, weight(audit));
	finding_set_certificate(finding, child);
}

static void report_dead_end(struct audit *audit)
{
	const struct certificate *end = path_last(&audit->chosen->chain);
	struct url_counts counts = count_urls(end);

	if (counts.by_verdict[AIA_URL_USABLE] > 0)
		return;
	if (counts.passed_over != NULL)
		report_unusable(audit, end, &counts, weight(audit));
	else
		report_no_url(audit, end);
}

void fetch_audit(struct audit *audit)
{
	bool dead =
	    audit->chosen != NULL && audit->chosen->root == NULL && audit->mended_mask == 0 && !audit->self_signed;

	if (audit->pinned)
		return;
	for (size_t i = 0; i < audit->plan->num_attempts; i++) {
		report_attempt(audit, &audit->plan->attempts[i]);
		report_truncated(audit, &audit->plan->attempts[i]);
		if (!seen_before(audit, i))
			report_left_out(audit, audit->plan->attempts[i].child);
	}
	if (dead)
		report_dead_end(audit);
}
