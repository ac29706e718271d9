/* brokers/ingest/sequence.h - how far each producer has come: (producer, epoch, seq).
 *
 *     epoch 7:  1 2 3 ... last | last + 1 | last + 2 ...
 *                   OLD           NEXT       GAP            and every smaller epoch is FENCED
 *
 * (1) `last` never falls within an epoch; a greater epoch starts again at 0.
 * (2) What is here is what was put into the journal; the shell answers only when that is durable.
 * (3) Every number that is taken has a record that carries it (event, quarantine, progress), so that after a restart
 *     `last` is never less than what was acknowledged.
 * Pure.  Floor 3; the number of producers is bounded by the key registry.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_SEQUENCE_H
#define KTG_BROKERS_INGEST_SEQUENCE_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/err.h"

struct ktg_sequence {
    char producer[96]; /* first: rows.h */
    uint64_t epoch, last;
};

struct ktg_sequences {
    struct ktg_sequence *rows; /* sorted by producer */
    size_t count, cap;
};
#define KTG_SEQUENCES_INIT \
    {                      \
        0                  \
    }

enum ktg_sequence_place { KTG_SEQ_NEXT, KTG_SEQ_OLD, KTG_SEQ_GAP, KTG_SEQ_FENCED };

void ktg_sequences_done(struct ktg_sequences *s);

/* A producer says hello.  KTG_OK: *ret_acked is how far this epoch has come (0 in a new one).
 * KTG_ECONFLICT: the epoch is older than one that was seen.  KTG_EINVALID: name too long.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_sequences_hello(struct ktg_sequences *s, struct ktg_bytes producer,
                                       uint64_t epoch, uint64_t *ret_acked);
/* Where (epoch, seq) stands in a producer's row.  A producer that never said hello (NULL) is FENCED. */
enum ktg_sequence_place ktg_sequence_place(const struct ktg_sequence *row, uint64_t epoch,
                                           uint64_t seq);
/* seq (NEXT) was taken. */
void ktg_sequence_advance(struct ktg_sequence *row, uint64_t seq);
/* From the journal while recovering: any order of epochs and seqs is folded to the greatest. */
KTG_MUST_CHECK int ktg_sequences_recover(struct ktg_sequences *s, struct ktg_bytes producer,
                                         uint64_t epoch, uint64_t seq);
/* The producer's row, valid until the next hello or recover; NULL: it never said hello. */
struct ktg_sequence *ktg_sequences_find(const struct ktg_sequences *s, struct ktg_bytes producer);

/* Canonical map {producer: [epoch, last]} for a segment's snapshot, and back.  KTG_EINVALID, KTG_ENOMEM. */
void ktg_sequences_encode(const struct ktg_sequences *s, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_sequences_decode(struct ktg_sequences *s, struct ktg_bytes map);

#endif
