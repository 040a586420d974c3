/* config_errors - collects the errors of a configuration, and prints them in the order of the file. */
#ifndef CONF_CONFIG_ERRORS_H
#define CONF_CONFIG_ERRORS_H

#include "chaincache/base/buffer.h"

#define CONFIG_MAX_ERRORS 100 /* kept; the rest are counted */

struct config_error {
	unsigned line; /* 0: of no line */
	char *text;
};

/* Holds always: num_items <= CONFIG_MAX_ERRORS; the rest are counted in `count` alone. */
struct config_errors {
	struct config_error *items;
	size_t num_items;
	size_t count;
};

void config_errors_add(struct config_errors *errors, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void config_errors_cleanup(struct config_errors *errors);

/* config_errors_print appends "PATH:LINE: text" lines, sorted; `path` may be NULL. What does not fit in is lost. */
void config_errors_print(struct config_errors *errors, const char *path, struct buffer *out);

#endif
