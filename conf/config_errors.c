#include "conf/config_errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_TEXT 1400

void config_errors_add(struct config_errors *errors, unsigned line, const char *format, ...)
{
	char text[MAX_TEXT];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	errors->count++; /* counted even where it cannot be kept: a wrong file is never taken for a right one */
	if (errors->num_items == CONFIG_MAX_ERRORS)
		return;
	if (errors->items == NULL)
		errors->items = calloc(CONFIG_MAX_ERRORS, sizeof(*errors->items));
	if (errors->items == NULL)
		return;
	errors->items[errors->num_items].line = line;
	errors->items[errors->num_items].text = strdup(text);
	errors->num_items++;
}

void config_errors_cleanup(struct config_errors *errors)
{
	for (size_t i = 0; i < errors->num_items; i++)
		free(errors->items[i].text);
	free(errors->items);
	*errors = (struct config_errors){0};
}

/* By line, and in the order of adding within one: insertion sort, since qsort is not stable. */
static void sort_by_line(struct config_errors *errors)
{
	for (size_t i = 1; i < errors->num_items; i++) {
		struct config_error item = errors->items[i];
		size_t at = i;
		for (; at > 0 && errors->items[at - 1].line > item.line; at--)
			errors->items[at] = errors->items[at - 1];
		errors->items[at] = item;
	}
}

void config_errors_print(struct config_errors *errors, const char *path, struct buffer *out)
{
	sort_by_line(errors);
	struct error error = error_none();
	for (size_t i = 0; !failed(error) && i < errors->num_items; i++) {
		const struct config_error *item = &errors->items[i];
		const char *text = item->text != NULL ? item->text : "out of memory";
		if (path == NULL)
			error = buffer_printf(out, "%s\n", text);
		else if (item->line == 0)
			error = buffer_printf(out, "%s: %s\n", path, text);
		else
			error = buffer_printf(out, "%s:%u: %s\n", path, item->line, text);
	}
	if (!failed(error) && errors->count > errors->num_items)
		error = buffer_printf(out, "... and %zu errors more\n", errors->count - errors->num_items);
	/* A full buffer holds the first errors, with which a person starts. */
	(void)error;
}
