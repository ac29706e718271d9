/* rules/engine/timeline.h - T(s) at `now`, as the answers read it (LANGUAGE.md section 1).
 *
 *     records of the person's identifiers ──┐
 *     (any other kind: of the one subject)  ├─> live entries with occurred_at <= now, posted findings with from <= now,
 *     posted findings under their keys ─────┤   by (occurred_at, id), each (id, role) once
 *     of a source: its heartbeats ──────────┤   as one event for each run (runs.h), made here: no record holds them;
 *                                           │   and one for what of each absence of the centre lies behind a run,
 *                                           │   and one for each of its retirements behind a run
 *     of a rule: that it is suspended ──────┘   made here, too (suspended.h)
 *
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_TIMELINE_H
#define KTG_RULES_ENGINE_TIMELINE_H

#include "rules/engine/dispatch.h"
#include "rules/engine/engine.h"
#include "rules/engine/heard.h"
#include "rules/engine/trait_sets.h"

#define KTG_EVENT_HOLDER \
    55 /* bytes of an identifier that fit a slot; longer ones are read again each time */
#define KTG_PERSON_KIND "person" /* the kind whose subjects are components of identifiers */

/* Events as last read, by position: decoding is most of what a scan costs.  A slot holds while the journal gives the same
 * bytes at the same place for its position, so an erased event is never taken from here.  Timelines point to slots; while they
 * live no other event takes their place. */
#define KTG_EVENT_SLOTS 65536 /* as a rule */
struct ktg_event_head {       /* all that a timeline is built from, close together */
    uint64_t pos;             /* 0: free */
    uint64_t held;            /* timelines of this generation point to the slot */
    const uint64_t *traits;   /* in trait_sets; NULL: the type is no more */
    ktg_time at;
    uint8_t id[16];
    struct ktg_bytes blob;
};
struct ktg_event_slot {
    struct ktg_event event;
    struct ktg_judged judged;
    bool holder_known;
    uint8_t holder_size; /* the holder's own identifier, not yet resolved */
    uint8_t holder[KTG_EVENT_HOLDER];
};

struct ktg_timeline_world {
    struct ktg_state *state;
    const struct ktg_ruleset *rules;
    const struct ktg_catalogue *catalogue;
    int person_kind; /* -1: the catalogue has none */
    int source_kind; /* the same */
    int beats; /* index of the type that stands for runs of heartbeats; -1: the catalogue has none */
    int rule_kind;   /* of rules, as a rule that is suspended; -1: the catalogue has none ... */
    int suspensions; /* ... and the index of the type that says so; -1 */
    int away;        /* of the one that stands for absences; the same */
    int retired;     /* of the one that stands for retirements; the same */
    bool
        only_beats; /* of a source no rule reads anything but those: its record, long as it is, is not looked at */
    const struct ktg_heard *heard; /* NULL: nobody is heard of */
    const struct ktg_engine_world *outside;
    struct ktg_trait_sets *trait_sets; /* to be dropped when the slots are cleared */
    const struct ktg_dispatch
        *dispatch; /* entries of types that no rule of the kind reads are left out; NULL: none */
    size_t whole_below;           /* shorter timelines are always built whole */
    struct ktg_event_head *heads; /* to be cleared when the rules or the catalogue change */
    struct ktg_event_slot *slots;
    size_t slot_count; /* of both; a power of two */
    uint64_t
        generation; /* of the timelines that are built: those of one live together, and slots with them */
};

/* The rules or the catalogue are others: find source_kind, beats, away, retired and only_beats again. */
void ktg_timeline_bind(struct ktg_timeline_world *w);
/* What lies at `from` or later, and of what is older the entries that rules of the kind read whatever their age
 * (*ret_from: KTG_LONG_AGO if it became the whole).  Views into journal and state; valid until the state changes. */
KTG_MUST_CHECK int ktg_timeline_build(const struct ktg_timeline_world *w, int kind,
                                      struct ktg_bytes subject, ktg_time from, ktg_time now,
                                      struct ktg_arena *a, struct ktg_timeline *ret_t,
                                      ktg_time *ret_from);
/* The name of the holder of an ordinary entry: of the top holder block, or of the only one; empty: none. */
KTG_MUST_CHECK int ktg_timeline_holder(const struct ktg_timeline_world *w,
                                       const struct ktg_entry *x, struct ktg_arena *a,
                                       struct ktg_bytes *ret_name);
/* The subjects that an event names, as the engine bears their names (ktg_name_fit), and its ties as they are. */
KTG_MUST_CHECK int ktg_timeline_names(const struct ktg_timeline_world *w, const struct ktg_event *e,
                                      struct ktg_arena *a, struct ktg_event_names *ret_n);
/* The event at a position.  KTG_ENOTFOUND: erased. */
KTG_MUST_CHECK int ktg_timeline_event(const struct ktg_timeline_world *w, uint64_t pos,
                                      struct ktg_event *ret_e);

#endif
