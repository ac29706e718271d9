/* brokers/alerts/desk_parts.h - what the files of the desk share; nobody else includes it.
 *
 *     desk.c             sessions, subscriptions, deliveries, actions, the transaction
 *     desk_questions.c   QUERY: lists, one alert with its explanation, why not
 *     desk_status.c      QUERY: how the asker's own subscriptions stand
 *
 * Floor 3; owned by the station's loop.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_DESK_PARTS_H
#define KTG_BROKERS_ALERTS_DESK_PARTS_H

#include "brokers/alerts/asking.h"
#include "brokers/alerts/desk.h"
#include "brokers/alerts/rerun.h"
#include "runtime/journal/journal.h"
#include "schema/event.h"

enum {
    SUBS = 8, /* live ones of a session */
    MOST_ACTIONS = 1024,
    ACTION_MS = 30000,
    MOST_ITEMS = 64,
    RERUN_FRAMES = 16, /* of old alerts, in a turn */
    ITEMS_BYTES = 512 << 10,
    STATUS_ITEMS =
        128, /* of an answer: the cursors that are kept and those that live without one */
    STATUS_ROWS = 16384, /* that an answer looks at to count what is pending */
};

struct session { /* of a duty desk */
    ktg_peer peer;
    uint64_t number;
    char user[96];
    struct ktg_alerts_user rights;
    struct ktg_subscription *subs[SUBS];
    struct ktg_rerun rerun; /* one at a time */
};

struct action { /* an officer's, until the journal has it */
    struct action *next;
    ktg_peer peer;
    uint64_t number, ref, position; /* position: stands there, to be told after the commit */
    int64_t since;                  /* mono ms */
    bool took;                      /* its event moved the track */
    bool queued, was_queued;        /* in the outbox; as of the transaction that is open */
    uint8_t id[16];
    size_t size;
    uint8_t blob[];
};

struct ktg_desk {
    struct ktg_desk_options options;
    struct ktg_journal_reader *findings;
    struct ktg_asking *asking;
    struct session **sessions;
    size_t session_count, session_cap;
    struct action *actions;
    size_t action_count;
    struct ktg_confirmed confirmed;
    uint8_t boot[KTG_BOOT_SIZE];
    bool wants, full;
    struct ktg_id_source ids;
    struct ktg_buf frame, items, body;
};

/* False: no room on the line. */
bool ktg_desk_say(struct ktg_desk *d, ktg_peer peer, const struct ktg_msg *m);

/* ---- desk_questions.c */
void ktg_desk_query(struct ktg_desk *d, const struct session *s, const struct ktg_msg_query *q);
void ktg_desk_answer(struct ktg_desk *d, ktg_peer peer, uint64_t number, uint64_t ref,
                     struct ktg_bytes items, bool more, const struct ktg_fault *fault);
/* desk_status.c */
void ktg_desk_status(struct ktg_desk *d, const struct session *s, const struct ktg_msg_query *q);
/* ktg_asking_told of a desk. */
void ktg_desk_told(void *arg, void *asked, struct ktg_bytes explanation);

#endif
