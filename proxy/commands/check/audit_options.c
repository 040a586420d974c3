#include "proxy/commands/check/audit_options.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/mend/mend.h" /* MEND_MAX_NAMES */
#include "chaincache/stores/trust_store.h" /* TRUST_STORES_MAX */
#include "conf/values.h"
#include "proxy/log/time_text.h"

const char *audit_options_add_name(struct audit_options *options, const char *name)
{
	struct host_name parsed;
	struct error error = host_name_parse(name, &parsed);
	if (failed(error))
		return error.step;
	if (options->num_names == MEND_MAX_NAMES)
		return "more names than one certificate can be judged by";
	struct host_name *names = realloc(options->names, (options->num_names + 1) * sizeof(*names));
	if (names == NULL)
		return value_no_memory;
	options->names = names;
	options->names[options->num_names++] = parsed;
	return NULL;
}

void audit_options_cleanup(struct audit_options *options)
{
	free(options->names);
	string_list_cleanup(&options->roots);
	string_list_cleanup(&options->crls);
	fetch_options_cleanup(&options->fetch);
	*options = (struct audit_options){0};
}

static const char *take_name(void *into, const char *value)
{
	return audit_options_add_name(into, value);
}

/* Returns the name in NAME=PATH, 0 characters where there is none. */
static size_t store_name_len(const char *option)
{
	size_t len = strcspn(option, "=/");
	return option[len] == '=' ? len : 0;
}

static bool has_store_named_as(const struct audit_options *options, const char *option)
{
	size_t len = store_name_len(option);
	for (size_t i = 0; len > 0 && i < options->roots.count; i++) {
		const char *other = options->roots.items[i];
		if (store_name_len(other) == len && strncmp(other, option, len) == 0)
			return true;
	}
	return false;
}

static const char *take_roots(void *into, const char *value)
{
	struct audit_options *options = into;
	const char *wrong = value_check_roots(value);
	if (wrong != NULL)
		return wrong;
	if (options->roots.count == TRUST_STORES_MAX)
		return "more than 32 trust stores: leave some out";
	if (has_store_named_as(options, value))
		return "two trust stores have the same name: give each its own";
	return string_list_append(&options->roots, value) ? NULL : value_no_memory;
}

static const char *take_crl(void *into, const char *value)
{
	struct audit_options *options = into;
	if (value[0] == '\0')
		return "a file or directory of CRLs has a name";
	return string_list_append(&options->crls, value) ? NULL : value_no_memory;
}

static const char *take_cache(void *into, const char *value)
{
	((struct audit_options *)into)->cache = value;
	return NULL;
}

static const char *take_key_password_file(void *into, const char *value)
{
	((struct audit_options *)into)->key_password_file = value;
	return NULL;
}

static const char *take_offline(void *into, const char *value)
{
	(void)value;
	((struct audit_options *)into)->offline = true;
	return NULL;
}

static const char *take_time(void *into, const char *value)
{
	struct audit_options *options = into;
	struct error error = time_text_parse(value, &options->time);
	options->has_time = !failed(error);
	return failed(error) ? error.step : NULL;
}

static const char *take_ignore_trust(void *into, const char *value)
{
	(void)value;
	((struct audit_options *)into)->ignore_trust = true;
	return NULL;
}

static const char *take_json(void *into, const char *value)
{
	(void)value;
	((struct audit_options *)into)->json = true;
	return NULL;
}

const struct option_row audit_option_rows[] = {
    {"name", 0, "NAME", "A name that clients use, to be covered by the certificate; repeatable", take_name},
    {"roots", 0, "[NAME=]PATH",
     "A trust store: a file of roots, a directory of such files (a store a file), or system; repeatable: the chain is "
     "judged by each (default: system)",
     take_roots},
    {"crl", 0, "PATH",
     "CRLs to look revocation up in: a file (PEM or DER, several in a PEM file), or a directory of such files; "
     "repeatable (default: none; nothing is asked over the network)",
     take_crl},
    {"ignore-trust", 0, NULL, "Judge everything but whether a trusted root is reached", take_ignore_trust},
    {"time", 0, "TIME", "Judge as of this time: 2026-11-20T10:35:41Z or 2026-11-20 (default: now)", take_time},
    {"cache", 0, "DIR",
     "The cache of intermediates (default: /var/cache/chainmend where it can be read, else "
     "~/.cache/chainmend)",
     take_cache},
    {"offline", 0, NULL, "Fetch nothing", take_offline},
    {"fetch-allow", 0, "WHAT",
     "Where intermediates may be fetched from, beside public addresses: a host, an address, a CIDR block, or any; "
     "repeatable (default: public)",
     fetch_options_take_allow},
    {"fetch-proxy", 0, "URL", "An HTTP proxy to fetch through (default: the variable http_proxy)",
     fetch_options_take_proxy},
    {"key-password-file", 0, "FILE", "Its first line is the password of an encrypted key or PKCS#12 file",
     take_key_password_file},
    {"json", 0, NULL, "One JSON document on stdout, and nothing else there", take_json},
    {NULL, 0, NULL, NULL, NULL},
};
