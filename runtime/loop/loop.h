/* runtime/loop/loop.h - the event loop of a station: timers, wake-ups, signals, descriptors, pumps.
 *
 *     ktg_loop_run:   timers -> pumps ready? -> wait -> callbacks -> pumps step -> timers ...
 *
 * (1) One thread owns a loop and all that hangs on it.  Only ktg_wake_send may be called from
 *     elsewhere.
 * (2) Whoever made a handle frees it with its _free, also from inside its own callback.  After that
 *     its callback is never called again.  The memory goes back when the loop has turned once more.
 * (3) ktg_loop_free frees the handles that are left, so a caller must not free them afterwards.
 * (4) _free takes NULL and returns NULL.
 * (5) Callbacks must not block: whoever has to wait for a disk does so on a thread (work.h).
 *
 * Together with child.h and work.h the only room that knows libuv.  Floor 0, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LOOP_LOOP_H
#define KTG_RUNTIME_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/err.h"

struct ktg_loop;
struct ktg_timer;
struct ktg_wake;
struct ktg_signal;
struct ktg_watch;
struct ktg_pump;

typedef void ktg_loop_call(void *arg);

KTG_MUST_CHECK int ktg_loop_new(struct ktg_loop **ret_loop, struct ktg_err *err);
struct ktg_loop *ktg_loop_free(struct ktg_loop *loop); /* not while it runs */

/* Run until ktg_loop_stop, or until nothing is left that could happen. */
void ktg_loop_run(struct ktg_loop *loop);
/* Run until `done(arg)` says true (looked at after every turn) or the mono clock passes
 * `deadline_ms`. Says whether it was done.  ktg_loop_stop does not end it. */
KTG_MUST_CHECK bool ktg_loop_run_until(struct ktg_loop *loop, bool (*done)(void *arg), void *arg,
                                       int64_t deadline_ms);
void ktg_loop_stop(struct ktg_loop *loop); /* the turn is finished first */

/* ---- a timer: one at a time ---- */
KTG_MUST_CHECK int ktg_timer_new(struct ktg_loop *loop, ktg_loop_call *call, void *arg,
                                 struct ktg_timer **ret_timer, struct ktg_err *err);
/* Call after delay_ms (0: in the next turn; below 0 counts as 0), then every repeat_ms; 0: only
 * once. Starting a running timer starts it anew. */
void ktg_timer_start(struct ktg_timer *timer, int64_t delay_ms, int64_t repeat_ms);
void ktg_timer_stop(struct ktg_timer *timer);
bool ktg_timer_is_running(const struct ktg_timer *timer);
struct ktg_timer *ktg_timer_free(struct ktg_timer *timer);

/* ---- a wake-up from another thread: many sends may become one call ---- */
KTG_MUST_CHECK int ktg_wake_new(struct ktg_loop *loop, ktg_loop_call *call, void *arg,
                                struct ktg_wake **ret_wake, struct ktg_err *err);
void ktg_wake_send(struct ktg_wake *wake); /* any thread, while the handle lives; never blocks */
struct ktg_wake *ktg_wake_free(struct ktg_wake *wake);

/* ---- a signal: SIGINT, SIGTERM, SIGHUP ... ---- */
KTG_MUST_CHECK int ktg_signal_new(struct ktg_loop *loop, int number,
                                  void (*call)(void *arg, int number), void *arg,
                                  struct ktg_signal **ret_signal, struct ktg_err *err);
struct ktg_signal *ktg_signal_free(struct ktg_signal *signal);

/* ---- a descriptor of somebody else: free the watch before the descriptor is closed ---- */
enum { KTG_WATCH_READ = 1, KTG_WATCH_WRITE = 2 };
KTG_MUST_CHECK int ktg_watch_new(struct ktg_loop *loop, int fd, void (*call)(void *arg, int what),
                                 void *arg, struct ktg_watch **ret_watch, struct ktg_err *err);
/* Call when `what` (READ | WRITE) is possible or the descriptor failed (then both bits are set). 0
 * stops. */
KTG_MUST_CHECK int ktg_watch_start(struct ktg_watch *watch, int what);
struct ktg_watch *ktg_watch_free(struct ktg_watch *watch);

/* ---- a pump: for a source whose descriptor only hints, and may hint only once ----
 *
 *     descriptor readable   wakes the loop, no more
 *     before the wait       ready(arg)?  then do not wait
 *     after the wait        step(arg): take up to a budget; what is left shows in ready()
 *
 * step() is called in every turn, so that nothing depends on the edge; it must be cheap when there
 * is nothing. fd -1: no descriptor, ready() alone decides. */
KTG_MUST_CHECK int ktg_pump_new(struct ktg_loop *loop, int fd, bool (*ready)(void *arg),
                                void (*step)(void *arg), void *arg, struct ktg_pump **ret_pump,
                                struct ktg_err *err);
struct ktg_pump *ktg_pump_free(struct ktg_pump *pump); /* before the descriptor is closed */

#endif
