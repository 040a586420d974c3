#include "proxy/admin/metric_text.h"

#include <inttypes.h>
#include <string.h>

#include "proxy/log/json_member.h"

static void append(struct metric_text *text, struct bytes bytes)
{
	if (!failed(text->error))
		text->error = buffer_append(text->out, bytes);
}

static void append_text(struct metric_text *text, const char *plain)
{
	append(text, bytes_of_string(plain));
}

const char *metric_type_name(enum metric_type type)
{
	static const char *const names[] = {
	    [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

	return names[type];
}

void metric_text_begin(struct metric_text *text, const struct metric_family *family)
{
	if (!failed(text->error))
		text->error = buffer_printf(text->out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
					    family->name, metric_type_name(family->type));
}

/* Backslash, quote and line feed are escaped, nothing else. */
static void append_escaped(struct metric_text *text, const char *value)
{
	while (*value != '\0') {
		size_t len = strcspn(value, "\\\"\n");

		append(text, bytes_of(value, len));
		value += len;
		if (*value == '\0')
			return;
		append_text(text, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
		value++;
	}
}

static void append_value(struct metric_text *text, const char *value)
{
	json_t *clean = text_json(value);

	if (clean == NULL)
		text->error = error_of(ERROR_MEMORY, 0, "write the metrics");
	else
		append_escaped(text, json_string_value(clean));
	json_decref(clean);
}

static void append_series(struct metric_text *text, const struct metric_family *family, const char *const *values)
{
	append_text(text, family->name);
	for (size_t i = 0; family->labels[i] != NULL; i++) {
		append_text(text, i == 0 ? "{" : ",");
		append_text(text, family->labels[i]);
		append_text(text, "=\"");
		append_value(text, values[i]);
		append_text(text, "\"");
	}
	append_text(text, family->labels[0] != NULL ? "} " : " ");
}

void metric_text_count(struct metric_text *text, const struct metric_family *family, const char *const *values,
		       uint64_t count)
{
	append_series(text, family, values);
	if (!failed(text->error))
		text->error = buffer_printf(text->out, "%" PRIu64 "\n", count);
}

void metric_text_seconds(struct metric_text *text, const struct metric_family *family, const char *const *values,
			 int64_t seconds)
{
	append_series(text, family, values);
	if (!failed(text->error))
		text->error = buffer_printf(text->out, "%" PRId64 "\n", seconds);
}

void metric_text_duration(struct metric_text *text, const struct metric_family *family, double seconds)
{
	static const char *const no_values[] = {NULL};

	append_series(text, family, no_values);
	if (!failed(text->error))
		text->error = buffer_printf(text->out, "%.9g\n", seconds);
}

void metric_text_bucket(struct metric_text *text, const struct metric_family *family, const char *at_most,
			uint64_t count)
{
	if (!failed(text->error))
		text->error =
		    buffer_printf(text->out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", family->name, at_most, count);
}

void metric_text_sum(struct metric_text *text, const struct metric_family *family, double sum, uint64_t count)
{
	if (!failed(text->error))
		text->error = buffer_printf(text->out, "%s_sum %.9g\n%s_count %" PRIu64 "\n", family->name, sum,
					    family->name, count);
}
