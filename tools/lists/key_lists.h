/* key_lists - the keys of the configuration (conf/keys.def) as the sample, in chainmend.ini(5), and in
 * docs/configuration.md. Each appends its text to `out`.
 */
#ifndef TOOLS_LISTS_KEY_LISTS_H
#define TOOLS_LISTS_KEY_LISTS_H

#include "chaincache/base/buffer.h"

/* The whole sample: every key that is built, with its default or an example. */
MUST_USE struct error key_lists_sample(struct buffer *out);

/* In man(7): the keys of a scope, the names that a site must have, and those that this version refuses. */
MUST_USE struct error key_lists_manual_chainmend(struct buffer *out);
MUST_USE struct error key_lists_manual_site(struct buffer *out);
MUST_USE struct error key_lists_manual_required(struct buffer *out);
MUST_USE struct error key_lists_manual_not_built(struct buffer *out);

/* In Markdown: tables. */
MUST_USE struct error key_lists_table_chainmend(struct buffer *out);
MUST_USE struct error key_lists_table_site(struct buffer *out);
MUST_USE struct error key_lists_table_not_built(struct buffer *out);

#endif
