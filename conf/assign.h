/* assign - puts a value's text into its field, by the type that the table of keys gives it. */
#ifndef CONF_ASSIGN_H
#define CONF_ASSIGN_H

#include "conf/keys.h"

#define ASSIGN_MAX_TEXT 1000

/* assign_value reads `text` into `object` (struct config or struct config_site, by key->scope). The value of a
 * repeatable key is added to those before it. False: `why` is a clause that completes "KEY = VALUE: ...". */
bool assign_value(const struct config_key *key, void *object, const char *text, char why[ASSIGN_MAX_TEXT]);

#endif
