/* Tells systemd how we are; does nothing when nobody asked to be told. */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *text);
void notify_watchdog(void);
uint64_t notify_watchdog_ms(void); /* how often notify_watchdog is expected, halved; 0: never */
bool notify_journal(void);         /* stderr is the journal */

#endif
