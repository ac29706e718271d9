/* rules/engine/engine_parts.h - what the files of the engine share; nobody else includes it.
 *
 *     engine.c    inputs in journal order, clock, start
 *     apply.c     an event changes timelines and identity           touches, renames
 *     company.c   who was at the same place at the same time         nears
 *     mark.c      which rules are asked about a subject               queues
 *     answer.c    who is dirty, answers, differences, posted findings
 *     carried.c   what a suspended rule has found, under other names
 *     placed.c    on whose timelines an event lies
 *     recent.c    what of a long timeline need not be asked again
 *     change.c    another rule set
 *     rederive.c  what stands against what was told
 *     screen.c    names against lists, in both directions
 *     judge.c     what officers say of alerts; which rules are asked no more
 *
 * While one record of the journal is answered:
 *     touch       a record (kind, raw identifier) changed by an event of a type
 *     rename      an identifier that belonged to one name and now belongs to another
 *     subject     a timeline by name, with its answers decoded
 *     pool        the subjects that are answered together: one, or all names that merged or split
 * All of it lies in the arena `record` and is forgotten at the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_ENGINE_PARTS_H
#define KTG_RULES_ENGINE_ENGINE_PARTS_H

#include "rules/engine/dispatch.h"
#include "rules/engine/engine.h"
#include "rules/engine/heard.h"
#include "rules/engine/keys.h"
#include "rules/engine/op.h"
#include "rules/engine/silent.h"
#include "rules/engine/standing.h"
#include "rules/engine/suspended.h"
#include "rules/engine/timeline.h"
#include "rules/engine/timers.h"
#include "rules/engine/waiting.h"
#include "rules/names/index.h"

struct ktg_pool;
struct ktg_near;
struct ktg_live_subject {
    struct ktg_live_subject *next;      /* in its bucket */
    struct ktg_live_subject *next_made; /* in order of making */
    int kind;
    struct ktg_bytes name;
    struct ktg_pool *pool;
    bool loaded;          /* answers are decoded */
    bool is_own;          /* the name is one that somebody bears now; when loaded */
    struct ktg_bytes was; /* the answers as the state has them */
    struct ktg_answers answers;
    ktg_time wake;          /* of the record in the state; KTG_NEVER: none */
    uint64_t generation;    /* of the timelines' arena when `timeline` was built; 0: not built */
    ktg_time timeline_from; /* older entries are there only if they are lasting ones */
    struct ktg_timeline timeline;
    struct ktg_entry *
        patched; /* the timeline's entries, once something was posted since it was built (patched.h) ... */
    size_t room;                  /* ... and how many there may be */
    uint64_t screened_at;         /* the generation of `screened`; 0: not built */
    struct ktg_timeline screened; /* with the list entries that are like the person's names */
    bool types_known;
    uint64_t types; /* of which it has entries, bit (type mod 64) */
};
struct ktg_pool {
    struct ktg_live_subject **members; /* sorted by name */
    size_t count, cap;
    enum ktg_reason reason;
    ktg_time since;   /* the earliest instant at which something changed */
    uint64_t *marked; /* bit per rule */
    uint64_t *whole;  /* bit per rule: something changed for it whose instant is not known */
};
struct ktg_queue { /* of one rule */
    struct ktg_pool **pools;
    size_t count, cap;
};
struct ktg_touch {
    struct ktg_touch *next;
    int kind, type;
    const uint64_t *traits; /* of the event (ktg_ruleset_traits) */
    ktg_time at;
    struct ktg_bytes id;
};
struct ktg_rename {
    struct ktg_rename *next;
    struct ktg_bytes identifier, was;
};

struct ktg_listed { /* an event of a list that changed while this record is answered */
    struct ktg_listed *next;
    uint64_t pos;
};
struct ktg_screen { /* screen.c */
    bool on;        /* some rule matches names */
    struct ktg_normaliser *names;
    struct ktg_name_index *index; /* NULL: not made yet */
    struct ktg_listed *touched;
};

struct ktg_engine {
    struct ktg_state *state;
    struct ktg_engine_world world;
    struct ktg_ruleset *rules;
    struct ktg_timeline_world view;   /* of state, rules and journal */
    size_t part;                      /* entries of a record that is split off (entries.h) */
    struct ktg_trait_sets trait_sets; /* of events at hand; view.slots points there */
    struct ktg_dispatch dispatch;
    bool *placed; /* [kind * types + type]: its events are on the timelines (placed.h) ... */
    bool *fresh;  /* ... for the first time, while they are put there; else NULL */
    struct ktg_heard *heard;
    struct ktg_waiting waiting;
    struct ktg_held held; /* findings, by source */
    struct ktg_screen screen;
    struct ktg_timers timers;
    bool *suspended; /* per rule: held (suspended.h) */
    uint32_t *spent; /* per rule: subjects about whom it is not asked any more (spent.h) */

    uint64_t steps; /* that answers took of their budgets, all together, since it was opened */
    uint64_t pos;   /* answered up to here */
    uint32_t n;     /* ops said at pos */
    ktg_time clock; /* recorded_at of the current batch */
    ktg_time now;   /* answers are as of */
    ktg_time at;    /* what is said bears this time */
    bool settled;
    enum ktg_engine_doing doing;

    struct ktg_arena record, lines, scratch; /* one journal record; built timelines; one answer */
    uint64_t generation;                     /* of `lines` */
    struct ktg_live_subject **buckets, *made, **made_end;
    size_t bucket_count, subject_count;
    struct ktg_queue *queues; /* per rule */
    uint64_t *queued;         /* bit per rule: its queue is not empty */
    struct ktg_touch *touches, **touches_end;
    struct ktg_rename *renames, **renames_end;
    struct ktg_near *near;  /* company.c: occasions whose company is to be marked */
    enum ktg_reason reason; /* of what comes from the current record */
    struct ktg_buf temp, temp2;
};

#define KTG_LINES_MOST (32u << 20) /* bytes of built timelines kept while one record is answered */

void ktg_engine_does(struct ktg_engine *e, enum ktg_engine_doing what);

/* ---- apply.c: timelines and identity */
/* A new event at `pos`; fills in touches and renames. */
KTG_MUST_CHECK int ktg_engine_apply(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                                    uint64_t target);
/* Put the entries and ties of an event in place (again). */
KTG_MUST_CHECK int ktg_engine_place(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                                    bool live);
/* An event that came before. */
KTG_MUST_CHECK int ktg_engine_is_live(struct ktg_engine *e, const struct ktg_event *ev,
                                      bool *ret_live);
/* Its entries on timelines that did not have any of its type so far. */
KTG_MUST_CHECK int ktg_engine_place_fresh(struct ktg_engine *e, uint64_t pos,
                                          const struct ktg_event *ev);
KTG_MUST_CHECK int ktg_engine_touch(struct ktg_engine *e, const struct ktg_event *ev);
KTG_MUST_CHECK int ktg_engine_renamed(void *arg, struct ktg_bytes identifier, struct ktg_bytes was,
                                      struct ktg_bytes is);

/* ---- mark.c */
/* `since`: the earliest instant at which something changed; KTG_LONG_AGO: anything may have. */
KTG_MUST_CHECK int ktg_engine_mark(struct ktg_engine *e, struct ktg_live_subject *s, size_t rule,
                                   ktg_time since, enum ktg_reason why);
KTG_MUST_CHECK int ktg_engine_mark_all(struct ktg_engine *e, struct ktg_live_subject *s,
                                       const struct ktg_rule_list *rules, ktg_time since,
                                       enum ktg_reason why);
/* Those of `readers` whose answer may be changed by a finding that was posted, or is no more; it began at `since`. */
KTG_MUST_CHECK int ktg_engine_mark_posted(struct ktg_engine *e, struct ktg_live_subject *s,
                                          const struct ktg_rule_list *readers, ktg_time since,
                                          enum ktg_reason why);
/* Those whose answer about the subject may be changed by the event that touched it. */
KTG_MUST_CHECK int ktg_engine_mark_touched(struct ktg_engine *e, struct ktg_live_subject *s,
                                           const struct ktg_touch *t);

/* ---- answer.c */
/* The subject by its current name. */
KTG_MUST_CHECK int ktg_engine_subject(struct ktg_engine *e, int kind, struct ktg_bytes name,
                                      struct ktg_live_subject **ret_s);
KTG_MUST_CHECK int ktg_engine_load(struct ktg_engine *e, struct ktg_live_subject *s);
/* Who is dirty by the touches and renames of this record. */
KTG_MUST_CHECK int ktg_engine_spread(struct ktg_engine *e);
/* Answer everything marked, lowest stratum first, say the differences, and put the answers away.  Leaves the record's
 * scratch empty, whatever it returns. */
KTG_MUST_CHECK int ktg_engine_answer(struct ktg_engine *e);
/* What stands about the subject and rests on this event leaves: KTG_OP_NONE. */
KTG_MUST_CHECK int ktg_engine_retire(struct ktg_engine *e, struct ktg_live_subject *s,
                                     const uint8_t event[static 16]);
void ktg_engine_forget(struct ktg_engine *e); /* the scratch of the record */
/* At least what lies at `from` or later, and what is lasting; KTG_LONG_AGO: all of it. */
KTG_MUST_CHECK int ktg_engine_timeline(struct ktg_engine *e, struct ktg_live_subject *s,
                                       ktg_time from);
struct ktg_answer_world ktg_engine_answer_world(struct ktg_engine *e);

/* ---- difference.c: from an answer to what is said */
struct ktg_saying { /* an op that waits for its place in the order */
    ktg_time from;
    struct ktg_bytes subject, key;
    const uint8_t *label;
    uint32_t rev;
    enum ktg_op_kind op;
    struct ktg_bytes payload;
};
struct ktg_sayings {
    struct ktg_saying *list;
    size_t count, cap;
};
/* Compare, label, say, post: `old` and `fresh` of one rule and pool (rule: NULL when it is no more).  Findings of
 * `fresh` get their labels and revisions. */
struct ktg_side;
KTG_MUST_CHECK int ktg_engine_differ(struct ktg_engine *e, struct ktg_bytes rule, int index,
                                     int kind, struct ktg_side *old, size_t old_count,
                                     struct ktg_side *fresh, size_t fresh_count,
                                     enum ktg_reason why, struct ktg_sayings *to);
KTG_MUST_CHECK int ktg_engine_say(struct ktg_engine *e, struct ktg_bytes rule,
                                  struct ktg_sayings *list);
/* Withdraw and unpost what a rule that is no more has left with a subject. */
KTG_MUST_CHECK int ktg_engine_drop_part(struct ktg_engine *e, struct ktg_live_subject *s,
                                        struct ktg_bytes rule, enum ktg_reason why,
                                        struct ktg_sayings *to);
/* One more that waits: `f` under its label.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_engine_saying(struct ktg_engine *e, struct ktg_sayings *to,
                                     enum ktg_op_kind op, enum ktg_reason why,
                                     struct ktg_bytes rule, struct ktg_bytes subject,
                                     const struct ktg_standing *f, uint32_t rev);
/* What is known of a label: does it stand, and then for whom. */
KTG_MUST_CHECK int ktg_engine_label(struct ktg_engine *e, const uint8_t label[static 16],
                                    bool standing, uint32_t rev, struct ktg_bytes rule,
                                    struct ktg_bytes kind, struct ktg_bytes subject);
/* A finding of an answer as it will stand, copied into the arena `record`.  `before`: what it goes on from, if the answer
 * was resumed. */
KTG_MUST_CHECK int ktg_engine_stand(struct ktg_engine *e, const struct ktg_rule *rule, int kind,
                                    struct ktg_bytes subject, const struct ktg_finding *f,
                                    const struct ktg_standing *before, struct ktg_standing *to);

/* The same finding as that of another name, what it posts too. */
KTG_MUST_CHECK int ktg_engine_stand_as(struct ktg_engine *e, const struct ktg_rule *rule,
                                       struct ktg_bytes subject, const struct ktg_standing *before,
                                       struct ktg_standing *to);

/* ---- carried.c */
/* A rule is suspended while names merge or split: whose its finding about `from` is now, one of the pool's. */
KTG_MUST_CHECK int ktg_engine_bearer(struct ktg_engine *e, const struct ktg_pool *p,
                                     const struct ktg_live_subject *from,
                                     const struct ktg_standing *f, size_t *ret_member);

/* ---- company.c: ktg_answer_world.company of an engine */
KTG_MUST_CHECK int ktg_engine_company(void *arg, const struct ktg_rule *rule,
                                      const uint8_t key[static 16], ktg_time from, ktg_time until,
                                      struct ktg_arena *arena,
                                      const struct ktg_companion **ret_list, size_t *ret_count);
/* ---- judge.c */
/* An event at `pos` that was applied: if it closes an alert, its rule is judged. */
KTG_MUST_CHECK int ktg_engine_judge(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev);
/* From here on; `s` needs why, held, counted and floor.  `subject`: at which, or empty. */
KTG_MUST_CHECK int ktg_engine_suspend(struct ktg_engine *e, size_t rule, struct ktg_suspension *s,
                                      struct ktg_bytes subject);
/* The suspension of a rule of `rs`, if there is one and it holds: *ret_holds.  One that does not is deleted. */
KTG_MUST_CHECK int ktg_engine_suspension(struct ktg_engine *e, const struct ktg_ruleset *rs,
                                         size_t rule, struct ktg_suspension *ret_s,
                                         bool *ret_holds);
/* ---- rederive.c */
KTG_MUST_CHECK int ktg_engine_compare(struct ktg_engine *e, const struct ktg_rederive *how,
                                      size_t *ret_said);

/* ---- change.c */
KTG_MUST_CHECK int ktg_engine_change(struct ktg_engine *e, struct ktg_bytes bundle,
                                     struct ktg_err *err);
/* A rule set of the bundle, whose files the arena `record` holds; the world's, or compiled here. */
KTG_MUST_CHECK int ktg_engine_compile(struct ktg_engine *e, struct ktg_bytes bundle,
                                      const struct ktg_file **ret_files, size_t *ret_count,
                                      struct ktg_ruleset **ret_rs, struct ktg_err *err);
/* Make `rs` the rule set (taken, also on failure), without answering. */
KTG_MUST_CHECK int ktg_engine_adopt(struct ktg_engine *e, struct ktg_ruleset **take_rs);

#endif
