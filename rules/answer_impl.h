/* rules/answer_impl.h - one answer while it is worked out.
 *
 *   timeline ── filter by what the rule reads, split by `each` ──> items[0..n)      (LANGUAGE.md section 4)
 *
 *   bound   BEFORE item i: "x⁻"         items[0..i) are seen
 *           AFTER item i:  "x inclusive" items[0..i] are seen
 *           AT t:          "as of t"     all items with at <= t are seen
 *
 * A boundary that is an instant and not an event (`from`, `past`) stands before the events of its instant when it
 * starts something, and behind them when it ends something (it is inclusive).
 *
 * (1) Nothing outside the answer is written; all memory is in its arena and goes with it.
 * (2) A step's condition inside a state form never sees the tuple, so what it matches is worked out once.
 * Private to rules/.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ANSWER_IMPL_H
#define KTG_RULES_ANSWER_IMPL_H

#include "rules/model.h"

struct ktg_item {
    const struct ktg_entry *e;
    ktg_time at;
    int offset_min;
    size_t index; /* in the items it stands in */
};

enum ktg_bound_mode { KTG_BEFORE, KTG_AFTER, KTG_AT };
struct ktg_bound {
    enum ktg_bound_mode mode;
    ktg_time t;
    size_t n; /* items[0..n) are seen */
};

/* Where an interval begins or ends. */
enum ktg_edge_kind {
    KTG_EDGE_NONE,
    KTG_EDGE_ITEM,
    KTG_EDGE_INSTANT,
    KTG_EDGE_PAST,
    KTG_EDGE_UNTIL
};
struct ktg_edge {
    enum ktg_edge_kind kind;
    ktg_time t;
    size_t item;
};
struct ktg_interval {
    const struct ktg_item *open;
    struct ktg_edge start, end;
    int key; /* interned; 0 without KEY */
};

/* Values of KEY or EXPR, each once, by order of appearance. */
struct ktg_intern {
    struct ktg_cel_value *values;
    size_t count, cap;
    uint32_t *slots; /* hash table of index + 1 */
    size_t slot_count;
};

struct ktg_hit { /* an item that matches the step of a state form */
    uint32_t item;
    const int *keys; /* interned KEY or the elements of EXPR */
    uint32_t key_count;
    int64_t amount; /* sum */
};

struct ktg_asof { /* of one `with` in one answer */
    bool ready, busy;
    struct ktg_hit *hits;
    size_t hit_count;
    struct ktg_intern keys;
    struct ktg_interval *intervals;
    size_t interval_count;
    uint32_t *marks; /* scratch by key: the last pass that saw it */
    uint32_t pass;
    uint32_t *held; /* by key: how often in hits [held_lo, held_hi); NULL: not begun */
    size_t held_lo, held_hi, held_keys;
    bool has_memo;
    struct ktg_bound memo_bound;
    struct ktg_cel_value memo;
    void *own; /* what the form worked out when it was prepared */
};

/* An interval as a value: what `spans` gives. */
struct ktg_span_value {
    const struct ktg_item *open, *end; /* end: NULL while open or closed by an instant */
    ktg_time from, until;              /* until: KTG_NEVER while open */
};
/* What `match` gives. */
struct ktg_hit_value {
    const struct ktg_item *entry;
    struct ktg_bytes id; /* the entry's KEY */
    int points;
    ktg_time since; /* when the names of both sides last changed */
    struct ktg_tokens said;
    const struct ktg_tokens *listed; /* the pair of names that scores most */
};
enum { KTG_REF_ITEM, KTG_REF_SPAN, KTG_REF_HIT };

struct ktg_proof { /* one ordinary event behind a finding */
    ktg_time at;
    uint8_t id[16];
    uint64_t pos;
};
struct ktg_evidence {
    struct ktg_proof *items;
    size_t count, cap;
    struct ktg_bytes *sources; /* of the events; of a posted finding that of its anchor */
    size_t source_count, source_cap;
    struct ktg_bytes *agencies;
    size_t agency_count, agency_cap;
};

/* What names mean at one point of an evaluation. */
struct ktg_frame {
    struct ktg_answer *a;
    struct ktg_bound b;
    const struct ktg_item *own;
    const struct ktg_item *const *tuple; /* by step, NULL: not bound; or NULL: none at all */
    bool has_deadline, has_each;
    ktg_time deadline;
    int deadline_offset;
    struct ktg_cel_value each;
    int offset_min;
};

/* A sub-timeline: the whole of it, or one per value of `each: EXPR`. */
struct ktg_view {
    struct ktg_item *items;
    size_t count;
    struct ktg_bytes key;
    struct ktg_asof *states; /* by `with` */
    uint8_t *relevant;       /* by item: it matches the step of a state form */
};

/* A finding on its way. */
struct ktg_found {
    const struct ktg_view *view;
    const struct ktg_item *tuple[KTG_MAX_STEPS];
    const struct ktg_item *anchor, *closer, *setter;
    ktg_time from, until;
    struct ktg_bound start; /* how `from` is read */
    bool has_deadline;
    ktg_time deadline;
    int deadline_offset;
    struct ktg_bytes key;
    int offset_min; /* zone of the anchor's place */
    struct ktg_cel_value once;
    size_t order; /* in which the form found it, to break ties */
    bool dropped;
};

/* A stretch that stood before a resumed answer begins, and still does. */
struct ktg_still {
    const struct ktg_resumed *of;
    const struct ktg_view *view;
};

struct ktg_answer {
    const struct ktg_ruleset *rs;
    const struct ktg_rule *rule;
    const struct ktg_timeline *timeline;
    const struct ktg_answer_world *world;
    struct ktg_arena *arena;   /* while instants are tested: one that is emptied after each */
    struct ktg_arena *lasting; /* the caller's own */
    size_t used_before;        /* of the caller's arena */
    ktg_time now, wake;
    const struct ktg_view *view; /* at hand; the four below are its own */
    struct ktg_item *items;
    size_t count;
    struct ktg_asof *states;
    uint8_t *relevant;
    struct ktg_cel_env env;
    int code; /* KTG_ENOMEM, KTG_EFULL; then all further work is pointless */
    struct ktg_found *found;
    size_t found_count, found_cap;
    const struct ktg_resume *resume; /* NULL: the whole is asked for */
    struct ktg_still *still;
    size_t still_count;
    struct ktg_buf scratch;
};

/* eval.c */
void *ktg_answer_alloc(struct ktg_answer *a, size_t size); /* zeroed; NULL sets a->code */
bool ktg_answer_spend(struct ktg_answer *a, size_t steps); /* false: the budget is used up */
struct ktg_cel_value ktg_answer_eval(const struct ktg_frame *f, const struct ktg_cel *plan);
struct ktg_cel_value ktg_answer_side(const struct ktg_frame *f, const struct ktg_cel *plan,
                                     uint32_t side); /* of a comparison: 0 left, 1 right */
struct ktg_cel_value ktg_answer_slot(const struct ktg_frame *f, int slot);
/* A condition that is not there is met. */
bool ktg_answer_is_met(const struct ktg_frame *f, const struct ktg_cel *plan);
/* judged.c: the parts of a condition that look at the event of the frame alone, asked once for each event. */
bool ktg_judged_is_met(const struct ktg_frame *f, const struct ktg_step *s);
bool ktg_judged_and_met(const struct ktg_frame *f, const struct ktg_step *s); /* and the others */
bool ktg_step_is_of_type(const struct ktg_step *s, const struct ktg_entry *e);
/* The same, and nothing that the event alone settles speaks against it. */
bool ktg_step_may_match(const struct ktg_step *s, const struct ktg_entry *e);
/* Does the item match, read at its own x⁻?  `parent` gives tuple and zone; NULL inside state forms. */
bool ktg_step_matches(struct ktg_answer *a, const struct ktg_step *s, const struct ktg_item *x,
                      const struct ktg_frame *parent);
struct ktg_bound ktg_bound_at(const struct ktg_answer *a, ktg_time t);
/* One event, perhaps in two roles: somebody may turn out to be their own companion. */
static inline bool ktg_item_is_same(const struct ktg_item *x, const struct ktg_item *y)
{
    return x->at == y->at && !memcmp(x->e->id, y->e->id, KTG_POSTED_ID);
}
struct ktg_bound ktg_bound_before(const struct ktg_item *x);
struct ktg_bound ktg_bound_after(const struct ktg_item *x);
struct ktg_bytes ktg_item_holder(const struct ktg_answer *a, const struct ktg_item *x);
struct ktg_cel_value ktg_value_of_item(const struct ktg_item *x);
bool ktg_value_instant(const struct ktg_cel_value *v,
                       ktg_time *ret_t); /* TIMESTAMP; false otherwise */
/* A value as a key or a subject id: text as it is, docs as their subject id; empty when absent. */
struct ktg_bytes ktg_value_name(const struct ktg_frame *f, const struct ktg_cel_value *v);
void ktg_answer_text(const struct ktg_frame *f, const struct ktg_cel_value *v, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_answer_wire(const struct ktg_frame *f, const struct ktg_cel_value *v,
                                   struct ktg_buf *to);

/* fields.c: ABSENT where there is none */
struct ktg_cel_value ktg_item_field(struct ktg_answer *a, const struct ktg_item *x,
                                    struct ktg_bytes name);
struct ktg_cel_value ktg_ref_field(struct ktg_answer *a, const struct ktg_cel_value *ref,
                                   struct ktg_bytes name);
/* Sorted, each once, without the empty ones. */
struct ktg_cel_value ktg_value_words(struct ktg_answer *a, struct ktg_bytes *words, size_t count);

/* states/asof.c */
struct ktg_asof *ktg_asof_of(struct ktg_answer *a, size_t with); /* prepared */
struct ktg_cel_value ktg_asof_value(struct ktg_answer *a, size_t with, struct ktg_bound b);
/* Elements of a list, or the number itself; false: neither. */
bool ktg_asof_size(struct ktg_answer *a, size_t with, struct ktg_bound b, int64_t *ret_n);
void ktg_asof_forget(struct ktg_answer *a); /* the values remembered: their memory goes */
void ktg_asof_evidence(struct ktg_answer *a, size_t with, struct ktg_bound b,
                       struct ktg_evidence *to);
int ktg_intern(struct ktg_answer *a, struct ktg_intern *t,
               const struct ktg_cel_value *v); /* -1: no memory */
/* hits, keys, within: the work that forms share */
void ktg_asof_match(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s);
/* The first instant > t at which a value changes by itself: interval starts and ends, window expiries.  KTG_NEVER: none. */
ktg_time ktg_asof_next_edge(struct ktg_answer *a, ktg_time t);
/* Call `f` for each of them; `open`: the item whose interval it is, NULL for an expiry. */
void ktg_asof_edges(struct ktg_answer *a,
                    void (*f)(void *arg, ktg_time t, const struct ktg_item *open), void *arg);
/* The last instant in (after, now] at which a value changed by what lies on another timeline; `after`: none. */
ktg_time ktg_asof_last_joined(struct ktg_answer *a, ktg_time after);
void ktg_asof_intervals(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s);
bool ktg_interval_has_begun(const struct ktg_interval *i, struct ktg_bound b);
bool ktg_interval_has_ended(const struct ktg_interval *i, struct ktg_bound b);
bool ktg_interval_is_empty(const struct ktg_interval *i);
/* hits [lo, hi) are seen as of b and lie in the window */
void ktg_asof_window(const struct ktg_answer *a, const struct ktg_with *w, const struct ktg_asof *s,
                     struct ktg_bound b, size_t *ret_lo, size_t *ret_hi);

/* states/distinct.c: the first event in the window that has this value; NULL: none (or another form). */
const struct ktg_item *ktg_distinct_first(struct ktg_answer *a, size_t with, struct ktg_bound b,
                                          const struct ktg_cel_value *value);

/* states/match.c: "W1 [eriksson~erikson 95 (spelling); ...]" */
void ktg_hit_explain(const struct ktg_hit_value *h, struct ktg_buf *to);

/* evidence.c */
void ktg_evidence_add(struct ktg_answer *a, struct ktg_evidence *to, const struct ktg_item *x);
/* The evidence of a finding as of b: tuple, setter, closer, and what stands behind the names in its texts. */
void ktg_evidence_of(struct ktg_answer *a, const struct ktg_found *f, struct ktg_bound b,
                     bool closed, struct ktg_evidence *to);
void ktg_evidence_sort(struct ktg_evidence *e); /* timeline order, each once */

/* needs.c: the silent source of a finding, or empty; asks for a wake where silence may come later. */
struct ktg_bytes ktg_needs_unmet(struct ktg_answer *a, const struct ktg_found *f,
                                 const struct ktg_evidence *e, ktg_time *ret_since);

/* near.c: candidates for a finding that is not there; the one that came furthest is kept. */
struct ktg_near;
/* A candidate begins; `stage`: how far it came before its conditions are asked, deeper is nearer. */
void ktg_near_begin(struct ktg_near *n, const struct ktg_item *anchor, ktg_time as_of, int stage);
void ktg_near_condition(struct ktg_near *n, const struct ktg_frame *f, const struct ktg_cel *plan);
void ktg_near_fact(struct ktg_near *n, bool met, struct ktg_bytes text, const char *value,
                   const char *want);
void ktg_near_share(struct ktg_near *n,
                    int64_t share); /* how much of a threshold: more is nearer */
void ktg_near_end(struct ktg_near *n);
void ktg_near_form(struct ktg_near *n, struct ktg_answer *a); /* near_forms.c: by the rule's form */

/* forms */
extern const struct ktg_form *ktg_form_of(const char *key);
const struct ktg_form *ktg_form_at(size_t i); /* NULL after the last */
int ktg_form_sequence(struct ktg_answer *a);
int ktg_form_deadline(struct ktg_answer *a);
/* The earliest anchor in the view whose watch runs at `since` or later (with movers: or at such an anchor); `since`: none. */
ktg_time ktg_deadline_running_since(struct ktg_answer *a, ktg_time since);
int ktg_form_state(struct ktg_answer *a);
/* The tuple that completes first for the anchor; false: none. */
bool ktg_tuple_find(struct ktg_answer *a, const struct ktg_item *anchor,
                    const struct ktg_item *tuple[KTG_MAX_STEPS]);

/* glance.c: some step that every finding needs has no event, or a count too few.  Then the answer is empty and stays so until
 * an event comes. */
bool ktg_answer_is_empty(struct ktg_answer *a);
/* The first entry of the timeline that may matter: of a resumed answer that reads windows alone, one of the end. */
size_t ktg_answer_first_entry(const struct ktg_answer *a);

/* answer.c */
struct ktg_found *
ktg_found_new(struct ktg_answer *a,
              const struct ktg_item *anchor); /* of the view at hand; NULL: no memory */
struct ktg_frame ktg_frame_of(struct ktg_answer *a, const struct ktg_found *f, struct ktg_bound b);
/* After ktg_answer_find(): the candidates of every sub-timeline; how many events the rule reads. */
size_t ktg_answer_near(struct ktg_answer *a, struct ktg_near *n);
/* The element with this key in `each NAME in LIST` as of the frame; ABSENT: none. */
struct ktg_cel_value ktg_each_element(const struct ktg_frame *f, struct ktg_bytes key);
struct ktg_bytes ktg_each_key(const struct ktg_frame *f, const struct ktg_cel_value *element);
void ktg_answer_wake(struct ktg_answer *a,
                     ktg_time t); /* from t on the answer may differ; nothing unless t > now */
ktg_time ktg_midnight_after(ktg_time t, int offset_min); /* the first local midnight > t */
ktg_time ktg_midnight_upto(ktg_time t, int offset_min);  /* the last local midnight <= t */
ktg_time ktg_just_after(ktg_time t);                     /* t + 1 ms, KTG_NEVER stays */
/* The sub-timelines, the first one entered: one, or with `each: EXPR` one per value.  How many. */
size_t ktg_answer_split(struct ktg_answer *a, struct ktg_view **ret_views);
/* One that has its whole budget: of `arena`, what is in use now is not counted. */
struct ktg_answer ktg_answer_begin(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                                   const struct ktg_timeline *t, ktg_time now,
                                   const struct ktg_answer_world *world, struct ktg_arena *arena);
/* At the end: what it took of its budget, for whoever counts. */
void ktg_answer_add_up(struct ktg_answer *a);
/* Fill a->found. */
void ktg_answer_find(struct ktg_answer *a);
/* The same, and the one that became this finding, its view entered; NULL: it does not stand. */
const struct ktg_found *ktg_answer_find_one(struct ktg_answer *a, const struct ktg_finding *f,
                                            struct ktg_bound *ret_now, bool *ret_closed);
/* forms share this: is the event one that the rule's steps look for? */
bool ktg_item_is_relevant(struct ktg_answer *a, const struct ktg_item *x);

/* text.c */
struct ktg_bytes ktg_title_format(struct ktg_answer *a, const struct ktg_title *t,
                                  const struct ktg_frame *f);

#endif
