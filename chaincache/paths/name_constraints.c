#include "chaincache/paths/name_constraints.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/stack.h>
#include <openssl/x509.h>

#define MAX_COMPARISONS ((size_t)1 << 20) /* of one certificate's addresses with one CA's subtrees; BoringSSL's too */

/* Sorts the subtrees of *list into those of IP addresses and the others, each in a list of its own. */
static bool split(STACK_OF(GENERAL_SUBTREE) * *list, STACK_OF(GENERAL_SUBTREE) * *addresses)
{
	STACK_OF(GENERAL_SUBTREE) *from = *list, *others = NULL;
	GENERAL_SUBTREE *subtree;

	if (from == NULL)
		return true;
	*addresses = sk_GENERAL_SUBTREE_new_null();
	others = sk_GENERAL_SUBTREE_new_null();
	if (*addresses == NULL || others == NULL)
		goto failed;
	while ((subtree = sk_GENERAL_SUBTREE_pop(from)) != NULL)
		if (!sk_GENERAL_SUBTREE_push(subtree->base->type == GEN_IPADD ? *addresses : others, subtree)) {
			GENERAL_SUBTREE_free(subtree);
			goto failed;
		}
	sk_GENERAL_SUBTREE_free(from);
	*list = others;
	return true;
failed:
	sk_GENERAL_SUBTREE_pop_free(others, GENERAL_SUBTREE_free);
	return false;
}

int name_constraints_init(struct name_constraints *constraints, const struct certificate *issuer)
{
	int critical = -1;

	*constraints = (struct name_constraints){0};
	ERR_clear_error();
	constraints->others = X509_get_ext_d2i(issuer->x509, NID_name_constraints, &critical, NULL);
	bool out_of_memory = error_crypto_is_memory();
	if (constraints->others == NULL && out_of_memory)
		return X509_V_ERR_OUT_OF_MEM;
	if (constraints->others == NULL)
		return critical == -1 ? X509_V_OK : X509_V_ERR_INVALID_EXTENSION;
	constraints->addresses = NAME_CONSTRAINTS_new();
	if (constraints->addresses == NULL ||
	    !split(&constraints->others->permittedSubtrees, &constraints->addresses->permittedSubtrees) ||
	    !split(&constraints->others->excludedSubtrees, &constraints->addresses->excludedSubtrees)) {
		name_constraints_cleanup(constraints);
		return X509_V_ERR_OUT_OF_MEM;
	}
	return X509_V_OK;
}

void name_constraints_cleanup(struct name_constraints *constraints)
{
	NAME_CONSTRAINTS_free(constraints->addresses);
	NAME_CONSTRAINTS_free(constraints->others);
	*constraints = (struct name_constraints){0};
}

static struct bytes octets(const ASN1_OCTET_STRING *string)
{
	return bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

/* Says whether the mask is that of a CIDR block (RFC 4632): ones, then zeros. */
static bool is_prefix(struct bytes mask)
{
	bool ended = false;

	for (size_t bit = 0; bit < 8 * mask.len; bit++) {
		bool one = (mask.data[bit / 8] >> (7 - bit % 8) & 1) != 0;
		if (one && ended)
			return false;
		ended = !one;
	}
	return true;
}

/* An address and its mask, of one length; the fields minimum and maximum are absent (RFC 5280 asks so). */
static int check_subtree(const GENERAL_SUBTREE *subtree)
{
	struct bytes block = octets(subtree->base->d.iPAddress);

	if (subtree->minimum != NULL || subtree->maximum != NULL)
		return X509_V_ERR_SUBTREE_MINMAX;
	if ((block.len != 8 && block.len != 32) || !is_prefix(bytes_of(block.data + block.len / 2, block.len / 2)))
		return X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX;
	return X509_V_OK;
}

static int check_subtrees(const STACK_OF(GENERAL_SUBTREE) * subtrees)
{
	int status = X509_V_OK;

	for (size_t i = 0; i < sk_GENERAL_SUBTREE_num(subtrees) && status == X509_V_OK; i++)
		status = check_subtree(sk_GENERAL_SUBTREE_value(subtrees, i));
	return status;
}

static bool block_holds(struct bytes block, struct bytes address)
{
	if (block.len != 2 * address.len)
		return false;
	for (size_t i = 0; i < address.len; i++)
		if (((block.data[i] ^ address.data[i]) & block.data[address.len + i]) != 0)
			return false;
	return true;
}

static bool any_holds(const STACK_OF(GENERAL_SUBTREE) * subtrees, struct bytes address)
{
	for (size_t i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); i++)
		if (block_holds(octets(sk_GENERAL_SUBTREE_value(subtrees, i)->base->d.iPAddress), address))
			return true;
	return false;
}

/* ::ffff:0:0/96: one address in two forms. No rule says which blocks it falls under, so it is refused. */
static bool is_mapped(struct bytes address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return address.len == 16 && memcmp(address.data, prefix, sizeof(prefix)) == 0;
}

/* Blocks of one version alone constrain the other too: the kind of a name is iPAddress, whatever its length. */
static int check_address(const NAME_CONSTRAINTS *blocks, struct bytes address)
{
	if ((address.len != 4 && address.len != 16) || is_mapped(address))
		return X509_V_ERR_UNSUPPORTED_NAME_SYNTAX;
	if (sk_GENERAL_SUBTREE_num(blocks->permittedSubtrees) > 0 && !any_holds(blocks->permittedSubtrees, address))
		return X509_V_ERR_PERMITTED_VIOLATION;
	return any_holds(blocks->excludedSubtrees, address) ? X509_V_ERR_EXCLUDED_VIOLATION : X509_V_OK;
}

static bool has_address(const GENERAL_NAMES *names)
{
	for (size_t i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (sk_GENERAL_NAME_value(names, i)->type == GEN_IPADD)
			return true;
	return false;
}

/* A block that cannot be read is refused though another one might decide; but without an address none is looked at. */
static int check_addresses(const NAME_CONSTRAINTS *blocks, const GENERAL_NAMES *names)
{
	size_t num_blocks =
	    sk_GENERAL_SUBTREE_num(blocks->permittedSubtrees) + sk_GENERAL_SUBTREE_num(blocks->excludedSubtrees);

	if (num_blocks == 0 || !has_address(names))
		return X509_V_OK;
	if (sk_GENERAL_NAME_num(names) > MAX_COMPARISONS / num_blocks)
		return X509_V_ERR_UNSPECIFIED;
	int status = check_subtrees(blocks->permittedSubtrees);
	if (status == X509_V_OK)
		status = check_subtrees(blocks->excludedSubtrees);
	for (size_t i = 0; i < sk_GENERAL_NAME_num(names) && status == X509_V_OK; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type == GEN_IPADD)
			status = check_address(blocks, octets(name->d.iPAddress));
	}
	return status;
}

static struct bytes text(const ASN1_IA5STRING *string)
{
	return bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static bool equal_ignoring_case(struct bytes a, struct bytes b)
{
	return a.len == b.len && OPENSSL_strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

/* Says whether one of the names that "*.rest" stands for is the excluded one, or lies below it: that name has one label
 * more than the rest. The wildcard covers no deeper names, and BoringSSL checks the rest itself. */
static bool may_stand_for(struct bytes wildcard, struct bytes excluded)
{
	struct bytes rest = bytes_of(wildcard.data + 1, wildcard.len - 1);
	const uint8_t *dot = memchr(excluded.data, '.', excluded.len);
	size_t label = dot != NULL ? (size_t)(dot - excluded.data) : 0;

	return label > 0 && equal_ignoring_case(bytes_of(excluded.data + label, excluded.len - label), rest);
}

static bool is_excluded(struct bytes wildcard, const STACK_OF(GENERAL_SUBTREE) * excluded)
{
	for (size_t i = 0; i < sk_GENERAL_SUBTREE_num(excluded); i++) {
		const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(excluded, i)->base;
		if (base->type == GEN_DNS && may_stand_for(wildcard, text(base->d.dNSName)))
			return true;
	}
	return false;
}

static int check_wildcards(const STACK_OF(GENERAL_SUBTREE) * excluded, const GENERAL_NAMES *names)
{
	for (size_t i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct bytes dns = name->type == GEN_DNS ? text(name->d.dNSName) : bytes_of(NULL, 0);
		if (dns.len > 2 && memcmp(dns.data, "*.", 2) == 0 && is_excluded(dns, excluded))
			return X509_V_ERR_EXCLUDED_VIOLATION;
	}
	return X509_V_OK;
}

/* NAME_CONSTRAINTS_check calls it lack of memory where it cannot compare a name, a subject of an odd string type say. */
static int check_others(NAME_CONSTRAINTS *others, X509 *subject)
{
	ERR_clear_error();
	int status = NAME_CONSTRAINTS_check(subject, others);
	bool out_of_memory = error_crypto_is_memory();

	return status == X509_V_ERR_OUT_OF_MEM && !out_of_memory ? X509_V_ERR_UNSUPPORTED_NAME_SYNTAX : status;
}

int name_constraints_check(const struct name_constraints *constraints, const struct certificate *subject)
{
	int critical = -1;

	if (constraints->others == NULL)
		return X509_V_OK;
	ERR_clear_error();
	GENERAL_NAMES *names = X509_get_ext_d2i(subject->x509, NID_subject_alt_name, &critical, NULL);
	bool out_of_memory = error_crypto_is_memory();
	if (names == NULL && out_of_memory)
		return X509_V_ERR_OUT_OF_MEM;
	if (names == NULL && critical != -1)
		return X509_V_ERR_INVALID_EXTENSION;
	int status = check_addresses(constraints->addresses, names);
	if (status == X509_V_OK)
		status = check_wildcards(constraints->others->excludedSubtrees, names);
	GENERAL_NAMES_free(names);
	return status != X509_V_OK ? status : check_others(constraints->others, subject->x509);
}
