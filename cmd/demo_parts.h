/* cmd/demo_parts.h - what the files of the demo share.
 *
 *     demo.c          the command, its stages, the centre as a child
 *     demo_tell.c     banner, alerts, what happens in the story, status
 *     demo_account.c  what is said at the end
 * Owner: the loop's thread.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DEMO_PARTS_H
#define KTG_CMD_DEMO_PARTS_H

#include <stdio.h>

#include "cmd/command.h"
#include "cmd/demo_desks.h"
#include "cmd/demo_feed.h"
#include "cmd/demo_look.h"
#include "cmd/demo_screen.h"
#include "runtime/loop/child.h"

enum {
    KTG_DEMO_WIB = 420,   /* minutes */
    KTG_DEMO_TAIL = 2048, /* last bytes of the centre's log, for when it fails */
    KTG_DEMO_STORIES = 1, /* most of them */
};

enum ktg_demo_stage { STARTING, PLAYING, SETTLING, STOPPING, DONE };

struct ktg_demo_shown { /* one alert on the screen */
    uint8_t finding[16];
    uint64_t rev;
    int64_t at; /* mono ns */
};

struct ktg_demo {
    struct ktg_call *call;
    FILE *out;
    bool tty, until_end;
    struct ktg_demo_style style;
    struct ktg_demo_site site;
    struct ktg_catalogue *catalogue;
    struct ktg_agencies *agencies;
    struct ktg_simulate *country;
    struct ktg_clockfile *clock;
    struct ktg_loop *loop;
    struct ktg_context *context;
    struct ktg_signal *signals[2];
    struct ktg_timer *tick;
    struct ktg_child *centre;
    struct ktg_demo_feed *feed;
    struct ktg_demo_desks *desks;
    struct ktg_demo_look *look;
    struct ktg_curve_key server_key;
    char endpoint[128];
    int32_t speed;

    enum ktg_demo_stage stage;
    enum ktg_demo_phase phase;
    bool real_time, headed, first_told, story_told[KTG_DEMO_STORIES], back, late_told, unknown_told,
        cut_short;
    int64_t began, stage_since, status_at; /* mono ms */
    struct ktg_demo_bursts bursts;
    struct ktg_demo_shown *shown;
    size_t shown_count, shown_cap;
    uint64_t events_then[5]; /* at the last seconds: for the rate */
    int64_t second;
    uint64_t settle_mark;
    struct ktg_buf line, cells;
    char status[512], tail[KTG_DEMO_TAIL];
    size_t tail_size;
    FILE *log;
    int code;
};

/* ---- demo_tell.c ---- */
void ktg_demo_banner(struct ktg_demo *d);
/* Something has happened in the story. */
void ktg_demo_beat(struct ktg_demo *d, const char *en, const char *id, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
void ktg_demo_plain(struct ktg_demo *d, const char *en, const char *id, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
void ktg_demo_heading(struct ktg_demo *d, const char *en, const char *id);
void ktg_demo_item(void *arg, const struct ktg_item *item); /* of the first desk */
/* Once a tick: bursts that are over, the status when it is due. */
void ktg_demo_tell(struct ktg_demo *d, int64_t now);
void ktg_demo_wipe(struct ktg_demo *d); /* the status goes for good */
int ktg_demo_width(void);               /* of the screen */
bool ktg_demo_in_indonesian(const struct ktg_demo *d);

/* ---- demo_account.c ---- */
void ktg_demo_account(struct ktg_demo *d); /* sets call->negative when something is wrong */

#endif
