/* reader - from a configuration file, or from the flags of the short form, to a checked struct config.
 *
 * All errors of a file are reported in one go, each with file and line. Nothing else is opened: whether the files that
 * it names can be used is for the one who uses them to say.
 */
#ifndef CONF_READER_H
#define CONF_READER_H

#include "chaincache/base/buffer.h"
#include "conf/config.h"

#define CONFIG_FILE_MAX_BYTES ((size_t)16 * 1024 * 1024)

/* config_read_file reads `path`. On success *out is owned by the caller. Otherwise *out is NULL and `errors` holds one
 * line an error ("FILE:LINE: what: what to do"), newline-terminated. */
bool config_read_file(const char *path, struct config **out, struct buffer *errors);

/* config_read_text does the same with a text; `path` is for the messages. Pure. */
bool config_read_text(const char *text, size_t len, const char *path, struct config **out, struct buffer *errors);

/* config_read_pairs makes a configuration of one site from "key", "value" pairs of flags (NULL-terminated array of
 * alternating keys and values; global and site keys mixed): the short form of `run`. The site is called "default". */
bool config_read_pairs(const char *const *pairs, struct config **out, struct buffer *errors);

#endif
