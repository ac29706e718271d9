/* brokers/ingest/tally.h - what the centre has heard of each producer's sources: the answer to QUERY status.
 *
 *     IMI.ENTIKONG ─ quarantined 3 ─┬─ IMI.ENTIKONG.1   epoch 7, seq 812, event 09:14, heartbeat 09:15, 2 queued
 *                                   └─ IMI.ENTIKONG.2   epoch 7, seq 790, event 08:02, heartbeat none
 *
 * (1) A row belongs to a key *and* a source: two keys that speak for one source see their own part of it only.
 * (2) It is folded from records of the journal alone (event, heartbeat, quarantine), so a restart tells the same; a
 *     segment's snapshot carries it.  A journal from before has it from the first record after.
 * (3) Bounded: KTG_TALLY_EACH sources of a producer, KTG_TALLY_ALL together.  Beyond, the one heard longest ago makes
 *     place: of the producer, then of it alone; a producer without any adds none while all are taken.
 * (4) It decides nothing: without memory a source is missing from the answer, and events go on.
 * Pure.  Floor 3; the number of producers is bounded by the key registry.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_TALLY_H
#define KTG_BROKERS_INGEST_TALLY_H

#include "brokers/ingest/retired.h"
#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/clock.h"

enum { KTG_TALLY_NAME = 96, KTG_TALLY_EACH = 1024, KTG_TALLY_ALL = 16384, KTG_TALLY_HINTS = 256 };

struct ktg_tally_source {
    char name[KTG_TALLY_NAME];
    size_t size;                     /* of the name */
    uint64_t epoch, seq;             /* of its last event; 0: none */
    ktg_time event_at, heartbeat_at; /* ms, when the centre took it; 0: none */
    uint64_t queued;                 /* by the last heartbeat */
};

struct ktg_tally { /* of one producer */
    char producer[KTG_TALLY_NAME];
    uint64_t quarantined;             /* records that lie in quarantine */
    struct ktg_tally_source *sources; /* sorted by name */
    size_t count, cap;
    uint16_t hint
        [KTG_TALLY_HINTS]; /* where a name was found last, by a hash of it; proved before it is believed */
};

struct ktg_tallies {
    struct ktg_tally *rows; /* sorted by producer */
    size_t count, cap, sources;
};
#define KTG_TALLIES_INIT \
    {                    \
        0                \
    }

void ktg_tallies_done(struct ktg_tallies *t);
/* The producer's row, made if there is none, valid until the next call; NULL: no memory, or the name is too long. */
struct ktg_tally *ktg_tallies_of(struct ktg_tallies *t, struct ktg_bytes producer);
const struct ktg_tally *ktg_tallies_find(const struct ktg_tallies *t, struct ktg_bytes producer);

/* `row` may be NULL: nothing is done. */
void ktg_tally_event(struct ktg_tallies *t, struct ktg_tally *row, struct ktg_bytes source,
                     uint64_t epoch, uint64_t seq, ktg_time at);
void ktg_tally_heartbeat(struct ktg_tallies *t, struct ktg_tally *row, struct ktg_bytes source,
                         uint64_t queued, ktg_time at);
void ktg_tally_quarantined(struct ktg_tally *row);

/* Canonical map {producer: [quarantined, {source: [epoch, event_at, heartbeat_at, queued, seq]}]} and back into an empty
 * one.  KTG_EINVALID, KTG_ENOMEM. */
void ktg_tallies_encode(const struct ktg_tallies *t, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_tallies_decode(struct ktg_tallies *t, struct ktg_bytes map);

/* A page of PROTOCOL.md, status: the producer itself if `after` is empty, then its sources by name, those after `after`;
 * `epoch` and `acked` are its sequence, `retired` has the words on its sources, and on others.  At most `limit` items.  Appends an array; *ret_more: there are further ones. */
void ktg_tally_answer(const struct ktg_tally *row, struct ktg_bytes producer, uint64_t epoch,
                      uint64_t acked, const struct ktg_retired *retired, struct ktg_bytes after,
                      uint64_t limit, struct ktg_buf *to, bool *ret_more);

#endif
