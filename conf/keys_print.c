/* A key in words: the form of its value, and its help. */
#include "conf/keys.h"

static const char *const forms[] = {
    [VALUE_SWITCH] = "on|off",
    [VALUE_WORKERS] = "auto|NUMBER",
    [VALUE_COUNT] = "NUMBER",
    [VALUE_SIZE] = "SIZE",
    [VALUE_TIME] = "TIME",
    [VALUE_TEXT] = "TEXT",
    [VALUE_CIPHERS] = "CIPHER:...",
    [VALUE_GROUPS] = "GROUP:...",
    [VALUE_PATH] = "PATH",
    [VALUE_PROXY_URL] = "http://HOST:PORT",
    [VALUE_PATHS] = "PATH",
    [VALUE_ROOTS] = "system|PATH|NAME=PATH",
    [VALUE_WORDS] = "WORD...",
    [VALUE_HOSTNAMES] = "NAME...",
    [VALUE_FETCH_RULES] = "public|HOST|BLOCK|any",
    [VALUE_NETWORKS] = "ADDRESS|BLOCK|unix",
    [VALUE_HEADERS] = "NAME: VALUE",
    [VALUE_HEADER_NAMES] = "NAME...",
    [VALUE_BACKEND_HOST] = "client|NAME[:PORT]",
    [VALUE_CERTIFICATES] = "FILE|backend",
    [VALUE_BACKEND_NAME] = "NAME|client",
    [VALUE_LISTENS] = "[ADDRESS:]PORT",
    [VALUE_BACKENDS] = "tcp://HOST:PORT|tls://HOST:PORT",
    [VALUE_PIN] = "SHA256",
    [VALUE_ADMIN] = "[ADDRESS:]PORT|unix:PATH|off",
};

struct error config_key_print_form(const struct config_key *key, struct buffer *out)
{
	if (key->choices == NULL)
		return buffer_printf(out, "%s", forms[key->type]);
	struct error error = error_none();
	for (const struct config_choice *choice = key->choices; !failed(error) && choice->word != NULL; choice++)
		error = buffer_printf(out, "%s%s", choice == key->choices ? "" : "|", choice->word);
	return error;
}

struct error config_key_print_words(const struct config_key *key, struct buffer *out)
{
	return buffer_printf(out, "%s%s%s", key->help, key->missing != NULL ? " Must be set." : "",
			     key->repeatable ? " Repeatable." : "");
}

struct error config_key_print_help(const struct config_key *key, struct buffer *out)
{
	struct error error = config_key_print_words(key, out);
	if (failed(error) || key->default_text == NULL)
		return error; /* without a default the help says what happens where it is not set */
	return buffer_printf(out, " (default: %s)", key->default_text);
}
