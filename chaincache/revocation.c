#include "chaincache/revocation.h"

#include <stdio.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "chaincache/certificate_words.h"
#include "chaincache/revocation_reason.h"

#define MAX_PATH_TEXT 100 /* characters of a file's name in a message */

enum signature_verdict { SIGNATURE_GOOD, SIGNATURE_BAD, SIGNATURE_NOT_ASKED };

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
	answer->verifies = signed_data_verifies(&crl->signed_data, issuer);
	return answer->verifies ? SIGNATURE_GOOD : SIGNATURE_BAD;
}

static bool may_sign_crls(const struct certificate *issuer)
{
	return (X509_get_key_usage(issuer->x509) & X509v3_KU_CRL_SIGN) != 0; /* all bits where the extension is absent */
}

/* Whether the CRL can be used for the certificate; if not, the first reason why not. */
static bool is_usable(struct revocation *revocation, const struct crl *crl, const struct certificate *certificate,
		      const struct certificate *issuer, enum revocation_obstacle *out_obstacle)
{
	*out_obstacle = OBSTACLE_REFUSED;
	if (crl->refused != NULL)
		return false;
	*out_obstacle = OBSTACLE_NOT_COVERED;
	if (!crl_scope_covers(&crl->scope, certificate))
		return false;
	*out_obstacle = OBSTACLE_NO_END;
	if (!crl->has_next_update)
		return false;
	*out_obstacle = OBSTACLE_NOT_YET;
	if (revocation->now < crl->this_update)
		return false;
	*out_obstacle = OBSTACLE_STALE;
	if (revocation->now > crl->next_update)
		return false;
	*out_obstacle = OBSTACLE_MAY_NOT_SIGN;
	if (!may_sign_crls(issuer))
		return false;
	enum signature_verdict signature = check_signature(revocation, crl, issuer);
	*out_obstacle = signature == SIGNATURE_NOT_ASKED ? OBSTACLE_LIMIT : OBSTACLE_SIGNATURE;
	return signature == SIGNATURE_GOOD;
}

/* The latest CRL counts: a certificate on hold may be released. Of two of the same moment the one that knows more evil. */
static void take_usable(struct revocation_answer *answer, const struct crl *crl, const struct certificate *certificate)
{
	struct revocation_answer fresh = {.status = REVOCATION_GOOD, .crl = crl};

	if (crl_lists(crl, certificate, &fresh.revocation))
		fresh.status = REVOCATION_REVOKED;
	bool is_first = answer->status == REVOCATION_UNKNOWN;
	bool is_later = !is_first && crl->this_update > answer->crl->this_update;
	bool is_graver =
	    !is_first && crl->this_update == answer->crl->this_update && fresh.status > answer->status;
	if (is_first || is_later || is_graver)
		*answer = fresh;
}

static void take_unusable(struct revocation_answer *answer, const struct crl *crl, enum revocation_obstacle obstacle)
{
	if (answer->status != REVOCATION_UNKNOWN || obstacle < answer->obstacle)
		return;
	if (obstacle == answer->obstacle && crl->this_update <= answer->crl->this_update)
		return;
	answer->obstacle = obstacle;
	answer->crl = crl;
}

struct revocation_answer revocation_look(struct revocation *revocation, const struct certificate *certificate,
					 const struct certificate *issuer)
{
	struct revocation_answer answer = {.status = REVOCATION_NOT_ASKED};
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
	while ((crl = crl_store_next(revocation->crls, certificate, &cursor)) != NULL) {
		if (is_usable(revocation, crl, certificate, issuer, &obstacle))
			take_usable(&answer, crl, certificate);
		else
			take_unusable(&answer, crl, obstacle);
	}
	return answer;
}

static const char *why_unknown(const struct revocation_answer *answer, char out[REVOCATION_MAX_WORDS])
{
	static const char *const words[] = {
	    [OBSTACLE_NO_ISSUER] = "its issuer is not known here, so that no CRL can be checked",
	    [OBSTACLE_NO_CRL] = "no CRL of its issuer was given",
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

/* The end of a path tells files apart. */
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
		snprintf(out, REVOCATION_MAX_WORDS, "was revoked is not known: the CRL in %s cannot be used, because %.150s",
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
		snprintf(out, REVOCATION_MAX_WORDS, "is not revoked, as the CRL in %s says", path_end(answer->crl->path));
		break;
	case REVOCATION_NOT_ASKED:
		snprintf(out, REVOCATION_MAX_WORDS, "was not looked up, as no CRL was given");
		break;
	}
	return out;
}
