#include "proxy/fetch/fetch_settings.h"

struct error fetch_settings_fill(const struct fetch_settings *settings, struct fetcher_options *out,
				 const char **out_rule)
{
	*out = (struct fetcher_options){.proxy = settings->proxy, .no_proxy = settings->no_proxy};
	*out_rule = NULL;
	struct fetch_policy *policy = fetch_policy_new();
	if (policy == NULL)
		return error_of(ERROR_MEMORY, 0, "make a fetcher");
	for (size_t i = 0; i < settings->num_allow; i++) {
		struct error error = fetch_policy_allow(policy, settings->allow[i]);
		if (!failed(error))
			continue;
		*out_rule = settings->allow[i];
		fetch_policy_free(policy);
		return error;
	}
	out->take_policy = policy;
	return error_none();
}
