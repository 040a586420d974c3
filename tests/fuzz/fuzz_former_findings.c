/* Reads the fix log of an earlier run: whatever it holds, each open finding is reported once, as an object. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proxy/log/fix_line.h"
#include "proxy/log/former_findings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Makes the line that resolves it, as the fix log does. */
static void take(void *context, const json_t *line)
{
	size_t *count = context;

	must(json_is_object(line));
	fix_line_free(fix_line_resolve(line, "2026-01-01T00:00:00.000Z", INT64_C(1767225600000)));
	*count += 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct finding_list nothing;
	char path[64];
	size_t count = 0;
	int fd = memfd_create("fuzz_former_findings", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct former_findings *former = former_findings_read(path);
	for (unsigned part = 0; part < 2; part++) {
		const struct finding_group groups[] = {{"mail", SUBJECT_CERTIFICATE, part},
						       {"mail", SUBJECT_BACKEND, part}};
		for (size_t i = 0; i < 2; i++) {
			former_findings_settle(former, &groups[i], &nothing, take, &count);
			size_t before = count;
			former_findings_settle(former, &groups[i], &nothing, take, &count);
			must(count == before && count <= FORMER_FINDINGS_MAX);
		}
	}
	former_findings_free(former);
	close(fd);
	return 0;
}
