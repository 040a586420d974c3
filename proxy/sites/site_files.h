/* site_files - one configuration with the content of all files that it names.
 *
 * Read by one thread, then immutable: reference-counted, so that the next one can be read beside it in another thread. A
 * site whose files are wrong goes on with what was read of them before; one for which nothing was read before is unusable.
 */
#ifndef PROXY_SITES_SITE_FILES_H
#define PROXY_SITES_SITE_FILES_H

#include "chaincache/base/buffer.h"
#include "proxy/mending/site_material.h"

#define SITE_FILES_MAX_TICKET_FAULT_BYTES ((size_t)4096)
#define SITE_FILES_NO_PLACE SIZE_MAX

struct site_files;

/* site_files_read reads all files of `take_config`, which may need root's rights. It owns `take_config`, even on failure.
 * `former` (may be NULL) are the files of before, `now` is the wall clock. NULL where the configuration itself is wrong,
 * or, without former files, the file of ticket keys: `errors` then holds a line an error. */
struct site_files *site_files_read(struct config *take_config, const struct site_files *former, time_t now,
				   struct buffer *errors);

/* site_files_reread reads the files of the configuration of `former` anew. */
struct site_files *site_files_reread(const struct site_files *former, time_t now, struct buffer *errors);
struct site_files *site_files_ref(struct site_files *files);
void site_files_unref(struct site_files *files); /* NULL is fine */

struct shared_config *site_files_shared_config(const struct site_files *files);
const struct config *site_files_config(const struct site_files *files);
struct site_material *site_files_material(const struct site_files *files, size_t place);
struct ticket_keys *site_files_ticket_keys(const struct site_files *files); /* NULL: no file of them is named */

/* site_files_find returns the place of a site in the configuration; SITE_FILES_NO_PLACE: there is none. */
size_t site_files_find(const struct site_files *files, const char *name);

/* site_files_change_at: the moment (seconds since 1970) from which on the same files give another leaf, because a renewal in
 * one of them becomes valid or a leaf expires; LEAF_CHOICE_STAYS: never. */
int64_t site_files_change_at(const struct site_files *files);

/* site_files_print_faults appends what is wrong with the files, a line each; what is wrong for several sites is said
 * once. */
void site_files_print_faults(const struct site_files *files, struct buffer *out);
size_t site_files_num_faulty(const struct site_files *files); /* sites, and the file of ticket keys */
size_t site_files_num_unusable(const struct site_files *files); /* sites */
bool site_files_same_faults(const struct site_files *a, const struct site_files *b); /* of one configuration */

#endif
