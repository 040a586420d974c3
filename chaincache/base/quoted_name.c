#include "chaincache/base/quoted_name.h"

#include <string.h>

#include "chaincache/base/printable.h"

static const char dots[] = "...";

/* Room for both quotes, the dots and NUL. */
#define MAX_NAME_CHARS (QUOTED_NAME_CHARS - sizeof(dots) - 2)

static bool needs_quotes(const char *name)
{
	return name[0] == '\0' || strpbrk(name, " \"'") != NULL;
}

struct quoted_name quoted_name(const char *name)
{
	char clean[MAX_NAME_CHARS + 1];
	struct quoted_name quoted;
	bool quotes = needs_quotes(name);
	size_t len = 0, at = 0;
	bool whole = printable_copy(bytes_of_string(name), PRINTABLE_LINE, clean, sizeof(clean)) == strlen(name);

	if (quotes)
		quoted.text[len++] = '"';
	for (; clean[at] != '\0' && len < MAX_NAME_CHARS; at++) {
		if (clean[at] == '"' && (at == 0 || clean[at - 1] != '\\'))
			quoted.text[len++] = '\\';
		quoted.text[len++] = clean[at];
	}
	while (clean[at] != '\0' && len > 0 && ((unsigned char)clean[at] & 0xc0) == 0x80) {
		len--;
		at--;
	}
	if (!whole || clean[at] != '\0') {
		memcpy(quoted.text + len, dots, sizeof(dots) - 1);
		len += sizeof(dots) - 1;
	}
	if (quotes)
		quoted.text[len++] = '"';
	quoted.text[len] = '\0';
	return quoted;
}
