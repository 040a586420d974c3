/* log - the sub-command `log`: reads the fix log. argv[0] is its name; returns the exit status. */
#ifndef PROXY_COMMANDS_LOG_LOG_H
#define PROXY_COMMANDS_LOG_LOG_H

int command_log(int argc, char **argv);

#endif
