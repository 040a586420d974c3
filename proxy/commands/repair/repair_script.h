/* repair_script - fills in the recipe of one server for one plan: the steps in words and commands, and the files that the
 * commands name.
 */
#ifndef PROXY_COMMANDS_REPAIR_REPAIR_SCRIPT_H
#define PROXY_COMMANDS_REPAIR_REPAIR_SCRIPT_H

#include "chaincache/base/buffer.h"
#include "proxy/commands/repair/repair_recipe.h"

#define REPAIR_MAX_FILES (REPAIR_PLAN_MAX_ITEMS + 3)
#define REPAIR_MAX_NAME_CHARS 31 /* what a NetScaler of any version takes as the name of a certKey */
#define REPAIR_MAX_FILE_CHARS 63
#define REPAIR_HOST_UNKNOWN "HOST" /* in place of a name that nobody has said */

/* The names that a script uses for the server; NULL: those of the leaf. Borrowed. */
struct repair_names {
	const char *host; /* a name that clients use */
	const char *stem; /* with which the names of files begin */
	const char *thumbprint; /* of the leaf */
};

struct repair_file {
	char name[REPAIR_MAX_FILE_CHARS + 1]; /* no folder in it */
	struct buffer pem; /* owned */
};

struct repair_step_text {
	struct buffer text; /* a paragraph, with texts from certificates in it */
	struct buffer commands; /* lines */
	struct buffer lines;
};

struct repair_script {
	const struct repair_plan *plan; /* borrowed */
	const struct repair_recipe *recipe; /* borrowed */
	struct repair_names names;
	bool needed; /* false: nothing has to be done on this kind of server, and there are no steps */
	struct repair_step_text steps[REPAIR_MAX_STEPS];
	size_t num_steps;
	struct repair_file files[REPAIR_MAX_FILES];
	size_t num_files;
};

/* repair_script_make fills *out, which is large. Cleaned up on error. */
MUST_USE struct error repair_script_make(const struct repair_plan *plan, const struct repair_recipe *recipe,
					 struct repair_names names, struct repair_script *out);
void repair_script_cleanup(struct repair_script *script);

#define REPAIR_THUMBPRINT_CHARS 40

/* repair_script_thumbprint writes what Windows calls the thumbprint of a certificate. Returns `out`. */
const char *repair_script_thumbprint(const struct certificate *certificate, char out[REPAIR_THUMBPRINT_CHARS + 1]);

/* repair_script_stem writes the stem with which the names of this plan's files begin. Returns `out`. */
const char *repair_script_stem(const struct repair_plan *plan, char out[REPAIR_MAX_NAME_CHARS + 1]);

#endif
