#include "chaincache/mend/client_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include <openssl/asn1.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include "chaincache/certificate/algorithm.h"
#include "chaincache/certificate/certificate_words.h"

#define DAY_S INT64_C(86400)

/* Apple, of leafs that are issued from 2019-07-01 on, whatever their root. */
#define APPLE_FROM INT64_C(1561939200)
#define APPLE_MAX_DAYS 825

#define MAX_RSA_BITS 8192 /* that crypto/tls of Go takes */

static void report_ca(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);

	/* Version 1 has no such extension: it is taken for a CA where it signs, and nowhere else. */
	if (!leaf->is_ca || X509_get_version(leaf->x509) == X509_VERSION_1)
		return;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_LEAF_IS_CA,
	    "The server certificate %s is a CA certificate (basicConstraints says so): Firefox and programs that use "
	    "rustls refuse it as a server's.",
	    certificate_words_subject(leaf).text);
	finding_set_certificate(finding, leaf);
}

/* Keys */

/* Words that stand after "a key on P-521", and who refuses it; NULL: browsers take the key. */
static const char *refused_by(const struct certificate *leaf)
{
	switch (leaf->key_type) {
	case KEY_TYPE_EC:
		return leaf->ec_curve_nid == NID_secp521r1
			   ? "Chrome, Edge and other programs that use BoringSSL do not take it from a server"
			   : NULL;
	case KEY_TYPE_ED25519:
		return "no browser takes it from a server, though OpenSSL, GnuTLS, Go and Java do";
	case KEY_TYPE_OTHER:
		return "no browser takes it from a server. It cannot be judged here; programs that know this kind "
		       "judge "
		       "it themselves";
	case KEY_TYPE_RSA:
		return leaf->key_bits > MAX_RSA_BITS ? "programs written in Go refuse RSA keys above 8192 bits" : NULL;
	case KEY_TYPE_RSA_PSS:
		break;
	}
	return NULL;
}

static const char *print_key(const struct certificate *leaf, char out[ALGORITHM_WORDS_CHARS])
{
	if (leaf->key_type == KEY_TYPE_ED25519)
		snprintf(out, ALGORITHM_WORDS_CHARS, "Ed25519");
	else if (leaf->key_type == KEY_TYPE_EC)
		snprintf(out, ALGORITHM_WORDS_CHARS, "ECDSA on P-521");
	else if (leaf->key_type == KEY_TYPE_RSA)
		snprintf(out, ALGORITHM_WORDS_CHARS, "RSA of %u bits", leaf->key_bits);
	else
		algorithm_key_words(leaf, out);
	return out;
}

static void report_key(struct audit *audit)
{
	char words[ALGORITHM_WORDS_CHARS];
	const struct certificate *leaf = audit_leaf(audit);
	const char *refused = refused_by(leaf);

	/* An error says more of the same key. */
	if (refused == NULL || (audit->search->leaf_faults & LEAF_WEAK_KEY) != 0)
		return;
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_KEY_UNSUPPORTED, "The key of the server certificate %s is of the kind %s: %s.",
	    certificate_words_subject(leaf).text, print_key(leaf, words), refused);
	finding_set_certificate(finding, leaf);
}

/* Validity */

/* The Baseline Requirements, 6.3.2, by notBefore; the latest first. */
static const struct {
	int64_t from;
	int days;
} public_limits[] = {
    {INT64_C(1868227200), 47}, /* 2029-03-15 */
    {INT64_C(1805068800), 100}, /* 2027-03-15 */
    {INT64_C(1773532800), 200}, /* 2026-03-15 */
    {INT64_C(1598918400), 398}, /* 2020-09-01 */
    {INT64_C(1519862400), 825}, /* 2018-03-01 */
};

/* In days, a started one counted: as browsers do, the last second that notAfter includes is not. */
static int64_t lifetime_days(const struct certificate *leaf)
{
	return (leaf->not_after - leaf->not_before + DAY_S - 1) / DAY_S;
}

/* 0: there was none. */
static int public_limit(const struct certificate *leaf)
{
	for (size_t i = 0; i < sizeof(public_limits) / sizeof(public_limits[0]); i++)
		if (leaf->not_before >= public_limits[i].from)
			return public_limits[i].days;
	return 0;
}

/* Says whether its authority says that it kept the rules for public ones, or the operating system trusts its root. */
static bool looks_public(const struct audit *audit)
{
	if (audit_leaf(audit)->names_public_policy)
		return true;
	for (size_t i = 0; i < chain_judge_audiences(&audit->search->judge); i++)
		if ((audit->mended_mask >> i & 1) != 0 && !audit->input->ignore_trust &&
		    strcmp(trust_store_set_name(audit->input->stores, i), TRUST_STORE_SYSTEM_NAME) == 0)
			return true;
	return false;
}

static void report_lifetime(struct audit *audit)
{
	const struct certificate *leaf = audit_leaf(audit);
	int64_t days = lifetime_days(leaf);
	int limit = public_limit(leaf);
	struct finding *finding = NULL;

	if (leaf->not_before >= APPLE_FROM && days > APPLE_MAX_DAYS) {
		finding = finding_list_add(audit->findings, FINDING_LEAF_LIFETIME,
					   "The server certificate %s is valid for %" PRId64
					   " days: Apple's systems refuse more than %d, whatever the root is.",
					   certificate_words_subject(leaf).text, days, APPLE_MAX_DAYS);
	} else if (limit > 0 && days > limit && looks_public(audit)) {
		finding = finding_list_add(audit->findings, FINDING_LEAF_LIFETIME,
					   "The server certificate %s is valid for %" PRId64
					   " days: when its validity began, the CA/Browser Forum's limit was %d, and "
					   "browsers refuse more where "
					   "the root is one that they bring along.",
					   certificate_words_subject(leaf).text, days, limit);
		finding_set_severity(finding, SEVERITY_INFO);
	}
	finding_set_certificate(finding, leaf);
}

/* Nobody checks the signature of an anchor, but some check its key. */
static void report_anchor_key(struct audit *audit)
{
	const struct certificate *anchor = audit->anchor;
	struct finding *finding;

	if (anchor == NULL || certificate_equal(anchor, audit_leaf(audit)) || !path_verifier_has_weak_key(anchor))
		return;
	if (anchor->key_type == KEY_TYPE_RSA)
		finding = finding_list_add(audit->findings, FINDING_WEAK_KEY,
					   "The root %s has an RSA key of %u bits: GnuTLS, and OpenSSL as Debian and "
					   "Ubuntu set it up, refuse every chain to a root with fewer than 2048.",
					   certificate_words_subject(anchor).text, anchor->key_bits);
	else
		finding = finding_list_add(audit->findings, FINDING_WEAK_KEY,
					   "The root %s has a key of a kind or on a curve that many %s do not know: "
					   "they refuse every chain to it.",
					   certificate_words_subject(anchor).text, audit_peers(audit));
	finding_set_severity(finding, SEVERITY_WARNING);
	finding_set_certificate(finding, anchor);
	finding_set_advice(finding,
			   "Have the certificate reissued under a root with a stronger key: RSA of 2048 bits or "
			   "more, or ECDSA on P-256 or P-384.");
}

/* Names */

static struct bytes der_of(const X509_NAME *name)
{
	const uint8_t *der = NULL;
	size_t len = 0;

	/* API version 26 takes a name that it may change: it was encoded when it was parsed. */
	if (!X509_NAME_get0_der((X509_NAME *)name, &der, &len))
		return bytes_of(NULL, 0);
	return bytes_of(der, len);
}

static bool same_bytes(const struct certificate *issuer, const struct certificate *child)
{
	return bytes_equal(der_of(X509_get_subject_name(issuer->x509)), der_of(X509_get_issuer_name(child->x509)));
}

static int string_type(const X509_NAME *name, int index)
{
	return ASN1_STRING_type(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
}

static bool is_compared_as_text_by_java(int type)
{
	return type == V_ASN1_PRINTABLESTRING || type == V_ASN1_UTF8STRING;
}

/* Java compares the text of PrintableString and UTF8String, and the bytes of all other strings. */
static bool java_tells_apart(const X509_NAME *a, const X509_NAME *b)
{
	int count = X509_NAME_entry_count(a);

	if (count != X509_NAME_entry_count(b))
		return false;
	for (int i = 0; i < count; i++) {
		int type = string_type(a, i), other = string_type(b, i);
		if (type != other && !(is_compared_as_text_by_java(type) && is_compared_as_text_by_java(other)))
			return true;
	}
	return false;
}

static void report_name(struct audit *audit, const struct certificate *child, const struct certificate *issuer)
{
	bool java = java_tells_apart(X509_get_issuer_name(child->x509), X509_get_subject_name(issuer->x509));
	struct finding *finding = finding_list_add(
	    audit->findings, FINDING_NAME_ENCODING,
	    "%s writes the name of its issuer in other bytes than %s itself does (another kind of string, case or "
	    "blanks). The names are equal (RFC 5280 7.1), but %s compare the bytes, do not find the issuer, and refuse "
	    "the chain.",
	    certificate_words_subject(child).text, certificate_words_subject(issuer).text,
	    java ? "Go, GnuTLS and Java" : "Go and GnuTLS");

	finding_set_certificate(finding, child);
}

static void report_names(struct audit *audit)
{
	for (size_t i = 0; i < audit->mended->count; i++) {
		const struct certificate *child = audit->mended->items[i].certificate;
		const struct certificate *issuer =
		    i + 1 < audit->mended->count ? audit->mended->items[i + 1].certificate : audit->anchor;
		if (issuer == NULL)
			return;
		if (!certificate_equal(issuer, child) && issuer_match_names(issuer, child) &&
		    !same_bytes(issuer, child))
			report_name(audit, child, issuer);
	}
}

void client_audit(struct audit *audit)
{
	if (audit->input->purpose == PURPOSE_TLS_SERVER) {
		report_ca(audit);
		report_key(audit);
		report_lifetime(audit);
	}
	report_anchor_key(audit);
	report_names(audit);
}
