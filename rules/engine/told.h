/* rules/engine/told.h - what was said so far, folded by finding: the side with which a re-derived answer is compared.
 *
 *     findings journal ──(finding, rev, payload) in order──> finding -> rev, and the last thing said of it
 *
 * (1) A revision never comes back: it is kept for findings that were withdrawn, that left, or whose record was erased.
 * (2) Payloads are borrowed until free (the mapped journal in life).
 * Pure.  Owned by one thread.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_TOLD_H
#define KTG_RULES_ENGINE_TOLD_H

#include "rules/engine/standing.h"
#include "runtime/err.h"

struct ktg_told;
KTG_MUST_CHECK int ktg_told_new(struct ktg_told **ret_t);
struct ktg_told *ktg_told_free(struct ktg_told *t);

/* The next difference that was said.  No payload: it was erased.  KTG_ECORRUPT: the payload is none of a finding. */
KTG_MUST_CHECK int ktg_told_put(struct ktg_told *t, const uint8_t finding[static 16], uint32_t rev,
                                struct ktg_bytes payload);

struct ktg_told_finding {
    uint8_t label[16];
    uint32_t rev;
    bool stands;    /* the rest is there only then ... */
    bool is_erased; /* ... and unless what was last said of it was erased */
    struct ktg_bytes rule, kind, subject;
    struct ktg_standing finding; /* values: none when the map is empty */
};
/* All of them, by (kind, subject, rule, label); first those of which only the label is left.  The list and what it needs are in the
 * arena.  KTG_ECORRUPT: a payload cannot be read. */
KTG_MUST_CHECK int ktg_told_list(const struct ktg_told *t, struct ktg_arena *a,
                                 struct ktg_told_finding **ret_list, size_t *ret_count);
size_t ktg_told_standing(const struct ktg_told *t);

#endif
