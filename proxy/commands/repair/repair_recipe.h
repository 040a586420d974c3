/* repair_recipe - the steps that make each kind of server send the mended chain itself. The recipes are data.
 *
 * Texts and commands have words in them, each between two '@':
 *	@chain@ @leaf@ @intermediates@	files: the mended chain, its leaf alone, its issuers alone
 *	@file@ @name@ @thumbprint@ @subject@	of the certificate of the step: its file, the file's stem, its SHA-1, its subject
 *	@child@ @issuer@	what a link joins, as NetScaler's certKeys are called here
 *	@stem@ @host@ @length@	from the leaf: a stem for names, a name to ask, how many certificates are sent
 * A file is written where a command or a line of the configuration names it. @subject@ is for texts alone: all other
 * words are made of letters, digits, dots and hyphens, so that no certificate can put anything into a command.
 */
#ifndef PROXY_COMMANDS_REPAIR_REPAIR_RECIPE_H
#define PROXY_COMMANDS_REPAIR_REPAIR_RECIPE_H

#include "chaincache/mend/repair_plan.h"

#define REPAIR_MAX_STEPS 12 /* of a recipe, with the one that all have */

/* A step for plans with a certificate in the group `when` and none in `unless`. `commands` and `lines` may have several
 * lines each. */
struct repair_step {
	enum repair_group when;
	enum repair_group unless; /* REPAIR_NOBODY: done always */
	enum repair_group each; /* the commands are given once a certificate of this group; REPAIR_LEAF: once */
	const char *text;
	const char *commands; /* NULL: none */
	const char *lines; /* of the server's configuration; NULL: none */
};

struct repair_recipe {
	const char *name; /* as --for has it */
	const char *label;
	/* A server that builds its chain itself needs a repair only when one of these groups has a certificate. All
	 * REPAIR_NOBODY: it sends a file, which is written anew when the chain differs. */
	enum repair_group needs[2];
	/* One after the other; each ends where `text` is NULL. The second may be NULL. */
	const struct repair_step *parts[2];
};

/* repair_recipe_find returns the recipe of this name, NULL when there is none. */
const struct repair_recipe *repair_recipe_find(const char *name);

#define REPAIR_MAX_RECIPES 32

/* repair_recipe_at lists them; NULL at the end. */
const struct repair_recipe *repair_recipe_at(size_t index);

/* The last step of every recipe. */
extern const struct repair_step repair_recipe_last_step;

#endif
