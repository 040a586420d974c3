/* The table of keys in the three shapes in which people read it: --help, the sample, the man page. */
#include <stdio.h>

#include "conf/keys.h"

#define HELP_INDENT 24

/* Appends each line of `text` between `prefix` and a line feed. */
static struct error print_lines(struct buffer *out, const char *prefix, const char *text)
{
	struct error error = error_none();
	while (!failed(error) && *text != '\0') {
		size_t len = strcspn(text, "\n");
		error = buffer_printf(out, "%s%.*s\n", prefix, (int)len, text);
		text += len;
		text += *text == '\n' ? 1 : 0;
	}
	return error;
}

static struct error print_help_of(const struct config_key *key, struct buffer *out)
{
	char prefix[HELP_INDENT + 1];
	snprintf(prefix, sizeof(prefix), "%*s", HELP_INDENT, "");
	struct error error = buffer_printf(out, "  %-*s", HELP_INDENT - 2, key->name);
	if (!failed(error))
		error = config_key_print_form(key, out);
	if (!failed(error) && key->default_text != NULL)
		error = buffer_printf(out, " (default: %s)", key->default_text);
	if (!failed(error))
		error = buffer_printf(out, "%s\n", key->repeatable ? ", repeatable" : "");
	return failed(error) ? error : print_lines(out, prefix, key->help);
}

struct error config_keys_print_help(struct buffer *out)
{
	static const char *const headings[] = {
	    [SCOPE_CHAINMEND] = "Keys of [chainmend]:\n",
	    [SCOPE_SITE] = "\nKeys of [site NAME]:\n",
	};
	struct error error = error_none();
	for (unsigned scope = SCOPE_CHAINMEND; !failed(error) && scope <= SCOPE_SITE; scope++) {
		error = buffer_printf(out, "%s", headings[scope]);
		for (unsigned i = 0; !failed(error) && i < NUM_CONFIG_KEYS; i++) {
			const struct config_key *key = config_key((enum config_key_id)i);
			if (key->scope == scope && !key->not_built)
				error = print_help_of(key, out);
		}
	}
	return error;
}

struct error config_key_print_sample(const struct config_key *key, struct buffer *out)
{
	struct error error = print_lines(out, "; ", key->help);
	if (failed(error))
		return error;
	return buffer_printf(out, ";%s = %s\n", key->name,
			     key->default_text != NULL ? key->default_text : key->example);
}

struct error config_key_print_man(const struct config_key *key, struct buffer *out)
{
	struct error error = buffer_printf(out, ".TP\n.BR %s \" = ", key->name);
	if (!failed(error))
		error = config_key_print_form(key, out);
	if (!failed(error) && key->default_text != NULL)
		error = buffer_printf(out, " (default: %s)", key->default_text);
	if (!failed(error))
		error = buffer_printf(out, "%s\"\n", key->repeatable ? ", repeatable" : "");
	return failed(error) ? error : print_lines(out, "", key->help);
}
