#include "proxy/sites/reload_failed.h"

#include <string.h>

/* Writes the lines one after the other. */
static void join(const char *lines, char out[FINDING_MAX_TEXT])
{
	size_t len = 0;

	for (; *lines != '\0' && len + sizeof("; ") < FINDING_MAX_TEXT; lines++) {
		if (*lines != '\n')
			out[len++] = *lines;
		else if (lines[1] != '\0')
			len = (size_t)(stpcpy(out + len, "; ") - out);
	}
	out[len] = '\0';
}

void reload_failed_add(struct finding_list *findings, const struct site_material *material)
{
	bool serves = material->state == SITE_KEPT;
	char why[FINDING_MAX_TEXT];

	join(material->faults != NULL ? material->faults : "out of memory", why);
	struct finding *finding =
	    finding_list_add(findings, FINDING_RELOAD_FAILED, "%s: %s",
			     serves ? "the site goes on with what it read before, because its files are wrong"
				    : "the site serves nobody, because its files are wrong",
			     why);
	finding_set_severity(finding, serves ? SEVERITY_WARNING : SEVERITY_ERROR);
}
