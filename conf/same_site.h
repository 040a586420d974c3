/* same_site - whether two sites of configurations are the same in all keys. */
#ifndef CONF_SAME_SITE_H
#define CONF_SAME_SITE_H

#include "conf/config.h"

/* same_site_by_keys compares their names and each key of the table. A kind of value without a comparison makes them
 * differ, so that the site is read again; test_same_site checks that each kind has one. */
bool same_site_by_keys(const struct config_site *a, const struct config_site *b);

bool same_site_lists(const struct string_list *a, const struct string_list *b);

#endif
