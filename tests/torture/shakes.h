/* shakes - an endpoint up to the end of its handshake, and everything that can be done wrong until then. */
#ifndef TESTS_TORTURE_SHAKES_H
#define TESTS_TORTURE_SHAKES_H

#include "tests/torture/endpoint.h"

/* shakes_work leads to ENDPOINT_OPEN, ENDPOINT_AWAITING_END or ENDPOINT_CLOSED. */
void shakes_work(struct endpoint *endpoint, uint64_t now_ms);

/* Of endpoint.c. */
void endpoint_close(struct endpoint *endpoint, enum endpoint_outcome outcome, bool reset);
void endpoint_learn_plan(struct endpoint *endpoint);

#endif
