#include "conf/header_line.h"

#define BLANKS " \t"

static const char framing[] = "frames the message, and chainmend writes it itself: take it out";
static const char of_one_connection[] = "is for one connection alone, and chainmend writes it itself: take it out";

static const struct {
	const char *name;
	const char *wrong;
} not_settable[] = {
    {"Content-Length", framing},
    {"Transfer-Encoding", framing},
    {"Trailer", framing},
    {"TE", framing},
    {"Connection", of_one_connection},
    {"Keep-Alive", of_one_connection},
    {"Proxy-Connection", of_one_connection},
    {"HTTP2-Settings", of_one_connection},
    {"Upgrade", "has a key of its own: write upgrade = on or off"},
    {"Host", "has a key of its own: write backend_host = NAME"},
    {"Expect", "is between the client and the backend, who wait for each other by it: take it out"},
};

/* The characters of a token (RFC 9110 5.6.2). */
static size_t token_len(const char *text)
{
	return strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static int folded(char c, bool folds)
{
	return folds && c == '_' ? '-' : c | 0x20;
}

/* `folds`: `_` counts as `-`, which many backends take it for. */
static bool is_named(const char *name, size_t len, const char *wanted, bool folds)
{
	for (size_t i = 0; i < len; i++)
		if (folded(name[i], folds) != folded(wanted[i], false))
			return false;
	return wanted[len] == '\0';
}

static const char *check_name(const char *name, size_t len, bool folds)
{
	if (len == 0)
		return "has no name of a field: its letters, digits and dashes come first";
	for (size_t i = 0; i < sizeof(not_settable) / sizeof(not_settable[0]); i++) {
		if (is_named(name, len, not_settable[i].name, folds))
			return not_settable[i].wrong;
	}
	return NULL;
}

const char *header_name_check(const char *text)
{
	size_t len = token_len(text);

	if (text[len] == ':')
		return "has a colon: write the name of the field alone";
	if (text[len] != '\0')
		return "is no name of a field: it has letters, digits and dashes";
	return check_name(text, len, false); /* what a client spelt with `_` may be removed */
}

const char *header_line_check(const char *text)
{
	size_t len = token_len(text);

	if (text[len] != ':')
		return "is no field: write NAME: VALUE";
	const char *value = text + len + 1;
	value += strspn(value, BLANKS);
	if (*value == '\0')
		return "has no value: give one, or use remove_header";
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return "has a control character in its value: take it out";
	}
	return check_name(text, len, true);
}

void header_line_split(const char *line, struct bytes *out_name, struct bytes *out_value)
{
	size_t len = token_len(line);
	const char *value = line + len + (line[len] == ':');

	value += strspn(value, BLANKS);
	size_t value_len = strlen(value);
	while (value_len > 0 && strchr(BLANKS, value[value_len - 1]) != NULL)
		value_len--;
	*out_name = bytes_of(line, len);
	*out_value = bytes_of(value, value_len);
}
