/* fetch_options - the options of a command that fetches: --fetch-allow and --fetch-proxy. */
#ifndef PROXY_COMMANDS_CHECK_FETCH_OPTIONS_H
#define PROXY_COMMANDS_CHECK_FETCH_OPTIONS_H

#include "conf/config.h" /* struct string_list */
#include "proxy/fetch/fetcher.h"

/* The first member of a command's options: the functions below are passed those. Strings are argv's. */
struct fetch_options {
	struct string_list allow;
	const char *proxy; /* NULL: what the environment says */
};

void fetch_options_cleanup(struct fetch_options *options);

/* fetch_options_take_allow and fetch_options_take_proxy are for rows of options (proxy/cli/options.h). */
const char *fetch_options_take_allow(void *into, const char *value);
const char *fetch_options_take_proxy(void *into, const char *value);

/* fetch_options_make_fetcher: ERROR_FORMAT for a proxy or a rule that cannot be used. */
MUST_USE struct error fetch_options_make_fetcher(const struct fetch_options *options, struct loop *loop,
						 struct fetcher **out);

#endif
