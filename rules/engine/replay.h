/* rules/engine/replay.h - the engine offline, on lines of a file: how anybody checks us.
 *
 *     {"id": ..., "type": ..., ...}                     an event (recorded_at optional: then occurred_at)
 *     {"clock": "..."}                                  a batch begins (journal dump)
 *     {"heartbeat": {"source": ..., "complete_until": ..., "types": [...], "at": ..., "period": 60}}
 *         at: when it was sent, and without clock lines when it came; absent: complete_until
 *     {"away": {"from": ..., "until": ...}}             nobody listened; without clock lines it came at `from`
 *     {"retired": {"source": ..., "at": ..., "retired": true}}
 *         the source sends no more from then on; false: the word of that instant is taken back (it comes at once)
 *     {"quarantine": ...}  {"ruleset": ...}             passed over
 *
 * (1) A file with clock lines steps the clock at those lines alone, any other through every due instant (DECISIONS 2).
 *     It begins with one (a dump of a journal does), or `clocked` says that there are some further on; else one further
 *     on is an error, because a stream cannot look ahead.  With them a line later than clock + skew.ahead, or before the
 *     first of them, is a batch of its own.
 * (2) The same lines give the same bytes, whatever the batch size.
 * (3) A duplicate id with the same bytes is passed over; with other bytes it is reported and passed over.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_REPLAY_H
#define KTG_RULES_ENGINE_REPLAY_H

#include "rules/engine/engine.h"

struct ktg_replay_options {
    void *arg;
    /* The next line without its end; KTG_ENOTFOUND: no more.  Valid until the next call. */
    int (*line)(void *arg, struct ktg_bytes *ret_line);
    int (*out)(void *arg, const struct ktg_op *op);
    /* The engine at the end, for questions.  May be NULL. */
    int (*ask)(void *arg, struct ktg_engine *e);
    /* A line that was passed over, and why.  May be NULL. */
    void (*complain)(void *arg, size_t line, const char *text);
    ktg_time
        until; /* the clock goes on to here at the end (KTG_LONG_AGO: stops with the last line); lines recorded
                         later are not read */
    bool clocked; /* there are clock lines, the first line may be another */
    size_t batch; /* lines read ahead, at most 65536; 0: 1 */
    enum ktg_answers_how answers;
    ktg_time ahead; /* skew.ahead: how far occurred_at may lie behind recorded_at; 0: 5 min */
};

struct ktg_replay_counts {
    size_t lines, events, heartbeats, clocks, duplicates, conflicts, refused, ops;
};

/* `bundle`: a wire bundle (ktg_bundle_encode).  KTG_EINVALID: the rules do not compile, or a line cannot be read at all. */
KTG_MUST_CHECK int ktg_replay(struct ktg_bytes bundle, const struct ktg_replay_options *options,
                              struct ktg_replay_counts *ret_counts, struct ktg_err *err);

/* Is this line a clock line?  One that says no instant is not. */
bool ktg_replay_is_clock(struct ktg_bytes line);

/* The findings object as one JSON line (without its end), keys in the order of DECISIONS 23, without `route`. */
KTG_MUST_CHECK int ktg_op_print(const struct ktg_op *op, struct ktg_buf *to);
/* The same from the payload alone, as it stands in the findings journal. */
KTG_MUST_CHECK int ktg_op_print_payload(struct ktg_bytes payload, struct ktg_buf *to);

#endif
