/* fuzz_parts - where the DER stands in a fuzzer's input, and how one part of it is put in the place of another. */
#ifndef TESTS_FUZZ_FUZZ_PARTS_H
#define TESTS_FUZZ_FUZZ_PARTS_H

#include "chaincache/base/bytes.h"

#define FUZZ_MAX_PARTS 128
#define FUZZ_MAX_PEM_BYTES ((size_t)65536)
#define FUZZ_MAX_LENGTHS 4

enum fuzz_framing {
	FUZZ_WHOLE, /* the input is DER, or text with PEM blocks */
	FUZZ_BEHIND_BYTE, /* the same behind one byte of options */
	FUZZ_LENGTH, /* one part behind its length in two bytes, then another one */
	FUZZ_LENGTHS, /* two such parts, then another one */
	FUZZ_RECORDS, /* those of fuzz_mend.c */
	FUZZ_TLS, /* behind one byte, the records of a TLS 1.2 server that sends its certificates (RFC 5246 7.4.2) */
};

/* A length that counts the part in, most significant byte first. */
struct fuzz_length {
	size_t at;
	size_t size; /* in bytes */
};

struct fuzz_part {
	size_t at, len; /* of the DER, or of the base64 of a PEM block */
	struct fuzz_length lengths[FUZZ_MAX_LENGTHS]; /* all in front of it */
	size_t num_lengths;
	bool is_base64;
};

/* fuzz_parts_find returns the number of parts that it found. */
size_t fuzz_parts_find(enum fuzz_framing framing, struct bytes input, struct fuzz_part out[FUZZ_MAX_PARTS]);

/* fuzz_part_read gives the DER of a part: in the input itself, or decoded into `room`. Empty: it is none. */
struct bytes fuzz_part_read(struct bytes input, const struct fuzz_part *part, uint8_t room[FUZZ_MAX_PEM_BYTES]);

/* fuzz_part_replace writes the input with other DER in the part's place. Returns its length; 0 when it does not fit. */
size_t fuzz_part_replace(struct bytes input, const struct fuzz_part *part, struct bytes der, uint8_t *out,
			 size_t out_size);

#endif
