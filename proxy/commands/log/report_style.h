/* report_style - how a report looks: light, dark, on a phone and on paper. */
#ifndef PROXY_COMMANDS_LOG_REPORT_STYLE_H
#define PROXY_COMMANDS_LOG_REPORT_STYLE_H

extern const char report_style[];

#endif
