#include "proxy/http/http_exchange_table.h"

/* clang-format off */
#define ALWAYS(action, next) {IF_ALWAYS, action, next}
#define STAY(event, text) [event] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},

/* An event that is left out cannot come in that state. */
static const struct http_exchange_step
    steps[NUM_HTTP_EXCHANGE_STATES][NUM_HTTP_EXCHANGE_EVENTS][HTTP_EXCHANGE_MAX_STEPS] = {
	[EXCHANGE_IDLE] = {
		[ON_REQUEST_BEGUN] = {ALWAYS(DO_NOTHING, EXCHANGE_HEAD)},
		[ON_BACKEND_ENDED] = {ALWAYS(DO_DROP_BACKEND, EXCHANGE_SAME)},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_DROP_BACKEND, EXCHANGE_SAME)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_LATE] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_SHORTAGE] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
	},
	[EXCHANGE_HEAD] = {
		[ON_REQUEST_READ] = {
			{IF_BACKEND_OPEN, DO_SEND, EXCHANGE_SENDING},
			ALWAYS(DO_CONNECT, EXCHANGE_CONNECTING),
		},
		[ON_REQUEST_REFUSED] = {ALWAYS(DO_REFUSE, EXCHANGE_OVER)},
		[ON_BACKEND_ENDED] = {ALWAYS(DO_DROP_BACKEND, EXCHANGE_SAME)},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_DROP_BACKEND, EXCHANGE_SAME)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_LATE] = {ALWAYS(DO_ANSWER_408, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_ANSWER_500, EXCHANGE_OVER)},
	},
	[EXCHANGE_CONNECTING] = {
		[ON_BACKEND_OPEN] = {ALWAYS(DO_SEND, EXCHANGE_SENDING)},
		[ON_NO_BACKEND] = {ALWAYS(DO_ANSWER_503, EXCHANGE_OVER)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_ANSWER_500, EXCHANGE_OVER)},
	},
	[EXCHANGE_SENDING] = {
		[ON_REQUEST_WHOLE] = {ALWAYS(DO_NOTHING, EXCHANGE_WAITING)},
		[ON_REQUEST_REFUSED] = {ALWAYS(DO_REFUSE, EXCHANGE_OVER)},
		[ON_BACKEND_ENDED] = {ALWAYS(DO_ANSWER_502, EXCHANGE_OVER)},
		[ON_ANSWER_READ] = {ALWAYS(DO_PASS_ANSWER, EXCHANGE_BOTH)},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_ANSWER_502, EXCHANGE_OVER)},
		[ON_SWITCHED] = {ALWAYS(DO_ANSWER_502, EXCHANGE_OVER)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_END, EXCHANGE_OVER)}, /* in the middle of its request */
		[ON_LATE] = {ALWAYS(DO_ANSWER_408, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_ANSWER_500, EXCHANGE_OVER)},
	},
	[EXCHANGE_WAITING] = {
		[ON_BACKEND_ENDED] = {
			{IF_REPEATABLE, DO_CONNECT_AGAIN, EXCHANGE_CONNECTING},
			ALWAYS(DO_ANSWER_502, EXCHANGE_OVER),
		},
		[ON_ANSWER_READ] = {ALWAYS(DO_PASS_ANSWER, EXCHANGE_ANSWERING)},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_ANSWER_502, EXCHANGE_OVER)},
		[ON_SWITCHED] = {ALWAYS(DO_TUNNEL, EXCHANGE_TUNNEL)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)}, /* it may still read */
		[ON_LATE] = {ALWAYS(DO_ANSWER_504, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_ANSWER_500, EXCHANGE_OVER)},
	},
	[EXCHANGE_BOTH] = {
		[ON_REQUEST_WHOLE] = {ALWAYS(DO_NOTHING, EXCHANGE_ANSWERING)},
		[ON_REQUEST_REFUSED] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_BACKEND_ENDED] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_ANSWER_WHOLE] = {
			{IF_CLIENT_GOES_ON, DO_NOTHING, EXCHANGE_FINISHING},
			ALWAYS(DO_END, EXCHANGE_OVER),
		},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_LATE] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
	},
	[EXCHANGE_ANSWERING] = {
		[ON_BACKEND_ENDED] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_ANSWER_WHOLE] = {
			{IF_CLIENT_GOES_ON, DO_FINISH, EXCHANGE_IDLE},
			ALWAYS(DO_FINISH_LAST, EXCHANGE_OVER),
		},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_LATE] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_BREAK, EXCHANGE_OVER)},
	},
	/* The client has its answer: what fails from here on ends the connection, and nothing more. */
	[EXCHANGE_FINISHING] = {
		[ON_REQUEST_WHOLE] = {ALWAYS(DO_FINISH, EXCHANGE_IDLE)},
		[ON_REQUEST_REFUSED] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_BACKEND_ENDED] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_ANSWER_REFUSED] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_CLIENT_ENDED] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_LATE] = {ALWAYS(DO_END, EXCHANGE_OVER)},
		[ON_DRAIN] = {ALWAYS(DO_NOTHING, EXCHANGE_SAME)},
		[ON_SHORTAGE] = {ALWAYS(DO_END, EXCHANGE_OVER)},
	},
	[EXCHANGE_TUNNEL] = {HTTP_EXCHANGE_EVENTS(STAY)},
	[EXCHANGE_OVER] = {HTTP_EXCHANGE_EVENTS(STAY)},
};
/* clang-format on */

static const struct http_exchange_step impossible = {IF_ALWAYS, DO_BREAK, EXCHANGE_OVER};

/* A row that is left out is zero: it would do nothing and go to EXCHANGE_IDLE, as no row does. */
static bool is_left_out(const struct http_exchange_step *step)
{
	return step->guard == IF_ALWAYS && step->action == DO_NOTHING && step->next == EXCHANGE_IDLE;
}

bool http_exchange_can_come(enum http_exchange_state state, enum http_exchange_event event)
{
	return !is_left_out(steps[state][event]);
}

const struct http_exchange_step *http_exchange_steps_of(enum http_exchange_state state, enum http_exchange_event event)
{
	return http_exchange_can_come(state, event) ? steps[state][event] : &impossible;
}

#define X(name, text, ...) text,
static const char *const limit_names[] = {HTTP_LIMITS(X)};
static const char *const state_names[] = {HTTP_EXCHANGE_STATES(X) "the same"};
static const char *const event_names[] = {HTTP_EXCHANGE_EVENTS(X) "none"};
static const char *const guard_names[] = {HTTP_EXCHANGE_GUARDS(X)};
static const char *const action_names[] = {HTTP_EXCHANGE_ACTIONS(X)};
#undef X

#define X(name, text, limit) [name] = (limit),
static const enum http_limit limits[] = {HTTP_EXCHANGE_STATES(X)};
#undef X

enum http_limit http_exchange_limit(enum http_exchange_state state)
{
	return limits[state];
}

const char *http_limit_name(enum http_limit limit)
{
	return limit_names[limit];
}

const char *http_exchange_state_name(enum http_exchange_state state)
{
	return state_names[state];
}

const char *http_exchange_event_name(enum http_exchange_event event)
{
	return event_names[event];
}

const char *http_exchange_guard_name(enum http_exchange_guard guard)
{
	return guard_names[guard];
}

const char *http_exchange_action_name(enum http_exchange_action action)
{
	return action_names[action];
}
