/* producers/simulate/simulate.h - a synthetic country: people, posts, hotels, offices, and what
 * some of them did wrong.
 *
 *     seed ─> people and their errands ─> events by source ─> one line of arrivals
 *                   └─> planted cases ─> truth: what the rules must find, and nothing else
 *
 * (1) The same scenario and seed give the same bytes on every machine: integers only, an own
 *     generator, no clock.
 * (2) Nobody is real: issuer UTO, and UNO for the other passport of who lawfully has two; identity
 *     numbers begin with 00000.
 * (3) Every event passes ktg_event_check() with the shipped catalogue.
 * (4) The truth is whole: for its rules, a finding that is not in it is a mistake, here or in a
 *     rule.
 * (5) A source makes its events in the order of their ids; what is made while a post is offline
 *     arrives after.
 *
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_SIMULATE_SIMULATE_H
#define KTG_PRODUCERS_SIMULATE_SIMULATE_H

#include "runtime/buf.h"
#include "runtime/clock.h"

struct ktg_simulate;

enum ktg_simulate_order {
    KTG_SIMULATE_ARRIVED, /* as the centre receives them: files */
    KTG_SIMULATE_MADE,    /* as the sources make them: agents, which hold what cannot be sent */
};

/* How what is planted comes to the centre; ordinary lives come as they always do. */
enum ktg_simulate_manner {
    KTG_SIMULATE_CLEAN,
    KTG_SIMULATE_LATE,      /* written down one to five days after it happened */
    KTG_SIMULATE_CORRECTED, /* first with a wrong digit, put right within 30 hours */
    KTG_SIMULATE_MISSPELT,  /* one name in three has a slip */
    KTG_SIMULATE_MISREAD,   /* one document number in four has, where no machine checks it */
};

struct ktg_simulate_options {
    const char *scenario; /* "borneo-week" */
    uint64_t seed;
    int percent; /* of the ordinary population; 0: 100, at most 10000.  Planted cases stay */
    enum ktg_simulate_order order;
    enum ktg_simulate_manner manner;
};

struct ktg_simulate_event {
    const char *source, *type;
    uint8_t id[16];
    const uint8_t *supersedes; /* or NULL */
    ktg_time occurred_at;      /* what the source claims */
    ktg_time made_at;          /* when the source wrote it down */
    ktg_time arrives_at;       /* when the centre has it */
    int offset_min;
    struct ktg_bytes data; /* JSON object; lives as long as the country */
};

/* What a rule must say about a subject at the end. */
enum ktg_simulate_state { KTG_SIMULATE_OPEN, KTG_SIMULATE_CLOSED, KTG_SIMULATE_WITHDRAWN };
struct ktg_simulate_truth {
    const char *rule, *subject;
    enum ktg_simulate_state state;
    bool mistaken;     /* nothing was wrong: the rule is misled, as by a number that was misread */
    const char *story; /* "never entered", ... */
};

struct ktg_simulate_outage {
    const char *source;
    ktg_time from, until;
};

/* The whole country, in memory (about 10 MB for borneo-week).  KTG_ENOTFOUND: no such scenario;
 * KTG_EINVALID; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_simulate_new(const struct ktg_simulate_options *options,
                                    struct ktg_simulate **ret_s, struct ktg_err *err);
struct ktg_simulate *ktg_simulate_free(struct ktg_simulate *s);

size_t ktg_simulate_count(const struct ktg_simulate *s);
/* The next event in the order chosen; false: no more. */
bool ktg_simulate_next(struct ktg_simulate *s, struct ktg_simulate_event *ret_e);
void ktg_simulate_rewind(struct ktg_simulate *s);
/* One JSON line without its end; with_arrival: recorded_at too, where it differs from occurred_at.
 */
void ktg_simulate_print(const struct ktg_simulate_event *e, bool with_arrival, struct ktg_buf *to);

size_t ktg_simulate_source_count(const struct ktg_simulate *s);
const char *ktg_simulate_source(const struct ktg_simulate *s, size_t i); /* NULL: no more */
size_t ktg_simulate_truth_count(const struct ktg_simulate *s);
const struct ktg_simulate_truth *ktg_simulate_truth(const struct ktg_simulate *s,
                                                    size_t i); /* by rule, subject */
size_t ktg_simulate_outage_count(const struct ktg_simulate *s);
const struct ktg_simulate_outage *ktg_simulate_outage(const struct ktg_simulate *s, size_t i);
/* History lies before `live`, the week that is played between live and end. */
void ktg_simulate_span(const struct ktg_simulate *s, ktg_time *ret_start, ktg_time *ret_live,
                       ktg_time *ret_end);
/* When the first event was made: what took years began before the history. */
ktg_time ktg_simulate_first(const struct ktg_simulate *s);
/* The scenarios there are; NULL: no more. */
const char *ktg_simulate_scenario(size_t i);
const char *ktg_simulate_state_name(enum ktg_simulate_state state);
const char *ktg_simulate_manner_name(size_t i); /* in the order of the enum; NULL: no more */

#endif
