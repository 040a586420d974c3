/* file_rights - warns of files that the configuration names and whose permissions do not fit: secrets that others may
 * read, and files that the present user cannot read. Each path once. */
#ifndef PROXY_CONTROL_FILE_RIGHTS_H
#define PROXY_CONTROL_FILE_RIGHTS_H

#include "proxy/log/program_log.h"
#include "proxy/sites/site_set.h"

/* file_rights_log_open names the secrets (keys, certificate files with a key in them, passwords, ticket keys, the
 * token) that their mode lets everybody read or write, with the command that mends it. A group that may read is
 * fine. */
void file_rights_log_open(const struct program_log *log, const struct site_set *set);

/* file_rights_log_unreadable names the files that root could read at the start and the present user cannot: the next
 * reload will fail. */
void file_rights_log_unreadable(const struct program_log *log, const struct site_set *set);

#endif
