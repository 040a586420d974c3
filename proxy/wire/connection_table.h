/* connection_table - the life of a connection as a table: in this state, on this event, do that and be there.
 * Pure. */
#ifndef PROXY_WIRE_CONNECTION_TABLE_H
#define PROXY_WIRE_CONNECTION_TABLE_H

#define CONNECTION_STATES(X)                                                                                           \
	X(CONNECTION_HANDSHAKE, "handshake") /* with the client */                                                     \
	X(CONNECTION_CONNECTING, "connecting") /* to a backend; the client's bytes are held */                         \
	X(CONNECTION_BACKEND_HANDSHAKE, "backend handshake")                                                           \
	X(CONNECTION_VERDICT, "verdict") /* the control thread judges the backend's chain */                           \
	X(CONNECTION_RELAYING, "relaying")                                                                             \
	X(CONNECTION_CLIENT_ENDED, "client ended") /* the backend still sends */                                       \
	X(CONNECTION_BACKEND_ENDED, "backend ended") /* the client still sends */                                      \
	X(CONNECTION_FLUSHING, "flushing") /* both have ended; last bytes are on their way */                          \
	X(CONNECTION_LINGERING, "lingering") /* given up: last bytes go out, the client's end is awaited */            \
	X(CONNECTION_CLOSED, "closed")

#define CONNECTION_EVENTS(X)                                                                                           \
	X(EVENT_HANDSHAKE_DONE, "handshake done")                                                                      \
	X(EVENT_CLIENT_TLS_FAILED, "client TLS failed")                                                                \
	X(EVENT_CONNECTED, "connected") /* to a tls backend */                                                         \
	X(EVENT_VERDICT_NEEDED, "verdict needed")                                                                      \
	X(EVENT_VERDICT_GIVEN, "verdict given")                                                                        \
	X(EVENT_BACKEND_READY, "backend ready") /* it takes the client's bytes */                                      \
	X(EVENT_BACKEND_FAILED, "backend failed") /* not reached, or its TLS failed */                                 \
	X(EVENT_NO_BACKEND_LEFT, "no backend left")                                                                    \
	X(EVENT_CLIENT_ENDED, "client ended") /* and all its bytes are passed on */                                    \
	X(EVENT_BACKEND_ENDED, "backend ended")                                                                        \
	X(EVENT_CLIENT_BROKEN, "client broken") /* reset */                                                            \
	X(EVENT_BACKEND_BROKEN, "backend broken")                                                                      \
	X(EVENT_FLUSHED, "flushed") /* nothing is left to write, nothing more to wait for */                           \
	X(EVENT_DEADLINE, "deadline")                                                                                  \
	X(EVENT_CUT, "cut") /* the drain's time is over */

#define CONNECTION_ACTIONS(X)                                                                                          \
	X(ACTION_IMPOSSIBLE, "impossible") /* the event cannot come here; the connection is closed if it does */       \
	X(ACTION_NOTHING, "nothing")                                                                                   \
	X(ACTION_CONNECT, "connect") /* to the first backend */                                                        \
	X(ACTION_CONNECT_NEXT, "connect to the next") /* the present one rests for a while */                          \
	X(ACTION_START_BACKEND_TLS, "start backend TLS")                                                               \
	X(ACTION_ASK_VERDICT, "ask for a verdict")                                                                     \
	X(ACTION_RESUME_BACKEND_TLS, "resume backend TLS")                                                             \
	X(ACTION_START_RELAY, "start the relay") /* what is held goes out */                                           \
	X(ACTION_END_BACKEND, "end towards the backend") /* close_notify and FIN, once its bytes are out */            \
	X(ACTION_END_CLIENT, "end towards the client")                                                                 \
	X(ACTION_GIVE_UP, "give up") /* close the backend; close_notify and FIN to the client */                       \
	X(ACTION_ABANDON, "abandon") /* the same without close_notify: the client sees that something is missing */    \
	X(ACTION_CLOSE, "close")

/* Which deadline runs in a state. */
enum connection_deadline {
	DEADLINE_NONE,
	DEADLINE_HANDSHAKE,
	DEADLINE_CONNECT, /* an address */
	DEADLINE_BACKEND_HANDSHAKE,
	DEADLINE_KEEP, /* the one that runs already */
	DEADLINE_IDLE, /* since the last byte */
	DEADLINE_LINGER,
};

#define X(name, text) name,
enum connection_state { CONNECTION_STATES(X) NUM_CONNECTION_STATES };
enum connection_event { CONNECTION_EVENTS(X) NUM_CONNECTION_EVENTS, EVENT_NONE = NUM_CONNECTION_EVENTS };
enum connection_action { CONNECTION_ACTIONS(X) NUM_CONNECTION_ACTIONS };
#undef X

struct connection_step {
	enum connection_action action;
	enum connection_state next;
};

/* connection_step_of is what follows from `event` in `state`. */
struct connection_step connection_step_of(enum connection_state state, enum connection_event event);

enum connection_deadline connection_deadline_of(enum connection_state state);

const char *connection_state_name(enum connection_state state);
const char *connection_event_name(enum connection_event event);
const char *connection_action_name(enum connection_action action);

#endif
