#include "proxy/wire/tls_reason.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ERR_reason_error_string(3): capitals, digits and underscores. */
static bool is_name(const char *reason)
{
	return reason[0] != '\0' && strspn(reason, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(reason);
}

const char *tls_reason_print(const char *reason, char out[TLS_REASON_MAX])
{
	snprintf(out, TLS_REASON_MAX, "%s", reason);
	if (!is_name(reason))
		return out;
	for (char *at = out; *at != '\0'; at++) {
		if (*at == '_')
			*at = ' ';
		else
			*at = (char)tolower((unsigned char)*at);
	}
	return out;
}
