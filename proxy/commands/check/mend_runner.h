/* audit - one mend from its beginning to its end, on a loop of its own: what check and mend both do.
 *
 *	audit_open -> (a probe on audit->loop) -> audit_run -> audit->result -> audit_end
 */
#ifndef PROXY_COMMANDS_CHECK_MEND_RUNNER_H
#define PROXY_COMMANDS_CHECK_MEND_RUNNER_H

#include "chaincache/mend/mend.h"
#include "proxy/commands/check/trust_material.h"
#include "proxy/fetch/fetcher.h"
#include "proxy/io/loop.h"

#define AUDIT_MAX_FETCHING_MS 60000 /* of all mends of one command together; one has MEND_TIMEOUT_MS */

struct audit;

/* One URL that is asked for. */
struct audit_fetch {
	struct audit *audit;
	struct fetch_request *request; /* NULL: answered */
	size_t index; /* into mend_requests */
};

struct audit {
	const struct audit_options *options;
	struct trust_material material;
	struct loop *loop;
	struct fetcher *fetcher; /* NULL: offline */
	struct alarm *deadline; /* of one mend's fetching */
	uint64_t fetching_left_ms; /* for all mends that are still to come */
	bool out_of_time;
	int64_t now; /* seconds since 1970: as of when it is judged */
	size_t leaf_place; /* where the leaf stood in the file, before it was put first */

	struct mend *mend;
	struct audit_fetch fetches[MEND_MAX_FETCHES];
	size_t num_open;
	bool done;
	const struct mend_result *result; /* after audit_run; until audit_end */
};

/* audit_open reads roots and cache. False: what is wrong has been told. audit_end cleans up either way. */
bool audit_open(struct audit *audit, const struct audit_options *options);

/* audit_run mends `served` (leaf first) and keeps in the cache what was fetched. `key` may be NULL. False: told. */
bool audit_run(struct audit *audit, const struct certificate_list *served, const EVP_PKEY *key);

/* A chain that a server sent: judged for these names in place of the options' own. All borrowed until the mend is freed. */
struct audit_sent {
	const struct certificate_list *chain;
	const struct host_name *names;
	size_t num_names;
	bool staple_asked; /* for an OCSP response */
	struct bytes staple; /* that it sent; empty: none */
};

/* audit_run_sent is audit_run for it. */
bool audit_run_sent(struct audit *audit, const struct audit_sent *sent);

/* audit_take gives the mend that was run to the caller, so that another one can be run: to be freed, before
 * audit_end. */
struct mend *audit_take(struct audit *audit);

/* audit_end cleans up and returns `status`. Where a name is still looked up it ends the process instead, by output_end. */
int audit_end(struct audit *audit, int status);

#endif
