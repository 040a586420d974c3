/* fetch_settings - makes the options of a fetcher from what a configuration or a command line says about fetching. */
#ifndef PROXY_FETCH_FETCH_SETTINGS_H
#define PROXY_FETCH_FETCH_SETTINGS_H

#include "proxy/fetch/fetcher.h"

/* Strings are borrowed as long as the options are used. */
struct fetch_settings {
	char *const *allow; /* rules of fetch_policy_allow, beside public addresses; NULL: none */
	size_t num_allow;
	const char *proxy; /* as fetcher_options has it */
	const char *no_proxy;
};

/* fetch_settings_fill fills `out`; the caller owns its policy until a fetcher takes it. User agent, time limits and pauses
 * are left to the fetcher. ERROR_FORMAT or ERROR_LIMIT for a rule that cannot be used: `*out_rule` is then that rule, else
 * NULL. On error `out` has no policy. */
MUST_USE struct error fetch_settings_fill(const struct fetch_settings *settings, struct fetcher_options *out,
					  const char **out_rule);

#endif
