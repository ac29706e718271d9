/* cmd/demo_screen.h - lines of a demo for a person: alerts as they come, many of one kind as one, the status below.
 *
 *     Mon 02 00:16  high      NEW        Guest without a valid stay        UTO U0002741   Sanggau    POL
 *                             ... and 71 more like it: 74 so far, people 126
 *     Mon 02 00:20  x5760 | 44/44 sources live | 27 events/s | ...
 *
 * (1) A line is never wider than the screen; nothing is said by colour alone.
 * (2) Alerts of one rule that come within a moment are shown up to KTG_DEMO_SHOWN times, then counted.
 * Pure: text in, text out, time is an argument.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DEMO_SCREEN_H
#define KTG_CMD_DEMO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/output.h"
#include "runtime/clock.h"

enum { KTG_DEMO_SHOWN = 3, KTG_DEMO_MOMENT = 700 /* ms */ };

struct ktg_demo_style { /* how to write */
    int width;          /* columns; below 60 counts as 60 */
    bool colour;
    enum ktg_lang lang;
};

struct ktg_demo_row {
    ktg_time at;
    int offset_min;
    const char *level, *op, *state, *title, *subject, *place, *to;
};

void ktg_demo_screen_head(const struct ktg_demo_style *how, struct ktg_buf *to);
void ktg_demo_screen_row(const struct ktg_demo_style *how, const struct ktg_demo_row *row,
                         struct ktg_buf *to);
/* "Mon 02 Mar 00:16", in at most 24 bytes. */
void ktg_demo_screen_time(ktg_time at, int offset_min, enum ktg_lang lang, char to[static 24]);

/* ---- many of one kind ---- */
#define KTG_DEMO_BURSTS 512 /* kinds: more than there are live rules times ways to be told */
struct ktg_demo_burst {
    char rule[64], op[16];
    uint64_t shown, hidden, total; /* of the moment; total: since the start */
    int64_t sum;                   /* of the value worth adding up, since the start; -1: none */
    int64_t last;                  /* mono ms */
};
struct ktg_demo_bursts {
    struct ktg_demo_burst at[KTG_DEMO_BURSTS];
    size_t count;
};
/* Another one came.  True: show it. */
bool ktg_demo_bursts_take(struct ktg_demo_bursts *b, const char *rule, const char *op,
                          int64_t value, int64_t now);
/* The next kind whose moment has passed and of which some were not shown; NULL: none.  Tell it once. */
const struct ktg_demo_burst *ktg_demo_bursts_next(struct ktg_demo_bursts *b, int64_t now,
                                                  uint64_t *ret_hidden);
void ktg_demo_screen_burst(const struct ktg_demo_style *how, const struct ktg_demo_burst *b,
                           uint64_t hidden, struct ktg_buf *to);

/* The value of rank `percent` of `values`, which are sorted by this; 0 when there are none. */
int64_t ktg_demo_percentile(int64_t *values, size_t count, int percent);

#endif
