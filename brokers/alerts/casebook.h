/* brokers/alerts/casebook.h - which alert stands how with which agency; who was sent what; what officers did.
 *
 *     event journal ──(alert.ack, alert.closed)──┐
 *     findings journal ──(differences)───────────┴─ fold ─> one transaction: cursors, alerts, audiences, outbox
 *
 *   meta      name -> number            cursors: event and findings position folded; outbox epoch, newest, acked
 *             "journals" -> 32 bytes    ids of the two journals that it was folded from
 *             "agencies" -> text        the table as the journal had it last: whom router.h may tell
 *   alert     finding(16) -> map        {at, district, first, level, pos, rev, rule, state, tracks{AGENCY: {...}}}
 *   order     first position -> finding
 *   audience  findings position -> [AGENCY ...] rule [[district level state] ...]
 *                                         to whom that difference goes: now entitled, or told before; what filters ask
 *   sub       user 00 name -> position confirmed
 *   outbox    seq -> event blob                      what officers did and what was handed out, on its way to ingest
 *
 * (1) Folded by event position: first the event p, then the findings of p; never beyond what correlation has answered.
 * (2) All that a step changes is one transaction; a lost casebook is the same fold again (outbox ids repeat: ingest knows them).
 *     A step that moved the cursors and nothing else may end without one: they reach the disk with the next.
 * (3) An agency's acknowledgement touches its own track only.
 * (4) Whoever was told of a finding is told of its amendments and its withdrawal, whatever `to` says by then.
 * (5) What was withdrawn and comes back is new for everybody: what an agency did about it before was about another answer.
 * Shell of the store.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_CASEBOOK_H
#define KTG_BROKERS_ALERTS_CASEBOOK_H

#include "brokers/alerts/filter.h"
#include "runtime/clock.h"
#include "runtime/mem.h"
#include "schema/wire.h"

enum ktg_track_state { KTG_TRACK_NEW, KTG_TRACK_ACKNOWLEDGED, KTG_TRACK_CLOSED, KTG_TRACK_STATES };
const char *ktg_track_state_name(enum ktg_track_state s);

struct ktg_track { /* one agency's */
    struct ktg_bytes agency;
    enum ktg_track_state state;
    ktg_time at;                           /* of the last change */
    struct ktg_bytes officer, disposition; /* of the last change; may be empty */
    bool fresh; /* told by the difference at hand, as if for the first time; not kept */
};

enum { KTG_TRACKS = 64, KTG_SEEN = 24 };

struct ktg_alert {
    uint8_t finding[16];
    struct ktg_bytes rule, state, level, district; /* state: open, closed, withdrawn, unknown */
    ktg_time at;
    int offset_min;
    uint64_t position,
        first; /* in the findings journal: of the latest and of the first difference */
    uint64_t rev;
    struct ktg_track tracks[KTG_TRACKS]; /* sorted by agency */
    size_t track_count;
    struct ktg_seen seen[KTG_SEEN]; /* as it was so far and is now, each once */
    size_t seen_count;
    struct ktg_bytes
        was; /* the level before the difference at hand, where that changed it; not kept */
};

/* What a step folds. */
struct ktg_difference {
    uint64_t position; /* in the findings journal */
    struct ktg_bytes payload;
};

struct ktg_casebook;
KTG_MUST_CHECK int ktg_casebook_open(const char *path, uint64_t map_size,
                                     struct ktg_casebook **ret_c, struct ktg_err *err);
struct ktg_casebook *ktg_casebook_close(struct ktg_casebook *c);

/* A transaction: begin, fold and the rest, commit.  After a failure abort.  Where nothing has `changed` end() does, too: no
 * disk is asked, and the cursors that moved are owed to it until the next commit (a crash folds that again). */
KTG_MUST_CHECK int ktg_casebook_begin(struct ktg_casebook *c, struct ktg_err *err);
KTG_MUST_CHECK int ktg_casebook_commit(struct ktg_casebook *c,
                                       struct ktg_err *err); /* KTG_EFULL: nothing of it was kept */
void ktg_casebook_abort(struct ktg_casebook *c);
void ktg_casebook_end(struct ktg_casebook *c);
bool ktg_casebook_changed(
    const struct ktg_casebook *c); /* in this transaction, beside the cursors */
bool ktg_casebook_owes(const struct ktg_casebook *c);
/* Bytes that the transaction holds in memory, about. */
size_t ktg_casebook_held(const struct ktg_casebook *c);
uint64_t ktg_casebook_used(const struct ktg_casebook *c); /* bytes of the map */
/* More room than the map has, for a transaction that stays in memory: never commit after it.  No transaction is open. */
KTG_MUST_CHECK int ktg_casebook_widen(struct ktg_casebook *c, uint64_t bytes, struct ktg_err *err);

/* Was it folded from these two journals (event journal, findings journal)?  KTG_ENOTFOUND: from others, or it is new: its
 * positions mean nothing, renew it. */
KTG_MUST_CHECK int ktg_casebook_belongs(struct ktg_casebook *c, const uint8_t journals[static 32]);

/* Inside a transaction: */
/* Forget everything; from now on it belongs to these journals. */
KTG_MUST_CHECK int ktg_casebook_renew(struct ktg_casebook *c, const uint8_t journals[static 32],
                                      struct ktg_err *err);
/* An event's canonical blob; only what officers did changes anything.  *ret_took: it moved a track (another officer may
 * have been faster). */
KTG_MUST_CHECK int ktg_casebook_fold_event(struct ktg_casebook *c, struct ktg_bytes blob,
                                           bool *ret_took, struct ktg_err *err);
KTG_MUST_CHECK int ktg_casebook_fold_finding(struct ktg_casebook *c, const struct ktg_difference *d,
                                             struct ktg_err *err);
/* From here on the agencies are these (agencies.yaml as the journal has it).  KTG_EINVALID: the text is wrong. */
KTG_MUST_CHECK int ktg_casebook_agencies(struct ktg_casebook *c, struct ktg_bytes text,
                                         struct ktg_err *err);
/* The finding left with events that were erased: nothing of its alert is kept, nobody is told. */
KTG_MUST_CHECK int ktg_casebook_forget(struct ktg_casebook *c, const uint8_t finding[static 16],
                                       struct ktg_err *err);
KTG_MUST_CHECK int ktg_casebook_moved(struct ktg_casebook *c, uint64_t event_position,
                                      uint64_t findings_position, struct ktg_err *err);
KTG_MUST_CHECK int ktg_casebook_confirm(struct ktg_casebook *c, struct ktg_bytes user,
                                        struct ktg_bytes sub, uint64_t position,
                                        struct ktg_err *err);
/* Put an event into the outbox: *ret_seq is its number. */
KTG_MUST_CHECK int ktg_casebook_queue(struct ktg_casebook *c, struct ktg_bytes blob,
                                      uint64_t *ret_seq, struct ktg_err *err);
KTG_MUST_CHECK int ktg_casebook_sent(struct ktg_casebook *c, uint64_t acked,
                                     struct ktg_err *err); /* all up to here leaves */
KTG_MUST_CHECK int ktg_casebook_new_epoch(struct ktg_casebook *c, uint64_t epoch,
                                          struct ktg_err *err);

struct ktg_casebook_place {
    uint64_t event, findings;      /* folded up to here */
    uint64_t epoch, newest, acked; /* of the outbox */
};
struct ktg_casebook_place ktg_casebook_place(const struct ktg_casebook *c);

/* Of whom the findings folded in the last transaction name, those who were not told (router.h); the count may be above
 * KTG_CASEBOOK_MISSED, of which the first are in *ret_list. */
enum { KTG_CASEBOOK_MISSED = 32 };
struct ktg_casebook_missed {
    char rule[64], word[24], code[24];
    const char *why;
};
size_t ktg_casebook_missed(const struct ktg_casebook *c,
                           const struct ktg_casebook_missed **ret_list);

/* Reading; views are valid until the next call that writes. KTG_ENOTFOUND. */
KTG_MUST_CHECK int ktg_casebook_confirmed(struct ktg_casebook *c, struct ktg_bytes user,
                                          struct ktg_bytes sub, uint64_t *ret_position);
/* The subscriptions that it keeps a cursor of: how many, and each in order of its name; `each` may be NULL.  None is no
 * failure. */
KTG_MUST_CHECK int ktg_casebook_subs(struct ktg_casebook *c, struct ktg_bytes user,
                                     void (*each)(void *arg, struct ktg_bytes sub,
                                                  uint64_t position),
                                     void *arg, size_t *ret_count);
/* The first difference after `after` that is for `agency` and passes the filter (NULL: all do), not beyond what is folded.
 * *ret_position is where the search ended even when there is none (KTG_ENOTFOUND). */
KTG_MUST_CHECK int ktg_casebook_next_for(struct ktg_casebook *c, struct ktg_bytes agency,
                                         struct ktg_filter *filter, uint64_t after,
                                         uint64_t *ret_position);
/* How many differences after `after` are for `agency` and pass the filter.  Looks at no more than *rows rows, which it
 * counts down.  KTG_EAGAIN: there are further ones, so it is at least *ret_count. */
KTG_MUST_CHECK int ktg_casebook_pending(struct ktg_casebook *c, struct ktg_bytes agency,
                                        struct ktg_filter *filter, uint64_t after, uint64_t *rows,
                                        uint64_t *ret_count);
/* Of the alerts that this agency was told of (empty: of all) the one whose id begins with these 4 to 32 hex characters.
 * KTG_ECONFLICT: several. */
KTG_MUST_CHECK int ktg_casebook_alert(struct ktg_casebook *c, struct ktg_bytes agency,
                                      struct ktg_bytes hex, struct ktg_alert *ret_a);
/* Newest first; `each` returns non-zero to stop.  `before`: first positions below it only; 0: all. */
KTG_MUST_CHECK int ktg_casebook_alerts(struct ktg_casebook *c, uint64_t before,
                                       int (*each)(void *arg, const struct ktg_alert *a),
                                       void *arg);
KTG_MUST_CHECK int ktg_casebook_outbox(struct ktg_casebook *c, uint64_t seq,
                                       struct ktg_bytes *ret_blob);
const struct ktg_track *ktg_alert_track(const struct ktg_alert *a,
                                        struct ktg_bytes agency); /* NULL: not entitled */
KTG_MUST_CHECK int ktg_casebook_copy(struct ktg_casebook *c, const char *path, struct ktg_err *err);

#endif
