/* journal_stand_in - a datagram socket that stands for the journal's: a fixture of cmocka. */
#ifndef TESTS_SUPPORT_JOURNAL_STAND_IN_H
#define TESTS_SUPPORT_JOURNAL_STAND_IN_H

enum { JOURNAL_MAX_PATH = 100, JOURNAL_MAX_MESSAGE = 4096 };

struct journal_stand_in {
	char folder[64];
	char path[JOURNAL_MAX_PATH];
	int fd; /* bound to path, does not block */
};

/* Set-up and tear-down: *state is the stand-in. */
int journal_stand_in_set_up(void **state);
int journal_stand_in_tear_down(void **state);

#endif
