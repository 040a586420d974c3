#include "chaincache/paths/path_verifier.h"

#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "chaincache/certificate/algorithm.h"
#include "chaincache/certificate/issuer_match.h"
#include "chaincache/paths/name_constraints.h"

#define MIN_RSA_BITS 2048

/* Says whether today's clients refuse its signature below an anchor. */
static bool has_weak_signature(const struct certificate *certificate)
{
	return certificate->signature_digest == SIGNATURE_DIGEST_MD5 ||
	       certificate->signature_digest == SIGNATURE_DIGEST_SHA1;
}

static bool known_curve(int nid)
{
	return nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1;
}

bool path_verifier_has_weak_key(const struct certificate *certificate)
{
	switch (certificate->key_type) {
	case KEY_TYPE_RSA:
		return certificate->key_bits < MIN_RSA_BITS;
	case KEY_TYPE_EC:
		return !known_curve(certificate->ec_curve_nid);
	case KEY_TYPE_ED25519:
		return false;
	case KEY_TYPE_RSA_PSS:
		return true;
	case KEY_TYPE_OTHER:
		break;
	}
	return certificate->public_key == NULL && algorithm_key_is_known(certificate);
}

/* Says whether the kind of key is unknown here, which does not make it weak. */
static bool has_unknown_key(const struct certificate *certificate)
{
	return certificate->key_type == KEY_TYPE_OTHER && !path_verifier_has_weak_key(certificate);
}

static int x509_purpose(enum certificate_purpose purpose)
{
	return purpose == PURPOSE_TLS_CLIENT ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER;
}

static bool leaf_serves(const struct certificate *leaf, enum certificate_purpose purpose)
{
	return X509_check_purpose(leaf->x509, x509_purpose(purpose), 0) == 1;
}

unsigned path_verifier_leaf(const struct certificate *leaf, enum certificate_purpose purpose, int64_t now)
{
	unsigned faults = 0;

	if (now > leaf->not_after)
		faults |= LEAF_EXPIRED;
	if (now < leaf->not_before)
		faults |= LEAF_NOT_YET_VALID;
	/* An extension that does not parse fails the purpose too; verification names it better. */
	if (leaf->extensions_valid && !leaf_serves(leaf, purpose))
		faults |= LEAF_WRONG_PURPOSE;
	if (leaf->extensions_valid && !leaf->may_sign_handshakes)
		faults |= LEAF_NOT_FOR_SIGNING;
	if (has_unknown_key(leaf))
		faults |= LEAF_KEY_NOT_JUDGED;
	else if (path_verifier_has_weak_key(leaf))
		faults |= LEAF_WEAK_KEY;
	if (has_weak_signature(leaf))
		faults |= LEAF_WEAK_SIGNATURE;
	return faults;
}

static struct path_verdict good(void)
{
	return (struct path_verdict){PATH_GOOD, 0, ""};
}

static struct path_verdict bad(enum path_fault fault, size_t index, const char *reason)
{
	return (struct path_verdict){fault, index, reason};
}

/* Says whether the next certificate of the path signed the one at `index` cannot be judged. */
static bool is_not_judged(const struct path *path, size_t index)
{
	return index + 1 < path->count && issuer_match_ask(path->items[index + 1].certificate,
							   path->items[index].certificate) == SIGNATURE_NOT_JUDGED;
}

/* Refuses keys that X509_verify_cert could not use: it takes them from the certificates itself. */
static struct path_verdict check_keys(const struct path *path)
{
	for (size_t i = 1; i < path->count; i++)
		if (path->items[i].certificate->public_key == NULL && !is_not_judged(path, i - 1))
			return bad(PATH_REFUSED, i, "its key is of a kind that verifies no signature here");
	return good();
}

/* Validity of all but the leaf, both ends included (RFC 5280 4.1.2.5). An expired anchor counts: most of today's
 * clients refuse it, and a path that does without it serves everybody. */
static struct path_verdict check_validity(const struct path *path, int64_t now)
{
	for (size_t i = 1; i < path->count; i++) {
		if (now > path->items[i].certificate->not_after)
			return bad(PATH_EXPIRED, i, "it has expired");
		if (now < path->items[i].certificate->not_before)
			return bad(PATH_NOT_YET_VALID, i, "it is not valid yet");
	}
	return good();
}

/* RFC 5280 6.1.4 (l) and (m): self-issued intermediates are not counted, but their own limit holds. The anchor's counts
 * as well: OpenSSL's clients enforce it, and X509_verify_cert does not look at it. */
static struct path_verdict check_path_length(const struct path *path)
{
	int num_below = 0;

	for (size_t i = 1; i < path->count; i++) {
		const struct certificate *issuer = path->items[i].certificate;
		if (issuer->path_length >= 0 && num_below > issuer->path_length)
			return bad(PATH_LENGTH_EXCEEDED, i, "its path length constraint admits fewer intermediates");
		if (!issuer->self_issued)
			num_below++;
	}
	return good();
}

static struct path_verdict check_strength(const struct path *path)
{
	for (size_t i = 1; i + 1 < path->count; i++) {
		if (has_weak_signature(path->items[i].certificate))
			return bad(PATH_WEAK_SIGNATURE, i, "it is signed with SHA-1 or MD5");
		if (path->items[i].certificate->public_key != NULL &&
		    path_verifier_has_weak_key(path->items[i].certificate))
			return bad(PATH_WEAK_KEY, i, "its key is shorter or on another curve than clients accept");
	}
	return good();
}

#define NOT_FOR_LEAF "its extended key usage does not admit what the leaf is for"

/* Checks the purpose of the CAs as X509_verify_cert does, which is not asked where the leaf itself fails its
 * purpose. */
static struct path_verdict check_ca_purposes(const struct path *path, enum certificate_purpose purpose)
{
	for (size_t i = 1; i + 1 < path->count; i++)
		if (X509_check_purpose(path->items[i].certificate->x509, x509_purpose(purpose), 1) != 1)
			return bad(PATH_WRONG_PURPOSE, i, NOT_FOR_LEAF);
	return good();
}

#define NO_CA "it is no CA certificate, and yet it issued one"
#define UNKNOWN_EXTENSION "it has a critical extension that nobody knows"

/* Checks the anchor as clients do and X509_verify_cert does not. Java, GnuTLS and OpenSSL require a CA, GnuTLS and
 * OpenSSL check critical extensions, OpenSSL and Go the purposes. RFC 5280 6.1.1 (d) takes name and key alone. */
static struct path_verdict check_anchor(const struct path *path, enum certificate_purpose purpose)
{
	size_t last = path->count - 1;
	const struct certificate *anchor = path->items[last].certificate;

	if (last == 0)
		return good();
	if (!anchor->is_ca)
		return bad(PATH_NOT_A_CA, last, NO_CA);
	if ((X509_get_extension_flags(anchor->x509) & EXFLAG_CRITICAL) != 0)
		return bad(PATH_EXTENSION_REFUSED, last, UNKNOWN_EXTENSION);
	if (X509_check_purpose(anchor->x509, x509_purpose(purpose), 1) != 1)
		return bad(PATH_WRONG_PURPOSE, last, NOT_FOR_LEAF);
	return good();
}

#define CONSTRAINTS_UNKNOWN "a name constraint is of a kind or form that clients do not support"
#define NAME_UNREADABLE                                                                                                \
	"one of its names is of a form that cannot be compared with the name constraints of a CA above it"

static const struct {
	int error;
	enum path_fault fault;
	const char *reason;
} refusals[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, PATH_EXPIRED, "it has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, PATH_NOT_YET_VALID, "it is not valid yet"},
    {X509_V_ERR_INVALID_CA, PATH_NOT_A_CA, NO_CA},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, PATH_LENGTH_EXCEEDED, "its path length constraint admits fewer intermediates"},
    {X509_V_ERR_INVALID_PURPOSE, PATH_WRONG_PURPOSE, NOT_FOR_LEAF},
    {X509_V_ERR_PERMITTED_VIOLATION, PATH_NAME_CONSTRAINED, "a CA above it may not issue for one of its names"},
    {X509_V_ERR_EXCLUDED_VIOLATION, PATH_NAME_CONSTRAINED, "a CA above it is forbidden to issue for one of its names"},
    {X509_V_ERR_SUBTREE_MINMAX, PATH_NAME_CONSTRAINED, CONSTRAINTS_UNKNOWN},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, PATH_NAME_CONSTRAINED, CONSTRAINTS_UNKNOWN},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, PATH_NAME_CONSTRAINED, CONSTRAINTS_UNKNOWN},
    {X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, PATH_NAME_CONSTRAINED, NAME_UNREADABLE},
    {X509_V_ERR_NAME_CONSTRAINTS_WITHOUT_SANS, PATH_NAME_CONSTRAINED,
     "a CA above it constrains names, and it has none but the Common Name"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, PATH_EXTENSION_REFUSED, UNKNOWN_EXTENSION},
    {X509_V_ERR_INVALID_EXTENSION, PATH_EXTENSION_REFUSED, "one of its extensions does not parse"},
    {X509_V_ERR_OUT_OF_MEM, PATH_OUT_OF_MEMORY, "memory ran out"},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, PATH_EXTENSION_REFUSED, "its policy extensions do not parse"},
};

/* Names the fault of a link above `index` that is true and that X509_verify_cert refuses: key usage or key
 * identifiers. */
static struct path_verdict broken_link(const struct path *path, size_t index)
{
	if (index + 1 < path->count && !path->items[index + 1].certificate->extensions_valid)
		return bad(PATH_EXTENSION_REFUSED, index + 1, "one of its extensions does not parse");
	if (index + 1 < path->count && !path->items[index + 1].certificate->may_sign_certificates)
		return bad(PATH_NOT_A_CA, index + 1, "its key usage does not let it sign certificates");
	return bad(PATH_KEY_ID_DIFFERS, index, "its authority key identifier names another issuer");
}

static struct path_verdict refused_for(int error, size_t index)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].error == error)
			return bad(refusals[i].fault, index, refusals[i].reason);
	return bad(PATH_REFUSED, index, X509_verify_cert_error_string(error));
}

static size_t count_names(const struct certificate *certificate)
{
	return certificate->num_alt_names + (size_t)X509_NAME_entry_count(X509_get_subject_name(certificate->x509));
}

/* Names and constraints are compared each with each, and both are the certificates' own choice. Counts up to the issuer
 * that exceeds the maximum, whose place is *out_above; 0 where none does. */
static size_t count_comparisons(const struct path *path, size_t *out_above)
{
	size_t num_comparisons = 0, num_names = 0;

	*out_above = 0;
	for (size_t i = 1; i < path->count && *out_above == 0; i++) {
		num_names += count_names(path->items[i - 1].certificate);
		num_comparisons += num_names * path->items[i].certificate->num_constraints;
		if (num_comparisons > NAME_CONSTRAINTS_MAX_COMPARISONS)
			*out_above = i;
	}
	return num_comparisons;
}

static struct path_verdict check_constraint_work(const struct path *path)
{
	size_t above;

	(void)count_comparisons(path, &above);
	return above == 0 ? good()
			  : bad(PATH_NAME_CONSTRAINED, above,
				"it constrains names with more rules than can be compared with the names below it");
}

/* Returns the measured time of one verification, in units of one by RSA with 2048 bits. */
static size_t signature_work(const struct certificate *issuer)
{
	size_t size = (issuer->key_bits + 2047) / 2048;

	if (issuer->key_type != KEY_TYPE_EC)
		return size > 1 ? size * size : 1;
	if (issuer->key_bits <= 256)
		return 2;
	return issuer->key_bits <= 384 ? 16 : 40;
}

struct path_cost path_verifier_cost(const struct path *path)
{
	struct path_cost cost = {0};
	size_t above;

	for (size_t i = 1; i < path->count; i++)
		cost.signature_work += signature_work(path->items[i].certificate);
	cost.num_name_comparisons = count_comparisons(path, &above);
	if (above != 0)
		cost.num_name_comparisons = 0;
	return cost;
}

/* Checks all below the issuer at `above`, but self-issued intermediates (RFC 5280 6.1.3 b and c). */
static struct path_verdict check_constraints_of(const struct path *path, size_t above)
{
	struct name_constraints constraints;
	size_t below = 0;

	int status = name_constraints_init(&constraints, path->items[above].certificate);
	if (status != X509_V_OK)
		return refused_for(status, above);
	for (; below < above; below++) {
		const struct certificate *subject = path->items[below].certificate;
		if (below > 0 && subject->self_issued)
			continue;
		status = name_constraints_check(&constraints, subject);
		if (status != X509_V_OK)
			break;
	}
	name_constraints_cleanup(&constraints);
	return status == X509_V_OK ? good() : refused_for(status, below);
}

/* Checks all constraints, also those that X509_verify_cert has checked: on_verify_error ignores some of its
 * refusals. */
static struct path_verdict check_name_constraints(const struct path *path)
{
	struct path_verdict verdict = good();

	for (size_t above = 1; above < path->count && verdict.fault == PATH_GOOD; above++)
		verdict = check_constraints_of(path, above);
	return verdict;
}

/* X509_verify_cert calls it lack of memory where it cannot compare a name with a constraint, or decode a Common Name,
 * which it does of the leaf alone. */
static struct path_verdict unreadable_name(const struct path *path)
{
	struct path_verdict verdict = check_name_constraints(path);

	return verdict.fault != PATH_GOOD ? verdict : refused_for(X509_V_ERR_UNSUPPORTED_NAME_SYNTAX, 0);
}

static struct path_verdict refusal(const struct path *path, X509_STORE_CTX *context)
{
	int error = X509_STORE_CTX_get_error(context);
	int depth = X509_STORE_CTX_get_error_depth(context);
	size_t index = depth < 0 || (size_t)depth >= path->count ? path->count - 1 : (size_t)depth;

	if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
		return broken_link(path, index);
	if (error == X509_V_ERR_OUT_OF_MEM)
		return unreadable_name(path);
	/* The link is true, as discovery has found, but by MD5. */
	if (error == X509_V_ERR_CERT_SIGNATURE_FAILURE && has_weak_signature(path->items[index].certificate))
		return bad(PATH_WEAK_SIGNATURE, index, "it is signed with SHA-1 or MD5");
	return refused_for(error, index);
}

/* One path, as X509_verify_cert goes through it. */
struct verification {
	const struct path *path;
	bool out_of_memory;
	bool has_not_judged;
	size_t not_judged; /* the lowest certificate whose signature cannot be judged */
};

/* Ignores the errors that are judged later, so that X509_verify_cert goes on with its other checks. It does not support
 * constraints on IP addresses: check_name_constraints judges them. A signature that cannot be judged is noted, for the
 * verdict of a path that is good otherwise. */
static int on_verify_error(int ok, X509_STORE_CTX *context)
{
	struct verification *verification = X509_STORE_CTX_get_app_data(context);
	int depth = X509_STORE_CTX_get_error_depth(context);

	if (ok)
		return ok;
	if (error_crypto_is_memory()) {
		verification->out_of_memory = true;
		return 0;
	}
	switch (X509_STORE_CTX_get_error(context)) {
	case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
		return 1;
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		if (depth < 0 || !is_not_judged(verification->path, (size_t)depth))
			return 0;
		verification->has_not_judged = true;
		verification->not_judged = (size_t)depth;
		return 1;
	default:
		return 0;
	}
}

static bool chain_is_path(X509_STORE_CTX *context, const struct path *path)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);

	if (chain == NULL || sk_X509_num(chain) != path->count)
		return false;
	for (size_t i = 0; i < path->count; i++)
		if (X509_cmp(sk_X509_value(chain, i), path->items[i].certificate->x509) != 0)
			return false;
	return true;
}

/* Says whether X509_verify_cert must not check the time, because check_validity has, with another result: it ignores
 * the leaf's own validity, and counts notAfter itself as valid. */
static bool time_is_settled(const struct path *path, int64_t now)
{
	if (!certificate_valid_at(path_leaf(path), now))
		return true;
	for (size_t i = 0; i < path->count; i++)
		if (path->items[i].certificate->not_after == now)
			return true;
	return false;
}

static void set_parameters(X509_VERIFY_PARAM *parameters, const struct path *path, enum certificate_purpose purpose,
			   int64_t now)
{
	X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_depth(parameters, (int)path->count);
	X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	X509_VERIFY_PARAM_set_time_posix(parameters, now);
	if (time_is_settled(path, now))
		X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
	if (leaf_serves(path_leaf(path), purpose))
		X509_VERIFY_PARAM_set_purpose(parameters, x509_purpose(purpose));
}

static struct path_verdict verify(struct verification *verification, enum certificate_purpose purpose, int64_t now)
{
	const struct path *path = verification->path;
	struct path_verdict verdict = bad(PATH_OUT_OF_MEMORY, path->count - 1, "memory ran out");
	ERR_clear_error();
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	if (store == NULL || untrusted == NULL || context == NULL || !X509_STORE_add_cert(store, path_last(path)->x509))
		goto out;
	for (size_t i = 1; i + 1 < path->count; i++)
		if (!sk_X509_push(untrusted, path->items[i].certificate->x509))
			goto out;
	if (!X509_STORE_CTX_init(context, store, path_leaf(path)->x509, untrusted))
		goto out;
	set_parameters(X509_STORE_CTX_get0_param(context), path, purpose, now);
	X509_STORE_CTX_set_verify_cb(context, on_verify_error);
	if (!X509_STORE_CTX_set_app_data(context, verification))
		goto out;

	bool is_accepted = X509_verify_cert(context) == 1;
	if (error_crypto_is_memory() || verification->out_of_memory)
		goto out;
	if (!is_accepted)
		verdict = refusal(path, context);
	else if (!chain_is_path(context, path))
		verdict = bad(PATH_REFUSED, path->count - 1, "clients that follow its names build another path");
	else
		verdict = good();
out:
	X509_STORE_CTX_free(context);
	sk_X509_free(untrusted);
	X509_STORE_free(store);
	return verdict;
}

struct path_verdict path_verifier_verify(const struct path *path, enum certificate_purpose purpose, int64_t now)
{
	struct verification verification = {.path = path};
	struct path_verdict verdict = check_validity(path, now);

	if (verdict.fault == PATH_GOOD)
		verdict = check_keys(path);
	if (verdict.fault == PATH_GOOD)
		verdict = check_constraint_work(path);
	if (verdict.fault == PATH_GOOD)
		verdict = verify(&verification, purpose, now);
	if (verdict.fault == PATH_GOOD)
		verdict = check_name_constraints(path);
	if (verdict.fault == PATH_GOOD && !leaf_serves(path_leaf(path), purpose))
		verdict = check_ca_purposes(path, purpose);
	if (verdict.fault == PATH_GOOD)
		verdict = check_anchor(path, purpose);
	if (verdict.fault == PATH_GOOD)
		verdict = check_path_length(path);
	if (verdict.fault == PATH_GOOD)
		verdict = check_strength(path);
	if (verdict.fault == PATH_GOOD && verification.has_not_judged)
		verdict = bad(PATH_NOT_JUDGED, verification.not_judged,
			      "its signature, or the key of its issuer, is of a kind that cannot be judged here");
	return verdict;
}
