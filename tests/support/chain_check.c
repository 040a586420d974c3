#include "tests/support/chain_check.h"

#include "tests/support/unit.h"

static void print_chain(const struct certificate_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		print_error("  %s (%s, until %lld, %.8s)\n", list->items[i].certificate->subject,
			    certificate_source_name(list->items[i].source),
			    (long long)list->items[i].certificate->not_after, list->items[i].certificate->sha256_hex);
}

void chain_check(const struct certificate_list *list, const struct certificate *const *expected, const char *file,
		 int line)
{
	size_t count = 0;
	bool same = true;

	while (expected[count] != NULL)
		count++;
	same = list->count == count;
	for (size_t i = 0; same && i < count; i++)
		same = certificate_equal(list->items[i].certificate, expected[i]);
	if (same)
		return;
	print_error("the chain is:\n");
	print_chain(list);
	print_error("and should be:\n");
	for (size_t i = 0; i < count; i++)
		print_error("  %s (until %lld, %.8s)\n", expected[i]->subject, (long long)expected[i]->not_after,
			    expected[i]->sha256_hex);
	_fail(file, line);
}
