/* mend_runner - runs mends for check and mend: one after the other, each to its end, on a loop of its own.
 *
 *	mend_runner_open -> (a probe on runner->loop) -> mend_runner_run -> runner->result -> mend_runner_end
 */
#ifndef PROXY_COMMANDS_CHECK_MEND_RUNNER_H
#define PROXY_COMMANDS_CHECK_MEND_RUNNER_H

#include "chaincache/mend/mend.h"
#include "proxy/commands/check/trust_material.h"
#include "proxy/fetch/fetcher.h"
#include "proxy/io/loop.h"

#define MEND_RUNNER_MAX_FETCHING_MS 60000 /* for all mends of a command together; each has MEND_TIMEOUT_MS at most */

struct mend_runner {
	const struct audit_options *options;
	struct trust_material material;
	struct loop *loop;
	struct fetcher *fetcher; /* NULL: offline */
	uint64_t fetching_left_ms; /* for the mends that follow */
	int64_t now; /* seconds since 1970: the time to judge by */
	size_t leaf_place; /* where the leaf stood in the file, before it was put first */

	struct mend *mend;
	bool done; /* `mend` is in MEND_DONE */
	const struct mend_result *result; /* after mend_runner_run; until mend_runner_end */
};

/* mend_runner_open reads roots and cache. False, with a message on stderr, on errors. mend_runner_end cleans up either
 * way. */
bool mend_runner_open(struct mend_runner *runner, const struct audit_options *options);

/* mend_runner_run mends `served` (leaf first) and writes fetched issuers to the cache. `key` may be NULL. False, with a
 * message on stderr, on errors. */
bool mend_runner_run(struct mend_runner *runner, const struct certificate_list *served, const EVP_PKEY *key);

/* A chain that a server sent, judged for these names in place of those of the options. Borrowed until the mend is freed. */
struct mend_runner_sent {
	const struct certificate_list *chain;
	const struct host_name *names;
	size_t num_names;
	bool staple_asked; /* for an OCSP response */
	struct bytes staple; /* that it sent; empty: none */
};

/* mend_runner_run_sent does what mend_runner_run does. */
bool mend_runner_run_sent(struct mend_runner *runner, const struct mend_runner_sent *sent);

/* mend_runner_take hands the last mend to the caller, who frees it before mend_runner_end. Another one can then be run. */
struct mend *mend_runner_take(struct mend_runner *runner);

/* mend_runner_end cleans up and returns `status`. Where a name is still looked up it ends the process, by output_end. */
int mend_runner_end(struct mend_runner *runner, int status);

#endif
