/* http_exchange_table - the states of an exchange (one request and its answer) as a table: for a state, an event and a
 * guard, the action and the next state. Pure.
 *
 * http_connection executes it; docs/architecture.md shows it (tools/lists/exchange_lists).
 */
#ifndef PROXY_HTTP_HTTP_EXCHANGE_TABLE_H
#define PROXY_HTTP_HTTP_EXCHANGE_TABLE_H

#include <stdbool.h>

/* Which time limit of the site holds in a state. */
#define HTTP_LIMITS(X)                                                                                                 \
	X(HTTP_LIMIT_NONE, "none") /* the connection's own ones hold */                                                \
	X(HTTP_LIMIT_KEEPALIVE, "keepalive_timeout")                                                                   \
	X(HTTP_LIMIT_HEAD, "head_timeout") /* for the whole head */                                                    \
	X(HTTP_LIMIT_BODY, "body_timeout") /* without a byte of the body */                                            \
	X(HTTP_LIMIT_RESPONSE, "response_timeout") /* since the request was whole */                                   \
	X(HTTP_LIMIT_IDLE, "idle_timeout") /* without a byte in either direction */

/* State, name, limit. */
#define HTTP_EXCHANGE_STATES(X)                                                                                        \
	X(EXCHANGE_IDLE, "idle", HTTP_LIMIT_KEEPALIVE) /* no byte of a request is there */                             \
	X(EXCHANGE_HEAD, "request head", HTTP_LIMIT_HEAD)                                                              \
	X(EXCHANGE_CONNECTING, "connecting", HTTP_LIMIT_NONE) /* the request is held until there is a backend */       \
	X(EXCHANGE_SENDING, "sending", HTTP_LIMIT_BODY) /* the request's body goes on; no answer yet */                \
	X(EXCHANGE_WAITING, "waiting", HTTP_LIMIT_RESPONSE) /* the request is whole; no answer yet */                  \
	X(EXCHANGE_BOTH, "both ways", HTTP_LIMIT_IDLE) /* the answer has begun before the request is whole */          \
	X(EXCHANGE_ANSWERING, "answering", HTTP_LIMIT_IDLE)                                                            \
	X(EXCHANGE_FINISHING, "finishing", HTTP_LIMIT_IDLE) /* the answer is whole, and the request is not */          \
	X(EXCHANGE_TUNNEL, "tunnel", HTTP_LIMIT_NONE) /* behind 101: bytes as they come */                             \
	X(EXCHANGE_OVER, "over", HTTP_LIMIT_NONE) /* no further request is read */

#define HTTP_EXCHANGE_EVENTS(X)                                                                                        \
	X(ON_REQUEST_BEGUN, "request begun") /* its first byte */                                                      \
	X(ON_REQUEST_READ, "request read") /* its head, which is accepted */                                           \
	X(ON_REQUEST_WHOLE, "request whole")                                                                           \
	X(ON_REQUEST_REFUSED, "request refused") /* it breaks a rule, in its head or its body */                       \
	X(ON_BACKEND_OPEN, "backend open")                                                                             \
	X(ON_NO_BACKEND, "no backend")                                                                                 \
	X(ON_BACKEND_ENDED, "backend ended") /* before the answer is whole, or between two */                          \
	X(ON_ANSWER_READ, "answer read") /* its head; interim answers (1xx) pass without an event */                   \
	X(ON_ANSWER_WHOLE, "answer whole")                                                                             \
	X(ON_ANSWER_REFUSED, "answer refused") /* it breaks a rule, or nobody has asked for it */                      \
	X(ON_SWITCHED, "switched") /* 101 */                                                                           \
	X(ON_CLIENT_ENDED, "client ended")                                                                             \
	X(ON_LATE, "late") /* the limit of the state is reached */                                                     \
	X(ON_DRAIN, "drain") /* the program ends, or the connection's turn is over */                                  \
	X(ON_SHORTAGE, "shortage") /* of memory */

#define HTTP_EXCHANGE_GUARDS(X)                                                                                        \
	X(IF_ALWAYS, "always")                                                                                         \
	X(IF_BACKEND_OPEN, "a backend is connected")                                                                   \
	X(IF_REPEATABLE, "the request may be sent again") /* RFC 9110 9.2.2, and nobody has begun to answer */         \
	X(IF_CLIENT_GOES_ON, "the client's connection goes on")

#define HTTP_EXCHANGE_ACTIONS(X)                                                                                       \
	X(DO_NOTHING, "-")                                                                                             \
	X(DO_CONNECT, "ask for a backend")                                                                             \
	X(DO_CONNECT_AGAIN, "drop the backend, ask for another")                                                       \
	X(DO_SEND, "send the request's head")                                                                          \
	X(DO_PASS_ANSWER, "pass on the answer's head")                                                                 \
	X(DO_TUNNEL, "open the tunnel")                                                                                \
	X(DO_FINISH, "make ready for the next request")                                                                \
	X(DO_DROP_BACKEND, "drop the backend")                                                                         \
	X(DO_REFUSE, "answer with the rule's status") /* each of these ends the connection */                          \
	X(DO_ANSWER_500, "answer 500")                                                                                 \
	X(DO_ANSWER_408, "answer 408")                                                                                 \
	X(DO_ANSWER_502, "answer 502")                                                                                 \
	X(DO_ANSWER_503, "answer 503")                                                                                 \
	X(DO_ANSWER_504, "answer 504")                                                                                 \
	X(DO_END, "end") /* the client has all that it is to get */                                                    \
	X(DO_FINISH_LAST, "end behind the last answer") /* the backend's connection may serve others */                \
	X(DO_BREAK, "break off") /* the client must not take a part of the answer for the whole */

#define X(name, ...) name,
enum http_limit { HTTP_LIMITS(X) };
enum http_exchange_state { HTTP_EXCHANGE_STATES(X) NUM_HTTP_EXCHANGE_STATES, EXCHANGE_SAME = NUM_HTTP_EXCHANGE_STATES };
enum http_exchange_event { HTTP_EXCHANGE_EVENTS(X) NUM_HTTP_EXCHANGE_EVENTS, ON_NOTHING = NUM_HTTP_EXCHANGE_EVENTS };
enum http_exchange_guard { HTTP_EXCHANGE_GUARDS(X) NUM_HTTP_EXCHANGE_GUARDS };
enum http_exchange_action { HTTP_EXCHANGE_ACTIONS(X) NUM_HTTP_EXCHANGE_ACTIONS };
#undef X

struct http_exchange_step {
	enum http_exchange_guard guard : 8;
	enum http_exchange_action action : 8;
	enum http_exchange_state next : 8; /* or EXCHANGE_SAME */
};

#define HTTP_EXCHANGE_MAX_STEPS 2 /* of one event in one state; the last has no guard */

/* http_exchange_steps_of returns the steps that may follow from `event` in `state`: the first whose guard holds is
 * taken. An event that cannot come in a state breaks off. */
const struct http_exchange_step *http_exchange_steps_of(enum http_exchange_state state, enum http_exchange_event event);

/* http_exchange_can_come says whether the table has steps for the event in that state. */
bool http_exchange_can_come(enum http_exchange_state state, enum http_exchange_event event);

enum http_limit http_exchange_limit(enum http_exchange_state state);

const char *http_limit_name(enum http_limit limit);
const char *http_exchange_state_name(enum http_exchange_state state);
const char *http_exchange_event_name(enum http_exchange_event event);
const char *http_exchange_guard_name(enum http_exchange_guard guard);
const char *http_exchange_action_name(enum http_exchange_action action);

#endif
