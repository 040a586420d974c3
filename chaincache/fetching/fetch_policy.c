#include "chaincache/fetching/fetch_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chaincache/base/bytes.h"
#include "chaincache/certificate/host_name.h"
#include "chaincache/fetching/address_block.h"

enum { MAX_RULE_CHARS = 300 };

enum rule_kind { RULE_PUBLIC, RULE_ANY, RULE_BLOCK, RULE_HOST };

struct rule {
	enum rule_kind kind;
	struct address_block block;
	struct host_name host;
};

struct fetch_policy {
	struct rule rules[FETCH_POLICY_MAX_RULES];
	size_t num_rules;
};

struct fetch_policy *fetch_policy_new(void)
{
	return calloc(1, sizeof(struct fetch_policy));
}

void fetch_policy_free(struct fetch_policy *policy)
{
	free(policy);
}

static struct error wrong(const char *what)
{
	return error_of(ERROR_FORMAT, 0, what);
}

static struct error parse_host(const char *text, struct rule *out)
{
	struct error error = host_name_parse(text, &out->host);

	if (failed(error))
		return error;
	out->kind = RULE_HOST;
	if (!out->host.is_ip)
		return error_none();
	out->kind = RULE_BLOCK;
	return address_block_parse(text, &out->block);
}

static struct error parse_rule(const char *text, struct rule *out)
{
	*out = (struct rule){.kind = RULE_PUBLIC};
	if (strlen(text) > MAX_RULE_CHARS)
		return wrong("the rule is longer than any host name or address block");
	if (strcasecmp(text, "public") == 0)
		return error_none();
	if (strcasecmp(text, "any") == 0) {
		out->kind = RULE_ANY;
		return error_none();
	}

	const char *slash = strchr(text, '/');
	if (slash == NULL || strstr(text, "://") != NULL)
		return parse_host(text, out);
	out->kind = RULE_BLOCK;
	return address_block_parse(text, &out->block);
}

struct error fetch_policy_allow(struct fetch_policy *policy, const char *rule)
{
	if (policy->num_rules == FETCH_POLICY_MAX_RULES)
		return error_of(ERROR_LIMIT, 0, "more than 100 rules of what may be fetched");

	struct error error = parse_rule(rule, &policy->rules[policy->num_rules]);
	if (!failed(error))
		policy->num_rules++;
	return error;
}

/* A block that is wider than the link-local range does not list it. */
static bool block_allows(const struct address_block *block, const struct address *address,
			 enum address_class address_class)
{
	if (!address_block_has(block, address))
		return false;
	return address_class != ADDRESS_LINK_LOCAL || address_classify(&block->base) == ADDRESS_LINK_LOCAL;
}

static bool rule_allows(const struct rule *rule, const struct host_name *host, const struct address *address)
{
	enum address_class address_class = address_classify(address);

	switch (rule->kind) {
	case RULE_PUBLIC:
		return address_class == ADDRESS_PUBLIC;
	case RULE_ANY:
		return address_class != ADDRESS_LINK_LOCAL;
	case RULE_BLOCK:
		return block_allows(&rule->block, address, address_class);
	case RULE_HOST:
		return address_class != ADDRESS_LINK_LOCAL && strcmp(rule->host.text, host->text) == 0;
	}
	return false;
}

/* Allows public addresses always: a rule for one private server must not refuse them. */
static bool allows(const struct fetch_policy *policy, const struct host_name *host, const struct address *address)
{
	if (address_classify(address) == ADDRESS_PUBLIC)
		return true;
	for (size_t i = 0; i < policy->num_rules; i++)
		if (rule_allows(&policy->rules[i], host, address))
			return true;
	return false;
}

bool fetch_policy_address(const struct fetch_policy *policy, const char *host, const struct sockaddr *address)
{
	struct address parsed;
	struct host_name name;

	if (!address_from_socket(address, &parsed))
		return false;
	/* A host that is no name, by our rules, is left with an empty text, which no rule names. */
	struct error ignored = host_name_parse(host, &name);
	(void)ignored;
	return allows(policy, &name, &parsed);
}

static bool is_localhost(const char *name)
{
	static const char localhost[] = "localhost";
	size_t len = strlen(name);

	if (len < sizeof(localhost) - 1 || strcmp(name + len - (sizeof(localhost) - 1), localhost) != 0)
		return false;
	return len == sizeof(localhost) - 1 || name[len - sizeof(localhost)] == '.';
}

bool fetch_policy_host(const struct fetch_policy *policy, const char *host)
{
	static const uint8_t loopback[IPV4_BYTES] = {127, 0, 0, 1};
	struct host_name name;
	struct address address;

	/* The odd spellings of IPv4 addresses (0x7f.1) do not parse and are refused with all that is no name. */
	if (failed(host_name_parse(host, &name)))
		return false;
	if (!name.is_ip && !is_localhost(name.text))
		return true;
	address = name.is_ip ? address_of(name.ip, name.ip_len) : address_of(loopback, IPV4_BYTES);
	return allows(policy, &name, &address);
}
