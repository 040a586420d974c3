/* Work in BER, and what kind of structure it is: whatever the bytes, both come to an end, within what they count. */
#include <stdlib.h>

#include "chaincache/files/ber_work.h"
#include "chaincache/files/der_kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes ber = bytes_of(data, size);
	struct ber_work work;

	if (failed(ber_work_measure(ber, &work)))
		abort(); /* there is memory */
	if (work.nesting > BER_MAX_NESTING + 1 || (work.nesting > BER_MAX_NESTING && work.turns != UINT64_MAX))
		abort();
	if (der_kind_judge(ber) != DER_KIND_UNKNOWN && der_outer_length(ber) == 0)
		abort();
	return 0;
}
