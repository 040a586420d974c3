/* repair_view - a repair for a person: what the server has to send, the files, the steps, and what no chain can repair.
 *
 * Commands and lines of a configuration stand behind four blanks, and nothing else does.
 */
#ifndef PROXY_COMMANDS_REPAIR_REPAIR_VIEW_H
#define PROXY_COMMANDS_REPAIR_REPAIR_VIEW_H

#include "proxy/cli/output.h"
#include "proxy/commands/repair/repair_files.h"

void repair_view_print(const struct output *output, const struct repair_script *script,
		       const struct repair_files *files);

#endif
