/* cmd/demo_feed.h - what happens in the country, and how it reaches the centre.
 *
 *     history: one archive agent, as fast as the pipe takes it; the clock follows what is acknowledged
 *     week:    44 installations, each an agent with its own key and outbox; what is made is sent when its time comes
 *
 * (1) History runs up to AHEAD before the clock, and the clock never passes an event that is not acknowledged: no
 *     deadline is looked at before its answer is in the journal.
 * (2) A post that is offline is really disconnected: its agent stores, its heartbeats stop.
 * (3) The feed alone writes the clock.
 * A shell.  Owner: the loop's thread.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DEMO_FEED_H
#define KTG_CMD_DEMO_FEED_H

#include "cmd/demo_site.h"
#include "producers/agent/agent.h"
#include "producers/simulate/simulate.h"
#include "runtime/clockfile.h"
#include "schema/catalogue.h"

struct ktg_demo_feed;

enum ktg_demo_phase {
    KTG_DEMO_HISTORY,
    KTG_DEMO_CALLING, /* the installations are connecting */
    KTG_DEMO_WEEK,
    KTG_DEMO_OVER, /* everything that happens has happened */
};

struct ktg_demo_feed_options { /* borrowed, all of it */
    const struct ktg_demo_site *site;
    struct ktg_loop *loop;
    struct ktg_context *context;
    const struct ktg_catalogue *catalogue;
    struct ktg_simulate *country; /* in the order in which things are made */
    const char *endpoint;
    const struct ktg_curve_key *server_key;
    int32_t speed;
    void *arg;
    /* A source goes offline, or comes back with `waiting` events in its outbox. */
    void (*on_line)(void *arg, const char *source, bool back, uint64_t waiting);
    void (*on_trouble)(void *arg, const char *source, const struct ktg_err *what);
};

struct ktg_demo_feed_counts {
    uint64_t submitted, accepted, duplicate, rejected,
        stored; /* stored: the centre has it; where, it did not say */
};

/* Makes the keys of the installations, too. */
KTG_MUST_CHECK int ktg_demo_feed_open(const struct ktg_demo_feed_options *o,
                                      struct ktg_clockfile *clock, struct ktg_demo_feed **ret_f,
                                      struct ktg_err *err);
struct ktg_demo_feed *ktg_demo_feed_close(struct ktg_demo_feed *f);

/* What is due now; call it every few ms.  A code other than 0 is the end of the demo. */
KTG_MUST_CHECK int ktg_demo_feed_step(struct ktg_demo_feed *f, struct ktg_err *err);
enum ktg_demo_phase ktg_demo_feed_phase(const struct ktg_demo_feed *f);
/* History is told: the week may begin as soon as the installations are there. */
void ktg_demo_feed_begin_week(struct ktg_demo_feed *f);
/* From now on as fast as real time. */
void ktg_demo_feed_slow_down(struct ktg_demo_feed *f);
/* Nothing is submitted any more; who is offline comes back and sends what it has. */
void ktg_demo_feed_stop(struct ktg_demo_feed *f);
bool ktg_demo_feed_is_idle(const struct ktg_demo_feed *f); /* everything is acknowledged */

const struct ktg_demo_feed_counts *ktg_demo_feed_counts(const struct ktg_demo_feed *f);
/* mono ns at which the event was given to its agent; 0: it is not ours, of the history, or had to
 * wait for a post that was offline. */
int64_t ktg_demo_feed_submitted(const struct ktg_demo_feed *f, const uint8_t id[static 16]);

#endif
