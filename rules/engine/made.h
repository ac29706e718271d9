/* rules/engine/made.h - an event that no record holds and no source sent, as the entry of a timeline that rules read.
 *
 *     a run of heartbeats, an absence of the centre (run_entry.c), a suspended rule (suspended.c)  ->  an event of the type that stands for it
 *
 * It is made each time, and depends on nothing but what is given here; its name on `what`, `of` and `at` alone.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_MADE_H
#define KTG_RULES_ENGINE_MADE_H

#include "rules/ruleset.h"
#include "runtime/buf.h"

#define KTG_MADE_OFFSET 420 /* minutes: what is made has no zone, so western Indonesian time */

struct ktg_made {
    const char
        *what; /* "run" ...; NULL: its name is the last of its millisecond; "": the last but one */
    struct ktg_bytes of;           /* whose it is: a source, a rule */
    ktg_time at;                   /* occurred_at */
    uint64_t pos;                  /* the record that brought it about */
    struct ktg_bytes source, data; /* data: a canonical map */
    const struct ktg_type *type;
};

/* UUIDv7 (RFC 9562) whose time is `at`; the rest a hash, or all ones if `what` is NULL, the last bit but 0 if it is empty. */
void ktg_made_id(const char *what, struct ktg_bytes of, ktg_time at, uint8_t to[static 16]);
/* The entry lives in `a`.  KTG_ENOMEM; KTG_ECORRUPT: the type has other fields. */
KTG_MUST_CHECK int ktg_made_entry(const struct ktg_ruleset *rules, const struct ktg_made *m,
                                  struct ktg_arena *a, struct ktg_entry *ret_x);

#endif
