/* journal - entries with fields of their own for systemd's journal, by its native protocol over a datagram socket
 * (systemd's JOURNAL_NATIVE_PROTOCOL; sd_journal_send(3) says what the usual fields mean).
 *
 * A line on stderr is cut in pieces by the journal where it is long (LineMax=, 48 KiB); an entry is not.
 */
#ifndef PROXY_SYSTEM_JOURNAL_H
#define PROXY_SYSTEM_JOURNAL_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"
#define JOURNAL_MAX_FIELDS 16 /* of an entry */

struct journal {
	int fd; /* -1: not open */
};

struct journal_field {
	const char *name; /* capital letters, digits and '_' */
	struct bytes value; /* any bytes, line feeds too */
};

/* journal_open connects to the socket at `path`. */
MUST_USE struct error journal_open(const char *path, struct journal *out);
void journal_close(struct journal *journal);

/* journal_send sends one entry, whole or not at all; it does not wait. An entry that is too large for a
 * datagram goes as a sealed memory file. */
MUST_USE struct error journal_send(struct journal *journal, const struct journal_field *fields, size_t count);

#endif
