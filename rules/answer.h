/* rules/answer.h - answer(R, s) = F(T(s), L, now): the findings of one rule about one subject (LANGUAGE.md section 1).
 *
 *     timeline (sorted entries) ─┐
 *     lists, settings (ruleset) ─┼─> ktg_answer() ─> findings, and the next instant at which they can change by time alone
 *     now ───────────────────────┘
 *
 * (1) Pure: nothing but the arguments is read; the same arguments give the same bytes.
 * (2) Entries are live events in timeline order, (occurred_at, id), posted findings after ordinary events of the same instant,
 *     all with occurred_at <= now.  The engine sees to that.
 * (3) Findings come sorted by (key, anchor, from); no two share all three.
 * Floor 2.  The seam between the language (load, forms) and the engine (state, differences, timers).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ANSWER_H
#define KTG_RULES_ANSWER_H

#include "rules/called.h"
#include "rules/cel/cel.h"

struct
    ktg_ruleset; /* rules, lists, settings, catalogue: compiled from one bundle, immutable (rules/ruleset.h) */
struct ktg_rule;

/* The role of a list entry on the timeline of somebody whose name is like one of its own: `TYPE(like)`.  The engine puts
 * it there; no catalogue has it. */
#define KTG_ROLE_LIKE 31
#define KTG_POSTED_ID 17 /* "~" and 16 bytes; ordinary ids use the last 16 with a leading 0 */

/* A finding of a lower rule, posted as an event (LANGUAGE.md section 7). */
struct ktg_posted {
    int rule;             /* index in the rule set */
    uint8_t id[16];       /* BLAKE2b-128(rule, subject, key, anchor, from) */
    ktg_time from, until; /* until: KTG_NEVER while open */
    int offset_min;
    struct ktg_bytes source;  /* of the anchor */
    struct ktg_bytes subject; /* of the finding */
    struct ktg_bytes person;  /* identifier of the person it is about; empty when none */
    struct ktg_bytes values;  /* canonical wire map of `let` and form values as of `from` */
    struct ktg_bytes place;   /* raw wire place of the anchor, or empty */
    int level;                /* 0 informational .. 4 critical */
    int weight;               /* hundredths */
    uint8_t root[16];         /* the ordinary anchor event */
    uint64_t root_pos;
    const uint8_t (*evidence)[16]; /* as of `from`, in timeline order */
    const ktg_time *
        evidence_at; /* their occurred_at, so that evidence of several findings can be put in order */
    const uint64_t *evidence_pos;
    size_t evidence_count;
    const struct ktg_bytes *agencies; /* senders of the evidence, sorted, each once */
    size_t agency_count;
};

/* The name that a posted finding bears. */
void ktg_posted_id(struct ktg_bytes rule, struct ktg_bytes subject, struct ktg_bytes key,
                   const uint8_t anchor[static 16], ktg_time from, uint8_t to[static 16]);

/* What conditions that look at an event alone have made of it (rules/judged.c), and where its fields lie (rules/fields.c): a
 * memory, never a cause. */
#define KTG_JUDGED_MOST 128 /* conditions of one event type */
#define KTG_PLACED_MOST 40  /* fields of one event type; those behind are looked for */
struct ktg_judged {
    uint64_t pos; /* of the event; another one: the room is somebody else's by now */
    bool is_placed;
    uint16_t placed
        [KTG_PLACED_MOST]; /* by field of the type: where in `data` its value begins; 0: absent */
    uint8_t said
        [KTG_JUDGED_MOST]; /* 0: not asked; else 1 + (met) + 2 * (steps that it took of a rule's budget) */
};

struct ktg_entry {
    ktg_time at;
    uint8_t id
        [KTG_POSTED_ID]; /* [0] is 0 for an ordinary event and '~' for a posted finding, so memcmp orders them */
    uint64_t pos; /* journal position; 0 for a posted finding */
    int role;
    const uint64_t *
        traits; /* of an ordinary event: ktg_ruleset_traits(); NULL: not worked out, conditions alone decide */
    struct ktg_judged *judged;       /* of an ordinary event; NULL: nothing is remembered */
    const struct ktg_event *event;   /* ordinary, or NULL */
    const struct ktg_posted *posted; /* posted, or NULL */
    struct ktg_bytes
        person; /* name of its holder (smallest identifier of the component); empty: ask the
                                world's `holder`, if it has one */
};

struct ktg_timeline {
    int kind; /* subject kind */
    struct ktg_bytes subject;
    const struct ktg_entry *entries;
    size_t count;
};

/* Somebody who had an occasion of a `together` rule: when, and the name of the person. */
struct ktg_companion {
    ktg_time at;
    struct ktg_bytes person;
};

/* What an answer may ask beside the timeline. */
struct ktg_answer_world {
    void *arg;
    bool plain; /* no glances: everything is worked out; for tests, the answer is the same */
    /* The name of the person to whom an identifier belongs (itself when it is tied to nothing). */
    struct ktg_bytes (*person)(void *arg, struct ktg_bytes identifier);
    /* The name of the holder of an ordinary event, or empty; may be NULL: entries bear it. */
    struct ktg_bytes (*holder)(void *arg, const struct ktg_entry *e);
    /* heard(S), LANGUAGE.md section 8; false: no heartbeat of S exists, S is under no regime and counts as live. */
    bool (*heard)(void *arg, struct ktg_bytes source, ktg_time *ret_heard);
    /* Is S under a regime and does it send events of the type? */
    bool (*sends)(void *arg, struct ktg_bytes source, int type);
    /* The next source (sorted) under a regime that sends the type; *at: 0 for the first, it moves on; false: no more. */
    bool (*source_of_type)(void *arg, int type, size_t *at, struct ktg_bytes *ret_source);
    /* Who had an occasion of the `together` rule with this key (ruleset.h) in [from, until], both included; in any
     * order, in the arena, one person perhaps more than once.  May be NULL: nobody had. */
    int (*company)(void *arg, const struct ktg_rule *rule, const uint8_t key[16], ktg_time from,
                   ktg_time until, struct ktg_arena *arena, const struct ktg_companion **ret_list,
                   size_t *ret_count);
    struct ktg_normaliser *names; /* of `match`; NULL: it finds nothing */
    uint64_t *steps; /* what answers take of their budgets is added up here; NULL: nowhere */
};

struct ktg_about {
    int kind;
    struct ktg_bytes id;
};

struct ktg_finding {
    struct ktg_bytes key; /* empty without `each` */
    uint8_t anchor[16];   /* ordinary event */
    uint64_t anchor_pos;
    ktg_time from, until;          /* half open; KTG_NEVER = open */
    int offset_min;                /* zone of the anchor's place */
    const uint8_t (*evidence)[16]; /* ordinary events in timeline order, at most the 100 latest */
    const ktg_time *evidence_at;
    const uint64_t *evidence_pos;
    size_t evidence_count, evidence_total;
    struct ktg_bytes values; /* canonical wire map: name -> value as of e(now) */
    int level, weight;
    const struct ktg_about *about; /* where else it is posted, sorted, each once */
    size_t about_count;
    const struct ktg_bytes *to; /* agencies by the rule, sorted, each once; IMI is not listed */
    size_t to_count;
    struct ktg_bytes title_id, title_en; /* interpolated */
    struct ktg_bytes unknown_source;     /* not empty: `needs` is not met */
    ktg_time unknown_since;              /* heard(S) */
    const struct ktg_resumed
        *resumed;   /* not NULL: this one goes on; its anchor and what it posts are as before */
    bool as_before; /* all of it is */
    struct ktg_posted
        posted; /* frozen at `from` (or as of e(now) with update: change); not for unknown */
};

/* How far a rule looks, so that of a long timeline only its end need be read (rules/reach.c).
 *
 *     from ........ since ──────────────────────> now         a state: stretches that begin at `since` or later
 *      │<── back ──>│  │<─ ahead ─>│                           a deadline: watches whose anchor lies at `since` or later
 */
struct ktg_reach {
    bool is;        /* false: any entry may matter */
    bool by_anchor; /* a deadline, or steps in order */
    bool
        endless; /* steps in order: what they found has no end, and is settled once it begins before the change */
    bool
        by_end; /* a deadline with `unless`: what became of an anchor is settled when its watch ends */
    bool
        from_start; /* a state whose findings are told as they stand: one that is open is asked from its beginning */
    bool lasting;  /* entries of some sort matter whatever their age: */
    bool findings; /* posted findings */
    ktg_time
        back; /* what is read as of an instant t lies at t - back or later, or in a lasting type */
    ktg_time
        ahead; /* what becomes of an anchor at t is settled before t + ahead, but for what stands open */
    ktg_time
        watch; /* by_end: anchors whose watch runs at t, and what ends it, are read from t - watch on and in lasting types */
    ktg_time
        silence; /* what is known of a source longer ago than this stays so; 0: sources are not asked */
    const bool *types; /* by type index: entries of any age matter */
};

/* The first instant whose entries a resumed answer may read, beside the lasting ones. */
ktg_time ktg_reach_from(const struct ktg_reach *reach, ktg_time since, ktg_time now);

/* Of an answer whose older part stands and cannot have changed. */
struct ktg_resumed { /* a state that has held since before `since` and may hold on */
    struct ktg_bytes key;
    ktg_time from;
    int offset_min;
};
struct ktg_resume {
    ktg_time since;
    const struct ktg_resumed *open; /* by key, each once */
    size_t open_count;
};

/* KTG_ENOMEM, or KTG_EFULL when the rule's evaluation budget is used up (engine/spent.h).
 * *ret_wake: the first instant > now at which the answer may differ without a new entry; KTG_NEVER.  All in the arena. */
KTG_MUST_CHECK int ktg_answer(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                              const struct ktg_timeline *t, ktg_time now,
                              const struct ktg_answer_world *world, struct ktg_arena *arena,
                              const struct ktg_finding **ret_findings, size_t *ret_count,
                              ktg_time *ret_wake);
/* Of a rule whose reach is `by_end`: the time of the earliest anchor whose watch did not end before `since`, or ended at such an
 * anchor or later; `since` if there is none.  KTG_ENOMEM, KTG_EFULL. */
KTG_MUST_CHECK int ktg_answer_running_since(const struct ktg_ruleset *rs,
                                            const struct ktg_rule *rule,
                                            const struct ktg_timeline *t, ktg_time now,
                                            const struct ktg_answer_world *world, ktg_time since,
                                            struct ktg_arena *arena, ktg_time *ret_since);
/* The same for a rule whose reach is known: only findings that begin (deadlines: whose anchor lies) at `resume->since` or
 * later, and those that were open and still are.  The timeline holds at least what lies at ktg_reach_from() or later, and the
 * lasting entries.  *ret_wake is that of
 * the whole answer.  KTG_EAGAIN: a state that was open has ended; ask for the whole. */
KTG_MUST_CHECK int ktg_answer_resumed(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                                      const struct ktg_timeline *t, ktg_time now,
                                      const struct ktg_answer_world *world,
                                      const struct ktg_resume *resume, struct ktg_arena *arena,
                                      const struct ktg_finding **ret_findings, size_t *ret_count,
                                      ktg_time *ret_wake);

/* Why it fired: every condition with its value, what was looked at and not counted, what would disprove it, the sources.
 * Canonical wire map, for `alerts show` and exports: {rule, version, title{id,en}, level, legal, conditions:[{text, value, want, met}],
 * evidence:[{id, position, type, source, at, counted, note}], values, disproved_by{id,en}, sources:[{source, heard, live}], deadline?}. */
KTG_MUST_CHECK int ktg_explain(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                               const struct ktg_timeline *t, const struct ktg_finding *f,
                               ktg_time now, const struct ktg_answer_world *world,
                               struct ktg_arena *arena, struct ktg_buf *to);

/* Why nothing (more) is found: of all candidates the one that came furthest, each of its conditions with its value.
 * Canonical wire map {as_of, candidate:{at, id, type} or nil, conditions:[{met, text, value, want}], read (events that the
 * rule reads), rule, standing:[{from, key, state}], subject, version}. */
KTG_MUST_CHECK int ktg_why_not(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                               const struct ktg_timeline *t, ktg_time now,
                               const struct ktg_answer_world *world, struct ktg_arena *arena,
                               struct ktg_buf *to);

#endif
