/* asked_names - the names that a site's clients asked for lately, in bounded memory.
 *
 * For a site without `hostnames`: a renewal must not lack one of them (renewal.h). A name keeps its place as long as
 * clients ask for it, so that a client that asks for many others cannot push it out. Pure.
 */
#ifndef PROXY_CLIENTS_ASKED_NAMES_H
#define PROXY_CLIENTS_ASKED_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "chaincache/certificate/host_name.h"

#define ASKED_NAMES_MAX 64 /* further ones are ignored */
#define ASKED_NAMES_MS 3600000 /* a name is forgotten when nobody has asked for it for this long */

struct asked_name {
	struct host_name name;
	int64_t asked_ms; /* since 1970 */
};

/* Zero-initialised is empty. */
struct asked_names {
	struct asked_name items[ASKED_NAMES_MAX];
	size_t count;
};

/* asked_names_add notes that clients asked for `text`; a text that is no name is ignored. */
void asked_names_add(struct asked_names *asked, const char *text, int64_t now_ms);

/* asked_names_list copies those that were asked for lately; returns how many. */
size_t asked_names_list(const struct asked_names *asked, int64_t now_ms, struct host_name out[ASKED_NAMES_MAX]);

#endif
