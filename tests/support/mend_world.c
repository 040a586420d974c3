#include "tests/support/mend_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FINDING_TEXT 128

static void append(struct certificate_list *list, const struct certificate *const *certificates,
		   enum certificate_source source)
{
	for (; *certificates != NULL; certificates++)
		assert_ok(certificate_list_append(list, *certificates, source));
}

void world_serve(struct mend_world *world, const struct certificate *const *certificates)
{
	append(&world->served, certificates, SOURCE_SERVED);
}

void world_extra(struct mend_world *world, const struct certificate *const *certificates)
{
	append(&world->extra, certificates, SOURCE_BACKEND);
}

void world_cache(struct mend_world *world, const struct certificate *const *certificates)
{
	if (world->cache == NULL)
		world->cache = issuer_store_new();
	assert_non_null(world->cache);
	for (; *certificates != NULL; certificates++)
		assert_ok(issuer_store_add(world->cache, *certificates, SOURCE_CACHE));
}

void world_trust(struct mend_world *world, const char *name, const struct certificate *const *roots)
{
	struct certificate_list list = {0};

	if (world->stores == NULL)
		world->stores = trust_store_set_new();
	assert_non_null(world->stores);
	append(&list, roots, SOURCE_ROOTS);
	assert_ok(trust_store_set_add_list(world->stores, name, &list));
	certificate_list_cleanup(&list);
}

void world_name(struct mend_world *world, const char *name)
{
	assert_ok(host_name_parse(name, &world->names[world->num_names++]));
}

static struct world_answer *new_answer(struct mend_world *world, const char *url)
{
	assert_true(world->num_answers < WORLD_MAX_ANSWERS);
	struct world_answer *answer = &world->answers[world->num_answers++];
	*answer = (struct world_answer){.url = url};
	return answer;
}

void world_answer(struct mend_world *world, const char *url, const struct certificate *certificate)
{
	new_answer(world, url)->certificate = certificate;
}

void world_answer_bytes(struct mend_world *world, const char *url, struct bytes body)
{
	new_answer(world, url)->body = body;
}

void world_fail(struct mend_world *world, const char *url, enum fetch_failure failure, const char *detail)
{
	struct world_answer *answer = new_answer(world, url);

	answer->failure = failure;
	answer->detail = detail;
}

static const struct world_answer *find_answer(const struct mend_world *world, const char *url)
{
	static const struct world_answer nobody = {.failure = FETCH_FAILURE_NETWORK, .detail = "no answer"};

	for (size_t i = 0; i < world->num_answers; i++)
		if (strcmp(world->answers[i].url, url) == 0)
			return &world->answers[i];
	return &nobody;
}

static void give_answers(struct mend_world *world)
{
	size_t count;
	const struct mend_request *requests = mend_requests(world->mend, &count);

	assert_in_range(count, 1, MEND_MAX_FETCHES);
	for (size_t i = 0; i < count; i++) {
		const struct world_answer *answer = find_answer(world, requests[i].url);
		if (answer->certificate != NULL)
			mend_give_body(world->mend, i, answer->certificate->der);
		else if (answer->body.data != NULL)
			mend_give_body(world->mend, i, answer->body);
		else
			mend_give_failure(world->mend, i, answer->failure, answer->detail);
	}
	world->num_requests += count;
}

struct mend *world_begin(struct mend_world *world)
{
	struct mend_input *input = &world->input;

	input->served = &world->served;
	input->extra = &world->extra;
	input->cache = world->cache;
	input->stores = world->stores;
	input->names = world->names;
	input->num_names = world->num_names;
	if (input->now == 0)
		input->now = PKI_NOW;
	assert_ok(mend_new(input, &world->mend));
	return world->mend;
}

const struct mend_result *world_mend(struct mend_world *world)
{
	world_begin(world);
	while (mend_advance(world->mend) == MEND_WANT_URLS)
		give_answers(world);
	return mend_result(world->mend);
}

void world_cleanup(struct mend_world *world)
{
	mend_free(world->mend);
	certificate_list_cleanup(&world->served);
	certificate_list_cleanup(&world->extra);
	issuer_store_unref(world->cache);
	trust_store_set_unref(world->stores);
	*world = (struct mend_world){0};
}

int mend_world_setup(void **state)
{
	*state = test_calloc(1, sizeof(struct mend_world));
	return 0;
}

int mend_world_teardown(void **state)
{
	world_cleanup(*state);
	test_free(*state);
	return 0;
}

static void describe(const struct finding *finding, char out[MAX_FINDING_TEXT])
{
	snprintf(out, MAX_FINDING_TEXT, "%s %s %s", finding_code_name(finding->code),
		 finding_severity_name(finding->severity), finding_action_name(finding->action));
}

/* Takes the first item off a list separated by ", "; false at its end. */
static bool next_item(const char **list, char out[MAX_FINDING_TEXT])
{
	size_t len = strcspn(*list, ",");

	if (len == 0)
		return false;
	snprintf(out, MAX_FINDING_TEXT, "%.*s", (int)len, *list);
	*list += len;
	*list += strspn(*list, ", ");
	return true;
}

void world_check_findings(const struct mend_result *result, const char *expected, const char *file, int line)
{
	bool met[FINDING_LIST_MAX] = {false};
	size_t num_expected = 0, num_met = 0;
	char item[MAX_FINDING_TEXT], text[MAX_FINDING_TEXT];

	for (const char *list = expected; next_item(&list, item); num_expected++)
		for (size_t i = 0; i < result->findings.count; i++) {
			describe(&result->findings.items[i], text);
			if (met[i] || strcmp(text, item) != 0)
				continue;
			met[i] = true;
			num_met++;
			break;
		}
	if (num_met == num_expected && num_met == result->findings.count)
		return;
	print_error("expected: %s\nfound:\n", expected);
	for (size_t i = 0; i < result->findings.count; i++) {
		describe(&result->findings.items[i], text);
		print_error("  %s: %s\n", text, result->findings.items[i].message);
	}
	_fail(file, line);
}

const struct finding *world_finding(const struct mend_result *result, enum finding_code code)
{
	for (size_t i = 0; i < result->findings.count; i++)
		if (result->findings.items[i].code == code)
			return &result->findings.items[i];
	print_error("there is no finding %s\n", finding_code_name(code));
	fail();
	return NULL;
}
