#include "tools/lists/metric_lists.h"

#include "proxy/admin/metrics.h"
#include "tools/lists/list_text.h"

static void print_row(struct list_text *text, const struct metric_family *family)
{
	list_text_add(text, "| `%s` | %s | ", family->name, metric_type_name(family->type));
	for (size_t i = 0; family->labels[i] != NULL; i++)
		list_text_add(text, "%s`%s`", i > 0 ? ", " : "", family->labels[i]);
	list_text_add(text, " |");
	list_text_cell(text, family->help);
	list_text_add(text, "\n");
}

struct error metric_lists_table(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; metrics_family(i) != NULL; i++)
		print_row(&text, metrics_family(i));
	return text.error;
}
