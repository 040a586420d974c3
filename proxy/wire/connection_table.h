/* connection_table - the states of a connection as a table: for a state, an event and a guard, the action and the next
 * state. Pure.
 *
 * proxy/worker/connection_machine executes it; docs/architecture.md shows it (tools/lists/connection_lists).
 */
#ifndef PROXY_WIRE_CONNECTION_TABLE_H
#define PROXY_WIRE_CONNECTION_TABLE_H

#include <stdbool.h>

/* How the bytes of one side are handled in a state. From FLOW_EARLY on, they go to the other side. */
#define CONNECTION_FLOWS(X)                                                                                            \
	X(FLOW_NONE, "not read")                                                                                       \
	X(FLOW_DROPPED, "dropped") /* only the end after them counts */                                                \
	X(FLOW_PREAMBLE, "preamble") /* the side's present preamble takes them */                                      \
	X(FLOW_HTTP, "HTTP") /* requests and answers are read, and written anew (connection_http) */                   \
	X(FLOW_EARLY, "early") /* written if the other side is connected by now, held if not */                        \
	X(FLOW_HELD, "held")                                                                                           \
	X(FLOW_PASSED, "passed on")

/* Which deadline runs in a state. */
#define CONNECTION_DEADLINES(X)                                                                                        \
	X(DEADLINE_NONE, "none")                                                                                       \
	X(DEADLINE_HANDSHAKE, "handshake")                                                                             \
	X(DEADLINE_CONNECT, "connect") /* an address */                                                                \
	X(DEADLINE_BACKEND_HANDSHAKE, "backend handshake")                                                             \
	X(DEADLINE_KEEP, "as before") /* the one that runs already */                                                  \
	X(DEADLINE_IDLE, "idle") /* since the last byte */                                                             \
	X(DEADLINE_HTTP, "of the exchange") /* http_exchange_table has them */                                         \
	X(DEADLINE_LINGER, "linger")

/* Awaited in a state, in addition to bytes. */
#define CONNECTION_AWAITS(X)                                                                                           \
	X(AWAITS_BYTES, "nothing else")                                                                                \
	X(AWAITS_CONNECT, "the connection") /* to the backend: a socket's event may announce it, or nothing */         \
	X(AWAITS_ADDRESSES, "the addresses") /* of a backend, whose name the control thread looks up */                \
	X(AWAITS_VERDICT, "the verdict") /* of the control thread */

/* State, name, flow of the client's bytes, flow of the backend's, deadline, what else is awaited. */
#define CONNECTION_STATES(X)                                                                                           \
	X(CONNECTION_CLOSED, "closed", FLOW_NONE, FLOW_NONE, DEADLINE_NONE, AWAITS_BYTES)                              \
	X(CONNECTION_CLIENT_PREAMBLE, "client preamble", FLOW_PREAMBLE, FLOW_NONE, DEADLINE_HANDSHAKE, AWAITS_BYTES)   \
	X(CONNECTION_ADDRESSES, "addresses", FLOW_HELD, FLOW_NONE, DEADLINE_CONNECT, AWAITS_ADDRESSES)                 \
	X(CONNECTION_CONNECTING, "connecting", FLOW_EARLY, FLOW_NONE, DEADLINE_CONNECT, AWAITS_CONNECT)                \
	X(CONNECTION_BACKEND_PREAMBLE, "backend preamble", FLOW_HELD, FLOW_PREAMBLE, DEADLINE_BACKEND_HANDSHAKE,       \
	  AWAITS_BYTES)                                                                                                \
	X(CONNECTION_VERDICT, "verdict", FLOW_HELD, FLOW_NONE, DEADLINE_KEEP, AWAITS_VERDICT)                          \
	/* An HTTP site: requests go to a backend as they come. */                                                     \
	X(CONNECTION_HTTP, "HTTP", FLOW_HTTP, FLOW_HTTP, DEADLINE_HTTP, AWAITS_BYTES)                                  \
	X(CONNECTION_HTTP_ADDRESSES, "HTTP addresses", FLOW_HTTP, FLOW_NONE, DEADLINE_CONNECT, AWAITS_ADDRESSES)       \
	X(CONNECTION_HTTP_CONNECTING, "HTTP connecting", FLOW_HTTP, FLOW_NONE, DEADLINE_CONNECT, AWAITS_CONNECT)       \
	X(CONNECTION_HTTP_PREAMBLE, "HTTP backend preamble", FLOW_HTTP, FLOW_PREAMBLE, DEADLINE_BACKEND_HANDSHAKE,     \
	  AWAITS_BYTES)                                                                                                \
	X(CONNECTION_HTTP_VERDICT, "HTTP verdict", FLOW_HTTP, FLOW_NONE, DEADLINE_KEEP, AWAITS_VERDICT)                \
	X(CONNECTION_RELAYING, "relaying", FLOW_PASSED, FLOW_PASSED, DEADLINE_IDLE, AWAITS_BYTES)                      \
	X(CONNECTION_CLIENT_ENDED, "client ended", FLOW_NONE, FLOW_PASSED, DEADLINE_IDLE, AWAITS_BYTES)                \
	X(CONNECTION_BACKEND_ENDED, "backend ended", FLOW_PASSED, FLOW_NONE, DEADLINE_IDLE, AWAITS_BYTES)              \
	/* Both have ended; last bytes are on their way. */                                                            \
	X(CONNECTION_FLUSHING, "flushing", FLOW_NONE, FLOW_NONE, DEADLINE_IDLE, AWAITS_BYTES)                          \
	/* Last bytes go out to the client, and its end is awaited. */                                                 \
	X(CONNECTION_LINGERING, "lingering", FLOW_DROPPED, FLOW_NONE, DEADLINE_LINGER, AWAITS_BYTES)

#define CONNECTION_EVENTS(X)                                                                                           \
	X(EVENT_PREAMBLE_DONE, "preamble done") /* all of them: content follows */                                     \
	X(EVENT_PREAMBLE_FAILED, "preamble failed")                                                                    \
	X(EVENT_VERDICT_NEEDED, "verdict needed") /* before the preamble goes on */                                    \
	X(EVENT_VERDICT_GIVEN, "verdict given")                                                                        \
	X(EVENT_ADDRESSES_NEEDED, "addresses needed") /* the names of the backends are being looked up */              \
	X(EVENT_ADDRESSES_KNOWN, "addresses known") /* or known to be none */                                          \
	X(EVENT_CONNECTED, "connected") /* to the backend */                                                           \
	X(EVENT_CONNECT_FAILED, "connect failed")                                                                      \
	X(EVENT_NO_BACKEND_LEFT, "no backend left")                                                                    \
	X(EVENT_SHORTAGE, "shortage") /* of memory or descriptors: no fault of a peer's */                             \
	X(EVENT_CLIENT_ENDED, "client ended") /* its end is read */                                                    \
	X(EVENT_BACKEND_ENDED, "backend ended")                                                                        \
	X(EVENT_CLIENT_FAILED, "client failed") /* TLS after its preamble: an alert, rubbish */                        \
	X(EVENT_CLIENT_BROKEN, "client broken") /* its reset is read */                                                \
	X(EVENT_BACKEND_BROKEN, "backend broken") /* a reset, or its TLS failed */                                     \
	X(EVENT_TURN_DONE, "turn done") /* all is read and written that can be at present */                           \
	X(EVENT_DEADLINE, "deadline")                                                                                  \
	X(EVENT_CUT, "cut") /* the drain's time is over */                                                             \
	X(EVENT_HTTP_DRAIN, "HTTP drain") /* the drain begins */                                                       \
	X(EVENT_HTTP_BACKEND, "HTTP backend wanted") /* for a request */                                               \
	X(EVENT_HTTP_ENDED, "HTTP ended") /* the last answer is written */                                             \
	X(EVENT_HTTP_BROKEN, "HTTP broken") /* an answer that has begun cannot be completed */                         \
	X(EVENT_HTTP_SWITCHED, "HTTP switched") /* 101: another protocol from here on */

#define CONNECTION_GUARDS(X)                                                                                           \
	X(GUARD_NONE, "always")                                                                                        \
	X(GUARD_HTTP, "the site speaks HTTP")                                                                          \
	X(GUARD_BACKEND_PREAMBLE, "the backend has a preamble")                                                        \
	X(GUARD_CLIENT_SILENT, "the client has sent nothing")                                                          \
	X(GUARD_CLIENT_GONE, "the client is gone, and read to its end")                                                \
	X(GUARD_CLIENT_GONE_WRITTEN, "the client is gone, and its bytes are written")                                  \
	X(GUARD_CLIENT_GONE_DELIVERED, "the client is gone, and its bytes have reached the backend")                   \
	X(GUARD_CLIENT_LEFT, "the client has ended, and has all bytes")                                                \
	X(GUARD_BACKEND_GONE, "the backend takes no bytes any more")                                                   \
	X(GUARD_CLIENT_SENT_MORE, "nothing is left to write, and the client has sent more")                            \
	X(GUARD_FLUSHED, "nothing is left to write")

/* How an action ends the connection in the client's eyes. Only END_SAME may read as the whole of an answer. */
#define CONNECTION_ENDS(X)                                                                                             \
	X(END_NONE, "") /* nothing, or nothing more */                                                                 \
	X(END_SAME, "the backend's end") /* close_notify; a FIN alone where a tls backend sent no close_notify */      \
	X(END_ALERT, "an alert") /* fatal, and a FIN; a reset where it cannot be written. A FIN before TLS begins */   \
	X(END_RESET, "a reset")

/* Action, name, what the client sees of it. */
#define CONNECTION_ACTIONS(X)                                                                                          \
	X(ACTION_IMPOSSIBLE, "impossible", END_RESET) /* the event cannot come here; closed if it does */              \
	X(ACTION_NOTHING, "nothing", END_NONE)                                                                         \
	X(ACTION_CONNECT, "connect", END_NONE) /* to the first backend */                                              \
	X(ACTION_AWAIT_ADDRESSES, "await the addresses", END_NONE)                                                     \
	X(ACTION_CONNECT_NEXT, "connect to the next", END_NONE) /* the present one rests for a while */                \
	X(ACTION_CONNECT_OTHER, "connect to the next, spare the present", END_NONE) /* it has not failed */            \
	X(ACTION_WATCH_CONNECT, "watch the connect", END_NONE) /* no write will find out */                            \
	X(ACTION_START_PREAMBLE, "start the preamble", END_NONE) /* towards the backend */                             \
	X(ACTION_ASK_VERDICT, "ask for a verdict", END_NONE)                                                           \
	X(ACTION_RESUME_PREAMBLE, "resume the preamble", END_NONE)                                                     \
	X(ACTION_START_RELAY, "start the relay", END_NONE) /* what is held goes out */                                 \
	X(ACTION_END_BACKEND, "end towards the backend", END_NONE) /* close_notify and FIN, once its bytes are out */  \
	X(ACTION_END_CLIENT, "end towards the client", END_SAME)                                                       \
	X(ACTION_NOTIFY_CLIENT, "notify the client", END_SAME) /* the FIN comes with the close */                      \
	X(ACTION_AWAIT_DELIVERY, "await the delivery", END_NONE) /* looks again in the next tick */                    \
	X(ACTION_FAIL, "fail", END_ALERT) /* close the backend */                                                      \
	X(ACTION_FAIL_UNKNOWN, "report that no address is known, fail", END_ALERT)                                     \
	X(ACTION_LEAVE_BACKEND, "leave the backend", END_NONE) /* the client has its end already */                    \
	X(ACTION_AWAIT_CLIENT, "await the client's end", END_NONE) /* FIN; no reset overtakes the last bytes */        \
	X(ACTION_CLOSE, "close", END_NONE) /* the client has its end, or has ended itself */                           \
	X(ACTION_CLOSE_FAILED, "count a failed handshake, close", END_NONE)                                            \
	X(ACTION_HTTP_START, "start HTTP", END_NONE)                                                                   \
	X(ACTION_HTTP_CONNECT, "take an idle backend, or connect", END_NONE) /* idle: backend_reuse = shared */        \
	X(ACTION_HTTP_OPEN, "send the request", END_NONE)                                                              \
	X(ACTION_HTTP_NO_BACKEND, "answer without a backend", END_NONE)                                                \
	X(ACTION_HTTP_UNKNOWN, "report that no address is known, answer without a backend", END_NONE)                  \
	X(ACTION_HTTP_CLIENT_ENDED, "note the client's end", END_NONE) /* answers under way may go on */               \
	X(ACTION_HTTP_BACKEND_ENDED, "note the backend's end", END_NONE) /* it may be that of an answer */             \
	X(ACTION_HTTP_BACKEND_BROKEN, "note the broken backend", END_NONE)                                             \
	X(ACTION_HTTP_LATE, "end what takes too long", END_NONE)                                                       \
	X(ACTION_HTTP_DRAIN, "read no further request", END_NONE)                                                      \
	X(ACTION_HTTP_END, "end HTTP", END_SAME) /* close the backend */                                               \
	X(ACTION_HTTP_SWITCH, "start the tunnel", END_NONE)                                                            \
	X(ACTION_CUT, "cut", END_ALERT) /* close both at once */                                                       \
	X(ACTION_CUT_LATE, "count a handshake that took too long, cut", END_ALERT)                                     \
	X(ACTION_RESET, "reset", END_RESET) /* close both at once */

#define X(name, ...) name,
enum connection_flow { CONNECTION_FLOWS(X) };
enum connection_deadline { CONNECTION_DEADLINES(X) };
enum connection_awaits { CONNECTION_AWAITS(X) };
/* CONNECTION_SAME as the next state: the state is not left, and its deadline goes on. */
enum connection_state { CONNECTION_STATES(X) NUM_CONNECTION_STATES, CONNECTION_SAME = NUM_CONNECTION_STATES };
enum connection_event { CONNECTION_EVENTS(X) NUM_CONNECTION_EVENTS, EVENT_NONE = NUM_CONNECTION_EVENTS };
enum connection_guard { CONNECTION_GUARDS(X) NUM_CONNECTION_GUARDS };
enum connection_action { CONNECTION_ACTIONS(X) NUM_CONNECTION_ACTIONS };
enum connection_end { CONNECTION_ENDS(X) };
#undef X

/* The rules of a state, whatever happens. */
struct connection_rules {
	enum connection_flow up : 8; /* the client's bytes */
	enum connection_flow down : 8; /* the backend's */
	enum connection_deadline deadline : 8;
	enum connection_awaits awaits : 8;
};

struct connection_step {
	enum connection_guard guard : 8;
	enum connection_action action : 8;
	enum connection_state next : 8; /* or CONNECTION_SAME */
};

#define CONNECTION_MAX_STEPS 4 /* of one event in one state; the last has no guard */

extern const struct connection_rules connection_rules[NUM_CONNECTION_STATES];
extern const struct connection_step connection_steps[NUM_CONNECTION_STATES][NUM_CONNECTION_EVENTS]
						    [CONNECTION_MAX_STEPS];

/* connection_rules_of returns the rules of `state`. */
static inline struct connection_rules connection_rules_of(enum connection_state state)
{
	return connection_rules[state];
}

/* connection_steps_of returns the steps that may follow from `event` in `state`: the first whose guard holds is taken,
 * and there is always one. */
static inline const struct connection_step *connection_steps_of(enum connection_state state,
								enum connection_event event)
{
	return connection_steps[state][event];
}

/* connection_flow_carries says whether bytes of the side are passed on, now or later. */
static inline bool connection_flow_carries(enum connection_flow flow)
{
	return flow >= FLOW_EARLY;
}

const char *connection_flow_name(enum connection_flow flow);
const char *connection_deadline_name(enum connection_deadline deadline);
const char *connection_awaits_name(enum connection_awaits awaits);
const char *connection_state_name(enum connection_state state);
const char *connection_event_name(enum connection_event event);
const char *connection_guard_name(enum connection_guard guard);
const char *connection_action_name(enum connection_action action);
const char *connection_end_name(enum connection_end end);

/* connection_action_end says what the client sees of `action`. */
enum connection_end connection_action_end(enum connection_action action);

#endif
