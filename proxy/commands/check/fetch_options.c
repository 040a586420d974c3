#include "proxy/commands/check/fetch_options.h"

#include "conf/values.h"
#include "proxy/fetch/fetch_proxy.h"
#include "proxy/fetch/fetch_settings.h"

void fetch_options_cleanup(struct fetch_options *options)
{
	string_list_cleanup(&options->allow);
	*options = (struct fetch_options){0};
}

const char *fetch_options_take_allow(void *into, const char *value)
{
	struct fetch_options *options = into;
	const char *wrong = value_check_fetch_rule(value);
	if (wrong != NULL)
		return wrong;
	return string_list_append(&options->allow, value) ? NULL : value_no_memory;
}

const char *fetch_options_take_proxy(void *into, const char *value)
{
	struct fetch_options *options = into;
	options->proxy = value;
	return value_check_proxy_url(value);
}

struct error fetch_options_make_fetcher(const struct fetch_options *options, struct loop *loop, struct fetcher **out)
{
	bool given = options->proxy != NULL;
	const struct fetch_settings settings = {
	    .allow = options->allow.items,
	    .num_allow = options->allow.count,
	    .proxy = given ? options->proxy : fetch_proxy_environment_url(),
	    .no_proxy = given ? NULL : fetch_proxy_environment_no_proxy(),
	};
	struct fetcher_options fetcher_options;
	const char *rule = NULL;
	struct error error = fetch_settings_fill(&settings, &fetcher_options, &rule);
	return failed(error) ? error : fetcher_new(loop, &fetcher_options, out);
}
