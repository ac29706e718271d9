/* rules/engine/standing.h - the answers that stand: what was last found, and under which label it was said.
 *
 *     a KIND 0 SUBJECT -> wake | per rule: name, wake, findings
 *
 * (1) One record per subject holds the answers of all rules; a rule without findings and without a wake has no part in
 *     it, and a subject without such rules has no record.
 * (2) wake = the earliest instant at which one of the answers can change by time alone.
 * (3) `told` is false for findings of internal rules: nobody has heard of them.
 * Decoded into an arena while a record of the journal is answered.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_STANDING_H
#define KTG_RULES_ENGINE_STANDING_H

#include "runtime/buf.h"
#include "runtime/clock.h"
#include "runtime/mem.h"

struct ktg_target { /* a timeline on which the finding is posted */
    struct ktg_bytes kind, subject;
};

struct ktg_standing {
    uint8_t label[16], anchor[16];
    uint64_t anchor_pos;
    ktg_time from, until;
    int32_t offset_min;
    uint32_t rev; /* ops said under this label */
    bool told, unknown, is_posted;
    int32_t level;
    struct ktg_bytes key;
    struct ktg_bytes evidence; /* 16 bytes each */
    uint64_t evidence_total;
    struct ktg_bytes values; /* canonical wire map */
    struct ktg_bytes heed;   /* what of the route counts as a difference: status, to */
    struct ktg_bytes route;  /* canonical wire map */
    struct ktg_bytes unknown_source;
    ktg_time unknown_since;
    uint8_t posted_key[16], posted_hash[16];
    ktg_time posted_from;
    const struct ktg_target *targets;
    size_t target_count;
    struct ktg_bytes
        posted_blob; /* the encoded posting, while a fresh answer is compared; not kept here */
};

#define KTG_ANSWERS_PART 20 /* bytes of a part beside the rule's name and its findings */

struct ktg_answers_part { /* of one rule */
    struct ktg_bytes rule;
    ktg_time wake;
    struct ktg_standing *findings; /* by key, anchor, from; once opened, or given */
    size_t count;
    struct ktg_bytes raw; /* as they were read, while nobody has asked for them */
};

struct ktg_answers {
    struct ktg_answers_part *parts; /* by rule name */
    size_t count, cap;
};

/* Views into `value`.  KTG_ECORRUPT. */
KTG_MUST_CHECK int ktg_answers_decode(struct ktg_bytes value, struct ktg_arena *a,
                                      struct ktg_answers *ret_x);
/* The findings of a part: most rules are not asked, and theirs are put back as they were.  KTG_ECORRUPT. */
KTG_MUST_CHECK int ktg_answers_open(struct ktg_answers_part *part, struct ktg_arena *a);
/* Bytes that a finding takes in a part. */
KTG_MUST_CHECK int ktg_standing_bytes(const struct ktg_standing *f, size_t *ret_bytes);
/* Take these in place of what stood. */
void ktg_answers_replace(struct ktg_answers_part *part, struct ktg_standing *findings,
                         size_t count);
/* Nothing is appended when no part is worth keeping. */
void ktg_answers_encode(const struct ktg_answers *x, struct ktg_buf *to);
/* The wake of an encoded record without decoding it; KTG_NEVER for an empty one. */
ktg_time ktg_answers_wake(struct ktg_bytes value);
/* The part of a rule; NULL: none.  `put`: a new, empty one is made; NULL then means no memory. */
struct ktg_answers_part *ktg_answers_part(const struct ktg_answers *x, struct ktg_bytes rule);
struct ktg_answers_part *ktg_answers_part_put(struct ktg_answers *x, struct ktg_arena *a,
                                              struct ktg_bytes rule);

#endif
