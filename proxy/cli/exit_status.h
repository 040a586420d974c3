/* exit_status - the exit statuses of the commands. */
#ifndef PROXY_CLI_EXIT_STATUS_H
#define PROXY_CLI_EXIT_STATUS_H

#define STATUS_OK 0
#define STATUS_REPAIRABLE 1 /* check: the mended chain repairs all that is wrong */
#define STATUS_CHANGED 1 /* mend --exit-code: the chain differs from what was given */
#define STATUS_FAILED 1 /* run and the others */
#define STATUS_BROKEN 2 /* check, mend: something is left that no chain can repair */
#define STATUS_UNKNOWN 3 /* check, mend: it could not be looked at */
#define STATUS_USAGE 64

#endif
