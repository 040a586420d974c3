#include "chaincache/revocation/revocation.h"

#include <stdio.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/revocation/revocation_reason.h"

#define MAX_PATH_TEXT 100 /* characters of a file's name in a message */

enum signature_verdict { SIGNATURE_GOOD, SIGNATURE_BAD, SIGNATURE_NOT_ASKED };

/* The place of a CRL among those of its issuer: the latest first, those of one moment as they were given. */
struct turn {
	int64_t this_update;
	size_t position;
};

/* A walk through the CRLs that can be used for a certificate but for their signatures, from the latest on. */
struct walk {
	struct revocation *revocation;
	const struct certificate *certificate;
	const struct certificate *issuer;
	bool deltas; /* the delta CRLs, in place of the others */
	struct turn turn; /* of the last one */
};

static enum signature_verdict check_signature(struct revocation *revocation, const struct crl *crl,
					      const struct certificate *issuer)
{
	for (size_t i = 0; i < revocation->num_signatures; i++) {
		const struct remembered_signature *known = &revocation->signatures[i];
		if (known->crl == crl && memcmp(known->key, issuer->spki_sha256, SHA256_BYTES) == 0)
			return known->verifies ? SIGNATURE_GOOD : SIGNATURE_BAD;
	}
	if (revocation->num_signatures == REVOCATION_MAX_SIGNATURE_CHECKS)
		return SIGNATURE_NOT_ASKED;
	struct remembered_signature *answer = &revocation->signatures[revocation->num_signatures++];
	answer->crl = crl;
	memcpy(answer->key, issuer->spki_sha256, SHA256_BYTES);
	answer->verifies = signed_data_verifies(&crl->signed_data, issuer, &revocation->out_of_memory);
	return answer->verifies ? SIGNATURE_GOOD : SIGNATURE_BAD;
}

static bool may_sign_crls(const struct certificate *issuer)
{
	return (X509_get_key_usage(issuer->x509) & X509v3_KU_CRL_SIGN) !=
	       0; /* all bits where the extension is absent */
}

/* Says whether the CRL can be used for the certificate as far as it says itself; if not, the first reason why not. */
static bool is_applicable(const struct walk *walk, const struct crl *crl, enum revocation_obstacle *out_obstacle)
{
	int64_t now = walk->revocation->now;

	*out_obstacle = OBSTACLE_REFUSED;
	if (crl->refused != NULL)
		return false;
	*out_obstacle = OBSTACLE_DELTA;
	if (crl->is_delta != walk->deltas)
		return false;
	*out_obstacle = OBSTACLE_NOT_COVERED;
	if (!crl_scope_covers(&crl->scope, walk->certificate))
		return false;
	*out_obstacle = OBSTACLE_NO_END;
	if (!crl->has_next_update)
		return false;
	*out_obstacle = OBSTACLE_NOT_YET;
	if (now < crl->this_update)
		return false;
	*out_obstacle = OBSTACLE_STALE;
	if (now > crl->next_update)
		return false;
	*out_obstacle = OBSTACLE_MAY_NOT_SIGN;
	return may_sign_crls(walk->issuer);
}

static struct walk begin_walk(struct revocation *revocation, const struct certificate *certificate,
			      const struct certificate *issuer, bool deltas)
{
	return (struct walk){revocation, certificate, issuer, deltas, {INT64_MAX, 0}};
}

static bool is_before(struct turn a, struct turn b)
{
	return a.this_update != b.this_update ? a.this_update > b.this_update : a.position < b.position;
}

/* Returns the next CRL; NULL at the end. */
static const struct crl *next_by_time(struct walk *walk)
{
	const struct crl *crl, *next = NULL;
	struct turn next_turn = walk->turn;
	enum revocation_obstacle obstacle;
	size_t cursor = 0;

	for (size_t i = 1; (crl = crl_store_next(walk->revocation->crls, walk->certificate, &cursor)) != NULL; i++) {
		struct turn its = {crl->this_update, i};
		if (!is_before(walk->turn, its) || (next != NULL && !is_before(its, next_turn)) ||
		    !is_applicable(walk, crl, &obstacle))
			continue;
		next = crl;
		next_turn = its;
	}
	walk->turn = next_turn;
	return next;
}

/* Takes the worse answer of two CRLs of the same moment. */
static void take_usable(struct revocation_answer *answer, const struct crl *crl, const struct certificate *certificate)
{
	struct revocation_answer fresh = {.status = REVOCATION_GOOD, .crl = crl};

	if (crl_lists(crl, certificate, &fresh.revocation))
		fresh.status = REVOCATION_REVOKED;
	if (fresh.status > answer->status)
		*answer = fresh;
}

static void take_unusable(struct revocation_answer *answer, const struct crl *crl, enum revocation_obstacle obstacle)
{
	if (answer->status != REVOCATION_UNKNOWN || obstacle < answer->obstacle)
		return;
	if (answer->crl != NULL && obstacle == answer->obstacle && crl->this_update <= answer->crl->this_update)
		return;
	answer->obstacle = obstacle;
	answer->crl = crl;
}

/* Says whether the answer is final: neither `crl` nor an older one can change it. */
static bool is_settled(const struct revocation_answer *answer, const struct crl *crl)
{
	return answer->status == REVOCATION_REVOKED ||
	       (answer->status == REVOCATION_GOOD && crl->this_update < answer->crl->this_update);
}

/* Takes the latest CRL: a certificate on hold may be released. Stops where the limit of signature checks is reached: a
 * CRL that is not checked may be the latest, so nothing is known. */
static void look_at_bases(struct walk *walk, struct revocation_answer *answer)
{
	const struct crl *crl;

	while ((crl = next_by_time(walk)) != NULL && !is_settled(answer, crl)) {
		switch (check_signature(walk->revocation, crl, walk->issuer)) {
		case SIGNATURE_GOOD:
			take_usable(answer, crl, walk->certificate);
			break;
		case SIGNATURE_BAD:
			take_unusable(answer, crl, OBSTACLE_SIGNATURE);
			break;
		case SIGNATURE_NOT_ASKED:
			take_unusable(answer, crl, OBSTACLE_LIMIT);
			return;
		}
	}
}

/* Takes a revocation from the latest delta CRL: the complete ones may not have it yet. */
static void look_at_deltas(struct walk *walk, struct revocation_answer *answer)
{
	const struct crl *crl;

	while ((crl = next_by_time(walk)) != NULL && !is_settled(answer, crl)) {
		struct revocation_answer fresh = {.status = REVOCATION_REVOKED, .crl = crl};
		if (check_signature(walk->revocation, crl, walk->issuer) != SIGNATURE_GOOD)
			continue;
		if (crl_lists(crl, walk->certificate, &fresh.revocation))
			*answer = fresh;
		return;
	}
}

struct revocation_answer revocation_look(struct revocation *revocation, const struct certificate *certificate,
					 const struct certificate *issuer)
{
	struct revocation_answer answer = {.status = REVOCATION_NOT_ASKED};
	struct walk bases = begin_walk(revocation, certificate, issuer, false);
	struct walk deltas = begin_walk(revocation, certificate, issuer, true);
	enum revocation_obstacle obstacle;
	const struct crl *crl;
	size_t cursor = 0;

	if (revocation->crls == NULL)
		return answer;
	answer.status = REVOCATION_UNKNOWN;
	answer.obstacle = OBSTACLE_NO_ISSUER;
	if (issuer == NULL)
		return answer;
	answer.obstacle = OBSTACLE_NO_CRL;
	while ((crl = crl_store_next(revocation->crls, certificate, &cursor)) != NULL)
		if (!is_applicable(&bases, crl, &obstacle))
			take_unusable(&answer, crl, obstacle);
	look_at_bases(&bases, &answer);
	look_at_deltas(&deltas, &answer);
	return answer;
}

static const char *why_unknown(const struct revocation_answer *answer, char out[REVOCATION_MAX_WORDS])
{
	static const char *const words[] = {
	    [OBSTACLE_NO_ISSUER] = "its issuer is not known here, so that no CRL can be checked",
	    [OBSTACLE_NO_CRL] = "no CRL of its issuer was given",
	    [OBSTACLE_DELTA] = "it is a delta CRL, which says what changed and not what is",
	    [OBSTACLE_NOT_COVERED] = "it covers a part of the issuer's certificates alone, and not this one",
	    [OBSTACLE_NO_END] = "it does not say when the next one comes, so that nobody knows whether it still holds",
	    [OBSTACLE_MAY_NOT_SIGN] = "the issuer's key usage does not let it sign CRLs",
	    [OBSTACLE_LIMIT] = "more CRLs of this issuer were given than signatures are checked",
	    [OBSTACLE_SIGNATURE] = "the key of the issuer did not sign it",
	};
	char date[CERTIFICATE_WORDS_DATE_CHARS];

	switch (answer->obstacle) {
	case OBSTACLE_REFUSED:
		return answer->crl->refused;
	case OBSTACLE_NOT_YET:
		snprintf(out, REVOCATION_MAX_WORDS, "it is not valid before %s",
			 certificate_words_date(answer->crl->this_update, date));
		return out;
	case OBSTACLE_STALE:
		snprintf(out, REVOCATION_MAX_WORDS, "it is stale since %s, when the next one was due",
			 certificate_words_date(answer->crl->next_update, date));
		return out;
	default:
		return words[answer->obstacle];
	}
}

/* Returns the end of a long path: files differ there. */
static const char *path_end(const char *path)
{
	size_t len = strlen(path);

	return len > MAX_PATH_TEXT ? path + (len - MAX_PATH_TEXT) : path;
}

static void print_unknown(const struct revocation_answer *answer, char out[REVOCATION_MAX_WORDS])
{
	char why[REVOCATION_MAX_WORDS];
	const char *words = why_unknown(answer, why);

	if (answer->crl == NULL)
		snprintf(out, REVOCATION_MAX_WORDS, "was revoked is not known: %.150s", words);
	else
		snprintf(out, REVOCATION_MAX_WORDS,
			 "was revoked is not known: the CRL in %s cannot be used, because %.150s",
			 path_end(answer->crl->path), words);
}

const char *revocation_print(const struct revocation_answer *answer, char out[REVOCATION_MAX_WORDS])
{
	char date[CERTIFICATE_WORDS_DATE_CHARS];

	switch (answer->status) {
	case REVOCATION_REVOKED:
		snprintf(out, REVOCATION_MAX_WORDS, "was revoked on %s (%s), as the CRL in %s says",
			 certificate_words_date(answer->revocation.since, date),
			 revocation_reason_words(answer->revocation.reason), path_end(answer->crl->path));
		break;
	case REVOCATION_UNKNOWN:
		print_unknown(answer, out);
		break;
	case REVOCATION_GOOD:
		snprintf(out, REVOCATION_MAX_WORDS, "is not revoked, as the CRL in %s says",
			 path_end(answer->crl->path));
		break;
	case REVOCATION_NOT_ASKED:
		snprintf(out, REVOCATION_MAX_WORDS, "was not looked up, as no CRL was given");
		break;
	}
	return out;
}
