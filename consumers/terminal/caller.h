/* consumers/terminal/caller.h - a duty desk on the line: a KTG/1 client with its agency's own key; it opens no store.
 *
 *     connect ─ HELLO ─ WELCOME ─┬─ SUBSCRIBE ─ DELIVER ─> on_item ─ CONFIRM ...      watch
 *                                ├─ QUERY ─ ANSWER                                    ask
 *                                └─ ACTION ─ RESULT                                   act
 *
 * (1) An alert is confirmed only after on_item said that it was kept; so it may come twice and is never missed.
 * (2) watch() comes back after a lost connection or a restarted centre by itself, and goes on after what was confirmed;
 *     on_state hears of it, and after `patience` ms too when there was no centre from the beginning: silence is not calm.
 * (3) open() is watch() on a loop of somebody else, so that one process may keep many desks.
 *     A centre that is behind with its answers is silent, too: it is asked now and then, and on_late hears of it.
 * (4) ask() and act() end with an answer, or after `patience` ms with KTG_EUNREACHABLE and what was the matter.
 * Shell.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONSUMERS_TERMINAL_CALLER_H
#define KTG_CONSUMERS_TERMINAL_CALLER_H

#include "runtime/link/context.h"
#include "runtime/link/curve.h"
#include "runtime/loop/loop.h"
#include "schema/protocol.h"

struct ktg_caller_options {
    const char *endpoint, *user;
    struct ktg_curve_pair keys;
    struct ktg_curve_key server_key;
    bool plain;
    int64_t patience; /* ms */
};

/* PROTOCOL.md 8, centre. */
struct ktg_caller_late {
    uint64_t behind; /* positions */
    uint64_t late;   /* seconds; 0: it has caught up */
    bool still;      /* nothing moves */
};

struct ktg_caller_watch {
    const char *sub;    /* name of the durable subscription */
    const char *filter; /* PROTOCOL.md, SUBSCRIBE; NULL: all that the agency may see */
    enum ktg_sub_from from;
    uint32_t window;
    void *arg;
    /* Keep the item; KTG_OK: it may be confirmed.  Another code ends the watch with it; KTG_EFULL: enough, confirm and end well. */
    int (*on_item)(void *arg, const struct ktg_item *item);
    void (*on_burst)(
        void *arg); /* everything that came together was given: show it.  May be NULL */
    void (*on_state)(void *arg, bool live,
                     const char *why); /* the line is up or down; may be NULL */
    /* The centre is behind with its answers for LATE_MS or more, so silence is not calm; or it has caught up (`late` 0).  Said when
     * it changes.  May be NULL: nobody asks. */
    void (*on_late)(void *arg, const struct ktg_caller_late *late);
    /* open() only: it is over (`code` as watch() would return); close it.  May be NULL. */
    void (*on_end)(void *arg, int code, const struct ktg_err *err);
};

/* Until on_item ends it, or SIGINT or SIGTERM (then KTG_OK).  KTG_EDENIED: the centre does not want this key. */
KTG_MUST_CHECK int ktg_caller_watch(const struct ktg_caller_options *o,
                                    const struct ktg_caller_watch *w, struct ktg_err *err);
struct ktg_caller;
/* The same, driven by `loop`, with sockets of `context`; options and watch are borrowed until close.  Signals are the
 * owner's business.  Close it before context and loop, not from inside its own callbacks. */
KTG_MUST_CHECK int ktg_caller_open(const struct ktg_caller_options *o,
                                   const struct ktg_caller_watch *w, struct ktg_loop *loop,
                                   struct ktg_context *context, struct ktg_caller **ret_caller,
                                   struct ktg_err *err);
struct ktg_caller *ktg_caller_close(struct ktg_caller *c); /* NULL is fine; returns NULL */
/* One question; `on_answer` sees the answer (views valid during the call). A code in the answer is returned as an error. */
KTG_MUST_CHECK int ktg_caller_ask(const struct ktg_caller_options *o, const struct ktg_msg_query *q,
                                  int (*on_answer)(void *arg, const struct ktg_msg_answer *a),
                                  void *arg, struct ktg_err *err);
/* One action, said again after a break until somebody answers: it is one all the same.  *ret_position: where its event stands in the
 * journal; 0: it stood there before the break, nobody knows where. */
KTG_MUST_CHECK int ktg_caller_act(const struct ktg_caller_options *o,
                                  const struct ktg_msg_action *a, uint64_t *ret_position,
                                  struct ktg_err *err);

#endif
