/* repair_files - writes the files of a repair into one folder: each whole or not at all, and none over another. */
#ifndef PROXY_COMMANDS_REPAIR_REPAIR_FILES_H
#define PROXY_COMMANDS_REPAIR_REPAIR_FILES_H

#include <limits.h>

#include "proxy/commands/repair/repair_script.h"

/* The result. A file that is there already with the same content is left as it is. */
struct repair_files {
	char folder[PATH_MAX];
	bool was_there[REPAIR_MAX_FILES]; /* as script->files */
	char trouble[PATH_MAX]; /* the path that could not be written; "" */
};

/* repair_files_choose takes `folder`; NULL: a name made of the leaf's and the server's. */
MUST_USE struct error repair_files_choose(const struct repair_script *script, const char *folder,
					  struct repair_files *out);

/* repair_files_write makes the folder (one level) and writes the files; nothing when the script needs none. ERROR_SYSTEM
 * with EEXIST, and nothing written, where a file has another content. */
MUST_USE struct error repair_files_write(const struct repair_script *script, struct repair_files *files);

#endif
