/* pem_reader - walks the PEM blocks of a text, with anything between them (RFC 7468; the headers are RFC 1421's).
 *
 * A BEGIN line is at the start of a line, blanks and a byte order mark apart, or directly after an END line (files
 * joined without a newline). Lines end in LF, CR or both. A line that looks like a BEGIN or END line, but is a damaged
 * one or an END line without a block, is never skipped: see pem_marker.h.
 */
#ifndef CHAINCACHE_FILES_PEM_READER_H
#define CHAINCACHE_FILES_PEM_READER_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

#define PEM_MAX_LABEL_CHARS 64
#define PEM_MAX_BLOCK_BYTES ((size_t)48 * 1024 * 1024) /* between BEGIN and END: a large CRL */

enum pem_status { PEM_BLOCK, PEM_BROKEN, PEM_END };

struct pem_block {
	char label[PEM_MAX_LABEL_CHARS + 1];
	struct bytes headers; /* the lines above the base64 text; borrowed from the text */
	struct bytes der; /* the reader's own, until the next call; may be changed in place. Empty in a broken block */
};

struct pem_reader {
	struct bytes text; /* borrowed, all of it */
	struct bytes rest; /* what is still to be read */
	size_t block_at; /* where the block begins in the text */
	size_t counted_to; /* line ends are counted up to here */
	unsigned num_line_ends;
	unsigned num_blocks; /* so far, this one included */
	bool is_damaged_line; /* of PEM_BROKEN: there is no block, but a line at block_at */
	uint8_t *scratch; /* owned; wiped when it goes */
	size_t scratch_size;
	struct pem_block block;
	struct error error; /* of PEM_BROKEN */
};

void pem_reader_init(struct pem_reader *reader, struct bytes text);
void pem_reader_cleanup(struct pem_reader *reader);

/* pem_reader_next reads the next block into reader->block. PEM_BROKEN has its label there and the reason in
 * reader->error; the next one can still be read. For a damaged line, the label is its beginning. */
enum pem_status pem_reader_next(struct pem_reader *reader);

/* pem_reader_line is the line of the block's BEGIN, 1 for the first. */
unsigned pem_reader_line(struct pem_reader *reader);

#endif
