/* commands - the sub-commands: each takes its own arguments (argv[0] is its name) and returns the exit status. */
#ifndef PROXY_COMMANDS_COMMANDS_H
#define PROXY_COMMANDS_COMMANDS_H

#define STATUS_OK 0
#define STATUS_REPAIRABLE 1 /* check: the mended chain repairs all that is wrong */
#define STATUS_CHANGED 1 /* mend --exit-code: the chain differs from what was given */
#define STATUS_FAILED 1 /* run and the others */
#define STATUS_BROKEN 2 /* check, mend: something is left that no chain can repair */
#define STATUS_UNKNOWN 3 /* check, mend: it could not be looked at */
#define STATUS_USAGE 64

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_mend(int argc, char **argv);
int command_cache(int argc, char **argv);
int command_log(int argc, char **argv);

#endif
