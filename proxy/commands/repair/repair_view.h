/* repair_view - prints a repair for a person: the chain to send, the files, the steps, and what no chain can repair.
 *
 * Commands and lines of a configuration are indented by four blanks, and nothing else is.
 */
#ifndef PROXY_COMMANDS_REPAIR_REPAIR_VIEW_H
#define PROXY_COMMANDS_REPAIR_REPAIR_VIEW_H

#include "proxy/cli/output.h"
#include "proxy/commands/repair/repair_files.h"

void repair_view_print(const struct output *output, const struct repair_script *script,
		       const struct repair_files *files);

#endif
