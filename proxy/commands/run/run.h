/* run - the sub-command `run`: the proxy itself. argv[0] is its name; returns the exit status. */
#ifndef PROXY_COMMANDS_RUN_RUN_H
#define PROXY_COMMANDS_RUN_RUN_H

int command_run(int argc, char **argv);

#endif
