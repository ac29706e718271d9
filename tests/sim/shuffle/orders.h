/* tests/sim/shuffle/orders.h - a list of arrivals played to the engine, and what stands at the end as text.
 *
 * What two orders of the same arrivals must have in common is that text: rule, subject, key, anchor, span, level, evidence,
 * values, and what is unknown; not labels and revisions, which tell in which order things were said (LANGUAGE.md 2).
 * Nor may a comparison of what was told in the first order with what stands after another have anything to say
 * (ktg_engine_rederive): that is the same, seen through the findings journal.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_SIM_SHUFFLE_ORDERS_H
#define KTG_TESTS_SIM_SHUFFLE_ORDERS_H

#include "rules/engine/player.h"
#include "runtime/buf.h"
#include "runtime/mem.h"

struct orders_random { /* xorshift64: the same everywhere */
    uint64_t s;
};
struct orders_random orders_random(uint64_t seed);
uint32_t orders_next(struct orders_random *r, uint32_t below);
/* Seconds that an event comes late: at most one, a minute, an hour, three days, forty days, each as often. */
ktg_time orders_lateness(struct orders_random *r);

struct orders_arrival {
    struct ktg_bytes blob;   /* of an event; none: a heartbeat ... */
    struct ktg_bytes source; /* ... of this one, complete until `at` */
    ktg_time at;
    uint32_t tie; /* order within an instant */
};

struct orders_counts {
    size_t ops[4], findings;
    struct ktg_buf rules; /* names of the rules that have ever said something */
    struct ktg_arena payloads;
    struct ktg_told *told; /* in the first order */
    bool listens;
    enum ktg_answers_how answers; /* of the next play */
    uint64_t stream;              /* of the last one: a hash of all that was said, in order */
};

/* The shipped catalogue, rules, lists and settings, the rules of the file `more` and `local` (YAML), each may be NULL.  The caller frees both. */
KTG_MUST_CHECK int orders_bundle(const char *more, const char *local, struct ktg_ruleset **ret_rs,
                                 struct ktg_buf *bundle, struct ktg_err *err);
/* Sorts the list and plays it; the clock goes on to `end`.  `standing` is written anew.  lenient: ktg_player_options.
 * `first`: what is told is kept, for the comparison after the others.  KTG_ECORRUPT: that had something to say. */
KTG_MUST_CHECK int orders_play(struct ktg_bytes bundle, struct orders_arrival *list, size_t count,
                               ktg_time end, bool lenient, bool first, struct orders_counts *c,
                               struct ktg_buf *standing, struct ktg_err *err);
size_t orders_lines(const struct ktg_buf *standing); /* findings in it */
/* The lines that stand in one of them alone, to standard output. */
void orders_tell_difference(const struct ktg_buf *first, const struct ktg_buf *now);
void orders_tell(struct orders_counts *c);
void orders_done(struct orders_counts *c);
/* How often a proof does what it does (KTG_PROVE_SCALE). */
int orders_scale(void);

#endif
