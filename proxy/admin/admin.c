#include "proxy/admin/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "proxy/admin/metrics.h"
#include "proxy/admin/page/page.h"
#include "proxy/admin/readiness.h"
#include "proxy/admin/status_json.h"
#include "proxy/admin/time_budget.h"
#include "proxy/admin/wrong_tokens.h"
#include "proxy/io/clock.h"
#include "proxy/io/web_server.h"
#include "proxy/log/json_member.h"
#include "proxy/log/time_text.h"

enum { MAX_PLACE_DIGITS = 9, MAX_TIMES = 40 };

/* A text that several answers share while they go out. */
struct shared_text {
	unsigned references;
	char *text; /* owned, made by malloc */
	size_t len;
};

/* An answer that may be given out again. */
struct kept_answer {
	struct shared_text *text; /* one reference; NULL: none */
	size_t from;
	uint64_t made_ns;
	uint64_t took_ns;
};

/* How one kind of answers is made. */
struct answer_maker {
	struct shared_text *(*make)(const struct overview *overview, size_t from);
	const struct http_field *type;
	struct time_budget budget;
	struct kept_answer kept[ADMIN_KEPT_ANSWERS + 1]; /* by the first site that is in it; the last: any other */
};

struct admin {
	struct admin_options options;
	struct admin_listener *listener; /* NULL: none */
	struct web_server *server; /* NULL: none */
	struct answer_maker metrics;
	struct answer_maker status;
	int64_t started_ms; /* since 1970 */
	struct wrong_tokens wrong_tokens;
	uint64_t minute_s; /* when the present minute began; 0: none has */
};

static const struct http_field common_fields[] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
				"img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {0},
};

static const struct http_field plain_text[] = {{"Content-Type", "text/plain; charset=utf-8"}, {0}};
static const struct http_field try_again[] = {{"Content-Type", "text/plain; charset=utf-8"}, {"Retry-After", "2"}, {0}};
static const struct http_field json_text[] = {{"Content-Type", "application/json"}, {0}};
static const struct http_field metrics_text[] = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {0}};
static const struct http_field wants_token[] = {
    {"Content-Type", "text/plain; charset=utf-8"},
    {"WWW-Authenticate", "Basic realm=\"chainmend: any user, the token as the password\", charset=\"UTF-8\""},
    {0},
};

static void shared_text_unref(void *owner)
{
	struct shared_text *text = owner;

	if (text == NULL || --text->references > 0)
		return;
	free(text->text);
	free(text);
}

/* NULL when out of memory. */
static struct shared_text *share(char *take_text, size_t len)
{
	struct shared_text *shared = take_text != NULL ? calloc(1, sizeof(*shared)) : NULL;

	if (shared == NULL) {
		free(take_text);
		return NULL;
	}
	*shared = (struct shared_text){.references = 1, .text = take_text, .len = len};
	return shared;
}

static void say(struct http_answer *out, unsigned status, const char *text)
{
	*out = (struct http_answer){
	    .status = status, .body = bytes_of_string(text), .fields = common_fields, .more_fields = plain_text};
}

static struct overview look(const struct admin *admin)
{
	struct overview overview = {0};

	admin->options.look(admin->options.context, &overview);
	overview.started_ms = admin->started_ms;
	overview.now_ms = time_text_now_ms();
	overview.num_wrong_tokens = admin->wrong_tokens.count;
	return overview;
}

static struct shared_text *make_metrics(const struct overview *overview, size_t from)
{
	struct buffer text;

	(void)from;
	buffer_init(&text, ADMIN_MAX_ANSWER_BYTES);
	struct error error = metrics_print(overview, &text);
	if (!failed(error))
		return share((char *)text.data, text.len);
	buffer_cleanup(&text);
	return NULL;
}

static struct shared_text *make_status(const struct overview *overview, size_t from)
{
	json_t *object = status_json(overview, from);
	char *text = object != NULL ? json_dump_whole(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return share(text, text != NULL ? strlen(text) : 0);
}

static bool is_old(const struct kept_answer *kept, uint64_t now_ns)
{
	return now_ns - kept->made_ns >= ADMIN_REST_FACTOR * kept->took_ns;
}

static void make_anew(const struct admin *admin, struct answer_maker *maker, struct kept_answer *kept, size_t from)
{
	uint64_t begun_ns = clock_now_ns();
	struct overview overview = look(admin);

	shared_text_unref(kept->text);
	kept->text = maker->make(&overview, from);
	kept->from = from;
	kept->made_ns = clock_now_ns();
	kept->took_ns = kept->made_ns - begun_ns;
	time_budget_spend(&maker->budget, kept->took_ns);
}

static void give(struct http_answer *out, struct shared_text *text, const struct http_field *type)
{
	if (text == NULL) {
		say(out, 503, "This answer could not be made: out of memory.\n");
		return;
	}
	text->references++;
	*out = (struct http_answer){
	    .status = 200,
	    .body = bytes_of(text->text, text->len),
	    .release = shared_text_unref,
	    .owner = text,
	    .fields = common_fields,
	    .more_fields = type,
	};
}

/* Returns the place of an answer: each part that `next` leads to has its own, so that other requests do not displace
 * it. */
static struct kept_answer *place_of(struct answer_maker *maker, size_t from)
{
	bool own = from % STATUS_MAX_SITES == 0 && from / STATUS_MAX_SITES < ADMIN_KEPT_ANSWERS;
	return &maker->kept[own ? from / STATUS_MAX_SITES : ADMIN_KEPT_ANSWERS];
}

/* Gives the kept answer; an old one is made anew while there is time for it. */
static void answer_made(const struct admin *admin, struct answer_maker *maker, size_t from, struct http_answer *out)
{
	struct kept_answer *kept = place_of(maker, from);
	uint64_t now_ns = clock_now_ns();
	bool is_kept = kept->text != NULL && kept->from == from;
	bool has_time = time_budget_has(&maker->budget, now_ns);

	if (!is_kept && !has_time) {
		say(out, 503, "Too many parts of this were asked for in a short time: ask again in a moment.\n");
		out->more_fields = try_again;
		return;
	}
	if (!is_kept || (has_time && is_old(kept, now_ns)))
		make_anew(admin, maker, kept, from);
	give(out, kept->text, maker->type);
}

/* Reads the place of the first site that is wanted. */
static bool read_place(const char *text, size_t *out)
{
	*out = 0;
	if (text == NULL)
		return true;
	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > MAX_PLACE_DIGITS)
		return false;
	*out = strtoul(text, NULL, 10);
	return true;
}

static void answer_status(struct admin *admin, const struct http_request *request, struct http_answer *out)
{
	size_t from = 0;

	if (read_place(request->from, &from))
		answer_made(admin, &admin->status, from, out);
	else
		say(out, 400, "from= is the place of a site, a number.\n");
}

static void answer_metrics(struct admin *admin, const struct http_request *request, struct http_answer *out)
{
	(void)request;
	answer_made(admin, &admin->metrics, 0, out);
}

static void answer_health(struct admin *admin, const struct http_request *request, struct http_answer *out)
{
	(void)admin;
	(void)request;
	say(out, 200, "ok\n");
}

static void answer_ready(struct admin *admin, const struct http_request *request, struct http_answer *out)
{
	struct overview overview = look(admin);
	struct buffer text;
	bool ready = false;

	buffer_init(&text, READINESS_MAX_BYTES);
	struct error error = readiness_print(&overview, request->sites, &text, &ready);
	if (failed(error)) {
		buffer_cleanup(&text);
		say(out, 503, "This answer could not be made: out of memory.\n");
		return;
	}
	struct shared_text *shared = share((char *)text.data, text.len);
	give(out, shared, plain_text);
	shared_text_unref(shared);
	if (!ready)
		out->status = 503;
}

static void answer_file(const struct http_request *request, struct http_answer *out)
{
	const struct page_file *file = page_file_find(request->path);

	if (file == NULL) {
		say(out, 404, "There is /, /api/status, /metrics, /healthz and /readyz.\n");
		return;
	}
	*out = (struct http_answer){
	    .status = 200, .body = file->content, .fields = common_fields, .more_fields = file->type};
}

static void log_wrong_token(struct admin *admin, const struct web_peer *peer, uint64_t now_ms)
{
	uint64_t count = wrong_tokens_due(&admin->wrong_tokens, peer, now_ms);

	char times[MAX_TIMES] = "";

	if (count > 1)
		snprintf(times, sizeof(times), " %llu times", (unsigned long long)count);
	if (count > 0)
		program_log_write(admin->options.log, LOG_LEVEL_WARNING, "admin",
				  "%s sent a wrong token%s: each answer there takes longer; look who asks, or correct "
				  "the token that is sent",
				  peer->text, times);
}

static void refuse_token(struct admin *admin, const struct http_request *request, struct http_answer *out)
{
	uint64_t now_ms = clock_now_ns() / 1000000;

	if (request->authorization != NULL && !request->has_waited) {
		out->wait_ms = wrong_tokens_add(&admin->wrong_tokens, request->peer, now_ms);
		log_wrong_token(admin, request->peer, now_ms);
		return;
	}
	say(out, 401, "The token of admin_token_file is wanted: as Authorization: Bearer, or as the password.\n");
	out->more_fields = wants_token;
}

/* False: `out` is filled; the request waits, or is refused. */
static bool let_in(struct admin *admin, const struct http_request *request, struct http_answer *out)
{
	const struct admin_access *access = &admin->listener->access;

	switch (admin_access_judge(access, request->host, request->authorization)) {
	case ADMIN_WRONG_HOST:
		say(out, 421,
		    "This name is not chainmend's: ask by its address, by localhost, or by the name in `admin`.\n");
		return false;
	case ADMIN_NO_TOKEN:
		refuse_token(admin, request, out);
		return false;
	case ADMIN_ALLOWED:
		break;
	}
	if (access->wants_token && !request->has_waited)
		out->wait_ms = wrong_tokens_pause(&admin->wrong_tokens, request->peer, clock_now_ns() / 1000000);
	return out->wait_ms == 0;
}

static void answer(void *context, const struct http_request *request, struct http_answer *out)
{
	static const struct {
		const char *path;
		void (*answer)(struct admin *admin, const struct http_request *request, struct http_answer *out);
	} routes[] = {
	    {"/api/status", answer_status},
	    {"/metrics", answer_metrics},
	    {"/healthz", answer_health},
	    {"/readyz", answer_ready},
	};
	struct admin *admin = context;

	if (!let_in(admin, request, out))
		return;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, request->path) != 0)
			continue;
		routes[i].answer(admin, request, out);
		return;
	}
	answer_file(request, out);
}

struct admin *admin_new(const struct admin_options *options)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	if (admin == NULL)
		return NULL;
	admin->options = *options;
	admin->started_ms = time_text_now_ms();
	admin->metrics = (struct answer_maker){.make = make_metrics, .type = metrics_text};
	admin->status = (struct answer_maker){.make = make_status, .type = json_text};
	time_budget_init(&admin->metrics.budget, clock_now_ns());
	time_budget_init(&admin->status.budget, clock_now_ns());
	return admin;
}

void admin_tick(struct admin *admin, uint64_t now_s)
{
	if (admin->minute_s == 0)
		admin->minute_s = now_s;
	if (now_s - admin->minute_s < TRAFFIC_HISTORY_MINUTE_MS / 1000)
		return;
	admin->minute_s = now_s;
	site_set_end_minute(look(admin).sites);
}

static void forget_answers(struct answer_maker *maker)
{
	for (size_t i = 0; i <= ADMIN_KEPT_ANSWERS; i++)
		shared_text_unref(maker->kept[i].text);
}

void admin_free(struct admin *admin)
{
	if (admin == NULL)
		return;
	web_server_close(admin->server);
	admin_listener_close(admin->listener);
	forget_answers(&admin->metrics);
	forget_answers(&admin->status);
	free(admin);
}

static struct error serve(struct admin *admin)
{
	if (admin->listener == NULL)
		return error_none();
	return web_server_open(admin->options.loop, admin_listener_fd(admin->listener), admin, answer, &admin->server);
}

/* Where the address stays the same, socket and connections stay, and only the rules of access change. */
void admin_use(struct admin *admin, struct admin_listener *take_listener)
{
	struct admin_listener *former = admin->listener;
	char text[ERROR_MAX_TEXT];

	admin->listener = take_listener;
	if (admin->server == NULL || take_listener == NULL || former == NULL ||
	    admin_listener_fd(former) != admin_listener_fd(take_listener)) {
		web_server_close(admin->server);
		admin->server = NULL;
		struct error error = serve(admin);
		if (!failed(error) && take_listener != NULL)
			program_log_write(admin->options.log, LOG_LEVEL_INFO, "admin", "the page is at %s%s",
					  take_listener->tcp != NULL ? "http://" : "", take_listener->where);
		if (failed(error))
			program_log_write(admin->options.log, LOG_LEVEL_ERROR, "admin", "there is no admin page: %s",
					  error_print(error, text, sizeof(text)));
	}
	admin_listener_close(former);
}

const struct admin_listener *admin_listener(const struct admin *admin)
{
	return admin->listener;
}
