#include "proxy/log/former_findings.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/hash_index.h"
#include "proxy/log/fix_line.h"

enum { NUM_BUCKETS = 4096 };

struct former_finding {
	struct former_finding *next_of_id; /* in the bucket of the ids */
	struct former_finding *previous, *next; /* of the sites, in the order of the last lines */
	json_t *line; /* the last one about it; one reference */
};

struct site_bucket {
	struct former_finding *first, *last;
};

/* Holds always: each finding is in the bucket of its id and in that of its site. */
struct former_findings {
	struct former_finding *ids[NUM_BUCKETS];
	struct site_bucket sites[NUM_BUCKETS];
	size_t count;
};

static const char *text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text != NULL ? text : "";
}

/* Reads the end of the file, from its first whole line on; false where there is none. */
static bool read_end(int fd, struct buffer *out)
{
	struct stat status;

	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0)
		return false;
	size_t len = (size_t)status.st_size;
	off_t start = 0;
	if (len > FORMER_FINDINGS_MAX_BYTES) {
		start = (off_t)(len - FORMER_FINDINGS_MAX_BYTES);
		len = FORMER_FINDINGS_MAX_BYTES;
	}
	char *text = malloc(len);
	ssize_t got = text != NULL ? pread(fd, text, len, start) : -1;
	const char *from = text;
	if (got > 0 && start > 0)
		from = memchr(text, '\n', (size_t)got);
	bool good = got > 0 && from != NULL && !failed(buffer_append(out, bytes_of(from, (size_t)(text + got - from))));
	free(text);
	return good;
}

static uint32_t bucket_of(const char *text)
{
	return hash_index_text(HASH_INDEX_NO_TEXT, text) % NUM_BUCKETS;
}

static struct site_bucket *bucket_of_site(struct former_findings *former, const json_t *line)
{
	return &former->sites[bucket_of(text_of(line, "site"))];
}

/* Finds the link that holds the finding, or the end of its bucket. */
static struct former_finding **find(struct former_findings *former, const char *id)
{
	struct former_finding **link = &former->ids[bucket_of(id)];

	while (*link != NULL && strcmp(text_of((*link)->line, "id"), id) != 0)
		link = &(*link)->next_of_id;
	return link;
}

static void drop(struct former_findings *former, struct former_finding *dropped)
{
	struct site_bucket *site = bucket_of_site(former, dropped->line);
	struct former_finding **link = &former->ids[bucket_of(text_of(dropped->line, "id"))];

	while (*link != dropped)
		link = &(*link)->next_of_id;
	*link = dropped->next_of_id;
	*(dropped->previous != NULL ? &dropped->previous->next : &site->first) = dropped->next;
	*(dropped->next != NULL ? &dropped->next->previous : &site->last) = dropped->previous;
	former->count--;
	json_decref(dropped->line);
	free(dropped);
}

static void drop_all(struct former_findings *former)
{
	for (size_t i = 0; former->count > 0 && i < NUM_BUCKETS; i++) {
		while (former->ids[i] != NULL)
			drop(former, former->ids[i]);
	}
}

/* Adds it at `link`, the end of its id's bucket, and at the end of its site's. */
static void add(struct former_findings *former, struct former_finding **link, json_t *line)
{
	struct former_finding *added = former->count < FORMER_FINDINGS_MAX ? calloc(1, sizeof(*added)) : NULL;
	struct site_bucket *site = bucket_of_site(former, line);

	if (added == NULL)
		return;
	added->line = json_incref(line);
	added->previous = site->last;
	*(site->last != NULL ? &site->last->next : &site->first) = added;
	site->last = added;
	*link = added;
	former->count++;
}

/* The first line of another run drops the findings of the one before: each run reports anew what it finds. */
static void take_line(struct former_findings *former, json_t *line, char run[FORMER_FINDINGS_RUN_CHARS + 1])
{
	const char *id = text_of(line, "id");

	if (id[0] == '\0')
		return;
	if (strncmp(text_of(line, "run"), run, FORMER_FINDINGS_RUN_CHARS) != 0) {
		drop_all(former);
		snprintf(run, FORMER_FINDINGS_RUN_CHARS + 1, "%s", text_of(line, "run"));
	}
	struct former_finding **link = find(former, id);
	if (*link != NULL)
		drop(former, *link);
	bool is_open = strcmp(text_of(line, "event"), finding_event_name(FINDING_RESOLVED)) != 0 &&
		       strcmp(text_of(line, "subject_of"), finding_subject_name(SUBJECT_CLIENTS)) != 0;
	if (is_open)
		add(former, find(former, id), line);
}

static void take_lines(struct former_findings *former, struct bytes text)
{
	char run[FORMER_FINDINGS_RUN_CHARS + 1] = "";

	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
		json_t *line = json_loadb((const char *)text.data, len, 0, NULL);

		if (json_is_object(line))
			take_line(former, line, run);
		json_decref(line);
		len += end != NULL;
		text = bytes_of(text.data + len, text.len - len);
	}
}

struct former_findings *former_findings_read(const char *path)
{
	struct former_findings *former = NULL;
	struct buffer text;
	/* O_NONBLOCK: a FIFO has no end to wait for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	buffer_init(&text, FORMER_FINDINGS_MAX_BYTES);
	if (read_end(fd, &text))
		former = calloc(1, sizeof(*former));
	if (former != NULL)
		take_lines(former, buffer_bytes(&text));
	buffer_cleanup(&text);
	close(fd);
	if (former != NULL && former->count == 0) {
		former_findings_free(former);
		return NULL;
	}
	return former;
}

void former_findings_free(struct former_findings *former)
{
	if (former == NULL)
		return;
	drop_all(former);
	free(former);
}

static bool is_of_group(const json_t *line, const struct finding_group *group)
{
	const json_t *part = json_object_get(line, "part");
	bool same_part = part == NULL ? group->part == KNOWN_FINDINGS_WHOLE_SITE
				      : json_integer_value(part) == (json_int_t)group->part;

	return same_part && strcmp(text_of(line, "site"), group->site) == 0 &&
	       strcmp(text_of(line, "subject_of"), finding_subject_name(group->subject)) == 0;
}

static bool still_stands(const json_t *line, const struct finding_group *group, const struct finding_list *now)
{
	char id[FIX_LINE_ID_CHARS + 1];

	for (size_t i = 0; i < now->count; i++) {
		if (strcmp(fix_line_id(group, &now->items[i], id), text_of(line, "id")) == 0)
			return true;
	}
	return false;
}

void former_findings_settle(struct former_findings *former, const struct finding_group *group,
			    const struct finding_list *now, void (*report)(void *context, const json_t *line),
			    void *context)
{
	struct former_finding *next = former != NULL ? former->sites[bucket_of(group->site)].first : NULL;

	while (next != NULL) {
		struct former_finding *finding = next;
		next = finding->next;
		if (!is_of_group(finding->line, group))
			continue;
		if (!still_stands(finding->line, group, now))
			report(context, finding->line);
		drop(former, finding);
	}
}
