/* csv - walks the rows of comma-separated values (RFC 4180), with line feeds and doubled quotes inside quoted fields.
 *
 * Taken as they come: a byte order mark, line ends of LF, CRLF or CR, a last row without one, a quote inside a field
 * that began without one, and text after a closing quote (it belongs to the field). Empty lines are no rows.
 */
#ifndef CHAINCACHE_BASE_CSV_H
#define CHAINCACHE_BASE_CSV_H

#include "chaincache/base/buffer.h"

#define CSV_MAX_FIELDS 1000 /* of a row */
#define CSV_MAX_ROW_BYTES                                                                                              \
	((size_t)1024 * 1024) /* of a row's fields: a certificate of the greatest size fits ten times */
#define CSV_MAX_RESUMES 1000 /* see csv_next */

enum csv_status { CSV_ROW, CSV_BAD_ROW, CSV_END };

struct csv {
	struct bytes rest; /* borrowed */
	size_t next_line; /* where the next row begins, counted from 1 */
	size_t line; /* where this row began */
	struct buffer content; /* of this row's fields, one after another */
	size_t ends[CSV_MAX_FIELDS]; /* of each field, in the content */
	size_t num_fields;
	unsigned num_resumes;
	struct error error; /* of CSV_BAD_ROW */
};

void csv_init(struct csv *csv, struct bytes text);
void csv_cleanup(struct csv *csv);

/* csv_next reads the next row. CSV_BAD_ROW: it is too large, has too many fields, or a quote that nothing closes. The
 * next call then goes on one line below the start of the bad row; after CSV_MAX_RESUMES bad rows, below all that was
 * read, so that the work stays linear. */
enum csv_status csv_next(struct csv *csv);

/* csv_field borrows a field of this row until the next one; empty above num_fields. */
struct bytes csv_field(const struct csv *csv, size_t index);

#endif
