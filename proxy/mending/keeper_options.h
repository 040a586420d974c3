/* keeper_options - what a certificate_keeper keeps, with what, and who serves it. */
#ifndef PROXY_MENDING_KEEPER_OPTIONS_H
#define PROXY_MENDING_KEEPER_OPTIONS_H

#include "proxy/log/fix_log.h"
#include "proxy/mending/mender.h"
#include "proxy/mending/site_material.h"

/* Everything is borrowed until keeper_free. */
struct keeper_options {
	struct mend_services *services;
	struct fix_log *fix_log;
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material; /* stores and names */
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	enum certificate_purpose purpose; /* of a client certificate, names and stores are not judged */
	unsigned part; /* the number of its findings in the fix log: which certificate of the site */
	size_t leaf_place; /* where the leaf stood in what was given, 0 for the first */
	bool quiet; /* until keeper_set_quiet says otherwise */
	void *context;
	/* Serves another chain with its key; on failure the former one stays. Comes from keeper_start, and then each time
	 * that there is a better one. */
	struct error (*serve)(void *context, const struct certificate_list *chain, EVP_PKEY *key);
	void (*judged)(void *context); /* keeper_verdict is another one; may be NULL */
};

#endif
