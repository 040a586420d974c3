/* The table of keys in the three shapes in which people read it: --help, the sample, the man page. */
#include "conf/keys.h"

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

static struct error print_default(const struct config_key *key, struct buffer *out)
{
	if (key->default_text == NULL)
		return error_none(); /* its help says what is so where it is not set */
	return buffer_printf(out, " (default: %s)", key->default_text);
}

struct error config_key_print_help(const struct config_key *key, struct buffer *out)
{
	struct error error = buffer_printf(out, "%s%s", key->help, key->repeatable ? " Repeatable." : "");
	return failed(error) ? error : print_default(key, out);
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
	if (!failed(error))
		error = print_default(key, out);
	if (!failed(error))
		error = buffer_printf(out, "%s\"\n", key->repeatable ? ", repeatable" : "");
	return failed(error) ? error : print_lines(out, "", key->help);
}
