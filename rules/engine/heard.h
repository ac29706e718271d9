/* rules/engine/heard.h - what was heard of each source, and which sources are under a regime (LANGUAGE.md section 8).
 *
 *     h SOURCE -> heard(S), under a regime, sends every type it may, names of the types it says it sends, runs (runs.h),
 *                 retirements
 *     y        -> the absences: times when nobody listened (runs.h)
 *
 * (1) heard(S) = the greatest of complete_until of its heartbeats and occurred_at of its events: it only grows, so it is
 *     a function of the set.
 * (2) A source is under a regime as soon as one heartbeat of it exists, unless it is retired: a retirement stands, and no
 *     heartbeat is dated after it.  What it sent, and heard(S), stay.
 * (3) The types are the union over all heartbeats; one heartbeat without a list means every type that its agency may send.
 * (4) The runs of its heartbeats are all that is kept of them: timeline.c puts them on the timeline of the source.
 * (5) The absences are a union as well, and so a function of the set of them.
 * (6) So are the retirements of a source, less those taken back: each is a run of no length.  They are kept, as they are the
 *     end of silences.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_HEARD_H
#define KTG_RULES_ENGINE_HEARD_H

#include "rules/engine/runs.h"
#include "rules/engine/state.h"
#include "schema/event.h"
#include "schema/record.h"

struct ktg_beat { /* one heartbeat */
    struct ktg_bytes source;
    ktg_time at, complete_until;
    uint64_t period; /* s until the next one, as promised */
    uint64_t pos;    /* in the journal */
    const struct ktg_bytes *types;
    size_t type_count; /* 0: all that the source may send */
};
struct ktg_beat_news {
    bool grew; /* the source was not heard of that late before */
    bool
        regime; /* the regime began, or again, or it says that it sends more types: every need may be judged otherwise */
    struct ktg_runs_news runs;
};

struct ktg_retired_news {
    bool changed; /* its retirements are others */
    bool regime;  /* it is under a regime no more, or again */
};

struct ktg_heard;
KTG_MUST_CHECK int ktg_heard_new(struct ktg_state *s,
                                 struct ktg_heard **ret_h); /* reads what the state holds */
struct ktg_heard *ktg_heard_free(struct ktg_heard *h);
void ktg_heard_bind(struct ktg_heard *h,
                    const struct ktg_catalogue *c); /* type indexes from now on; may be NULL */

/* An event of the source.  *ret_grew: it was not heard of that late before. */
KTG_MUST_CHECK int ktg_heard_event(struct ktg_heard *h, struct ktg_bytes source, ktg_time at,
                                   bool *ret_grew);
KTG_MUST_CHECK int ktg_heard_beat(struct ktg_heard *h, const struct ktg_beat *beat,
                                  struct ktg_beat_news *ret_news);

/* Nobody listened from `from` to `until`, as the record at `pos` says. */
KTG_MUST_CHECK int ktg_heard_away(struct ktg_heard *h, ktg_time from, ktg_time until, uint64_t pos,
                                  bool *ret_changed);
const struct ktg_runs *ktg_heard_absences(const struct ktg_heard *h);

/* The source sends no more from r->at on, or that is taken back, as the record at `pos` says. */
KTG_MUST_CHECK int ktg_heard_retire(struct ktg_heard *h, const struct ktg_retirement *r,
                                    uint64_t pos, struct ktg_retired_news *ret_news);
/* NULL: of this source no heartbeat was heard.  `from` of each is when. */
const struct ktg_runs *ktg_heard_retirements(const struct ktg_heard *h, struct ktg_bytes source);

/* As ktg_answer_world wants them: of sources under a regime. */
bool ktg_heard_of(const struct ktg_heard *h, struct ktg_bytes source, ktg_time *ret_heard);
bool ktg_heard_sends(const struct ktg_heard *h, struct ktg_bytes source, int type);
bool ktg_heard_next(const struct ktg_heard *h, int type, size_t *at, struct ktg_bytes *ret_source);
/* The next source under a regime that sends one of the types (a bit of each); *ret_silent: its next heartbeat is overdue, though
 * somebody listened.  *at is 0 at first. */
bool ktg_heard_awaited(const struct ktg_heard *h, const uint64_t *types, ktg_time now, size_t *at,
                       struct ktg_bytes *ret_source, bool *ret_silent);

/* The n-th source of which a heartbeat was heard, retired or not, in order of names; false: no more. */
bool ktg_heard_regime(const struct ktg_heard *h, size_t n, struct ktg_bytes *ret_source);
/* NULL: of this source no heartbeat was heard. */
const struct ktg_runs *ktg_heard_runs(const struct ktg_heard *h, struct ktg_bytes source);

#endif
