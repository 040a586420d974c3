#include "chaincache/certificate/host_name.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

enum {
	MAX_INPUT_CHARS = 1024, /* U-labels in UTF-8 are longer than what they become */
	MAX_LABEL_CHARS = 63,
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdef";

static struct error wrong(const char *what)
{
	return error_of(ERROR_FORMAT, 0, what);
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static void lower_ascii(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* Mistakes with words of their own, beside a mere wrong character. */
static struct error wrong_character(const char *text)
{
	if (strstr(text, "://") != NULL)
		return wrong("a URL stands where a host name belongs: leave out the scheme and the path");
	if (strchr(text, '*') != NULL)
		return wrong("a wildcard is no name that a client asks for: give the names themselves");
	if (strchr(text, ':') != NULL)
		return wrong("a host name has no colon: leave out the port, and check an IPv6 address's spelling");
	if (strchr(text, '/') != NULL)
		return wrong("a host name has no slash in it");
	if (strpbrk(text, " \t\r\n") != NULL)
		return wrong("a host name has no blank in it");
	return wrong("a host name has letters, digits, hyphens, underscores and dots alone");
}

static bool is_name_char(char c)
{
	return c != '\0' && (strchr(letters, c) != NULL || strchr(digits, c) != NULL || c == '-' || c == '_');
}

/* Says whether the last label is a decimal or 0x number: the URL Standard then reads the host as an IPv4 address, and
 * no client asks a name server for it. */
static bool ends_in_number(const char *text)
{
	const char *dot = strrchr(text, '.');
	const char *label = dot != NULL ? dot + 1 : text;

	if (label[0] == '0' && label[1] == 'x')
		return label[2 + strspn(label + 2, hex_digits)] == '\0';
	return label[0] != '\0' && label[strspn(label, digits)] == '\0';
}

static struct error check_labels(const char *text)
{
	size_t label_chars = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '.') {
			if (label_chars == 0)
				return wrong("a label between the dots of the host name is empty");
			label_chars = 0;
			continue;
		}
		if (!is_name_char(*at))
			return wrong_character(text);
		if (*at == '-' && label_chars == 0)
			return wrong("a label of the host name begins with a hyphen");
		if (++label_chars > MAX_LABEL_CHARS)
			return wrong("a label of the host name has more than 63 characters");
	}
	return label_chars > 0 ? error_none() : wrong("a label between the dots of the host name is empty");
}

/* Reads an address into `out`, brackets already taken off. False when `text` is none. */
static bool parse_address(const char *text, struct host_name *out)
{
	static const struct {
		int family;
		size_t len;
	} forms[] = {{AF_INET, 4}, {AF_INET6, 16}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (inet_pton(forms[i].family, text, out->ip) != 1)
			continue;
		out->is_ip = true;
		out->ip_len = forms[i].len;
		return inet_ntop(forms[i].family, out->ip, out->text, sizeof(out->text)) != NULL;
	}
	memset(out->ip, 0, sizeof(out->ip));
	return false;
}

static struct error parse_bracketed(const char *text, struct host_name *out)
{
	char inside[INET6_ADDRSTRLEN];
	size_t len = strlen(text);

	if (text[len - 1] != ']')
		return wrong("the bracket of an IPv6 address is not closed, or a port follows it: leave the port out");
	if (strchr(text, '%') != NULL)
		return wrong("an address with a zone (%) cannot be a server's name: leave the zone out");
	if (len - 2 < sizeof(inside)) {
		memcpy(inside, text + 1, len - 2);
		inside[len - 2] = '\0';
		if (parse_address(inside, out) && out->ip_len == 16)
			return error_none();
	}
	return wrong("what stands in brackets is not an IPv6 address");
}

static struct error parse_ascii(const char *text, struct host_name *out)
{
	char copy[HOST_NAME_MAX_CHARS + 2];
	size_t len = strlen(text);

	if (len >= sizeof(copy))
		return wrong("the host name has more than 253 characters");
	memcpy(copy, text, len + 1);
	lower_ascii(copy);
	if (copy[0] == '[')
		return parse_bracketed(copy, out);
	if (len > 1 && copy[len - 1] == '.')
		copy[--len] = '\0';
	if (len > HOST_NAME_MAX_CHARS)
		return wrong("the host name has more than 253 characters");
	if (parse_address(copy, out))
		return error_none();

	struct error error = check_labels(copy);
	if (failed(error))
		return error;
	if (ends_in_number(copy))
		return wrong("it ends in a number, so it is no host name, and it is no IPv4 address of four decimal "
			     "numbers either");
	memcpy(out->text, copy, len + 1);
	return error_none();
}

/* RFC 5891 5 with the mapping of UTS 46, as browsers do: a person may type capitals and full-width characters. */
static struct error to_a_labels(const char *text, char **out)
{
	uint8_t *converted = NULL;
	int status = idn2_lookup_u8((const uint8_t *)text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	*out = (char *)converted;
	if (status == IDN2_OK)
		return error_none();
	idn2_free(converted);
	*out = NULL;
	if (status == IDN2_MALLOC)
		return error_of(ERROR_MEMORY, 0, "convert an internationalised name");
	if (status == IDN2_ENCODING_ERROR)
		return wrong("the name is not written in UTF-8");
	if (status == IDN2_TOO_BIG_DOMAIN || status == IDN2_TOO_BIG_LABEL)
		return wrong("the internationalised name, or a label of it, is too long once it is converted");
	return wrong("the internationalised name has a character that no domain name may have");
}

struct error host_name_parse(const char *text, struct host_name *out)
{
	*out = (struct host_name){0};

	struct error error;
	if (text == NULL || text[0] == '\0') {
		error = wrong("the host name is empty");
	} else if (strlen(text) > MAX_INPUT_CHARS) {
		error = wrong("the host name has more than 253 characters");
	} else if (is_ascii(text)) {
		error = parse_ascii(text, out);
	} else {
		char *a_labels;
		error = to_a_labels(text, &a_labels);
		if (!failed(error))
			error = parse_ascii(a_labels, out);
		idn2_free(a_labels);
	}
	if (failed(error))
		*out = (struct host_name){0};
	return error;
}

bool host_name_equal(const struct host_name *a, const struct host_name *b)
{
	return a->is_ip == b->is_ip && strcmp(a->text, b->text) == 0;
}
