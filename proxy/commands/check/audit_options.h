/* audit_options - the options that check and mend share. */
#ifndef PROXY_COMMANDS_CHECK_AUDIT_OPTIONS_H
#define PROXY_COMMANDS_CHECK_AUDIT_OPTIONS_H

#include "chaincache/certificate/host_name.h"
#include "proxy/cli/options.h"
#include "proxy/commands/check/fetch_options.h"

/* The first member of a command's options: the rows below are passed those. Strings are argv's. */
struct audit_options {
	struct fetch_options fetch; /* first: see fetch_options.h */
	struct host_name *names; /* owned */
	size_t num_names;
	struct string_list roots; /* as trust_store_set_add_option reads them */
	struct string_list crls; /* files and directories */
	const char *cache; /* NULL: the machine's, or the user's */
	const char *key_password_file;
	bool offline;
	bool has_time;
	int64_t time; /* seconds since 1970 */
	bool ignore_trust;
	bool json;
};

extern const struct option_row audit_option_rows[];

/* audit_options_add_name adds a name that clients use; NULL, or what is wrong with it. */
const char *audit_options_add_name(struct audit_options *options, const char *name);

void audit_options_cleanup(struct audit_options *options);

#endif
