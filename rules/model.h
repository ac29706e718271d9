/* rules/model.h - what a rule is once it is loaded: phrases, steps, state forms, names.
 *
 *   text ── load.c ──> struct ktg_rule ── strata.c (who reads whom) ── compile.c (CEL against scope.c) ──> answerable
 *
 *   step         TYPE or TYPE(ROLE) or finding.RULE [as NAME] [where CEL]     rules/step.c
 *   state form   last STEP, open(KEY) STEP until STEP ...                     rules/states/, one file and one table row each
 *   form         sequence, deadline, state (count is a state)                 rules/forms/
 *
 * (1) Immutable after ktg_ruleset_compile(); everything lives in the rule set's arena.
 * (2) A *name* is what a CEL slot of the rule means; slots are indexes into rule->names.
 * (3) Only what a rule reads counts as its step: a shared `with` that nobody mentions is not part of it.
 * Private to rules/ (not rules/engine).  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_MODEL_H
#define KTG_RULES_MODEL_H

#include "rules/level.h"
#include "rules/ruleset.h"
#include "rules/tests_model.h"
#include "runtime/yaml/yaml.h"

enum {
    KTG_MAX_STEPS = 8,   /* of one sequence */
    KTG_MAX_NAMES = 512, /* slots of one rule */
    KTG_MAX_LACKS = 8,   /* sets of state forms without which a rule finds nothing */
    KTG_MAX_WITHS = 64,  /* state forms and lets of one rule, shared ones included */
    KTG_MAX_RULES = 4096,
    KTG_MAX_WINDOWS = 1000,       /* of a baseline */
    KTG_MAX_AT = 8,               /* values of a `together` */
    KTG_MAX_PERSONS = 1000,       /* of a `together` */
    KTG_MAX_EVIDENCE = 100,       /* latest ones kept in a finding */
    KTG_ANSWER_BYTES = 512 << 20, /* of each arena that one answer uses */
    KTG_ANSWER_STEPS = 20000000,  /* of conditions and scans, in one answer */
};

/* A text with its place, for messages. */
struct ktg_phrase {
    struct ktg_bytes text;
    const char *file;
    int line, column;
    bool plain; /* an unquoted scalar, which YAML may have cut */
};

/* What a thing may be whose fields are read: the types and rules of a step, or an interval over them. */
struct ktg_row {
    bool span;
    bool hit;                            /* an entry of a list with its score (states/match.c) */
    const struct ktg_step *const *steps; /* union of their types and rules */
    size_t count;
    const struct ktg_ruleset *rs;
};

struct ktg_term { /* one TYPE of a step */
    struct ktg_phrase name, role_name;
    int role;
};

struct ktg_step {
    struct ktg_phrase text, alias, where_text;
    const struct ktg_term *terms;
    size_t term_count;
    bool resolved;
    bool any_finding;
    uint32_t *
        roles; /* by type index: bit per role in which an event of the type matches; 0: not this type */
    uint8_t *
        reads; /* by rule index, filled when rules have their order: a posted finding of it matches */
    const struct ktg_cel *where; /* NULL: always */
    uint16_t *traits;            /* by type index: the trait an event must have (traits.c) ... */
    uint8_t *settled;            /* ... and whether that is all */
    uint8_t *
        judged; /* by type index: number + 1 of what of the condition is judged, 0: it is asked anew each time */
    uint64_t parts_judged; /* which parts of its && that is (judged.c) */
    struct ktg_row row;
    const struct ktg_step *self; /* what row.steps points to */
};

struct ktg_asof_form;

struct ktg_with {
    const char *name;
    struct ktg_phrase text;
    bool shared; /* from a define */
    bool used;   /* some text of the rule reads it */
    bool alone;  /* its step looks at the event and at nothing else */
    bool
        days_alone; /* spans: every text that reads it counts the days of a window; else all are read */
    int64_t days_back; /* the longest of these windows */
    int busy;          /* while compiling: a circle */
    bool ready;
    const struct ktg_asof_form *form;
    struct ktg_phrase key_text, from_text, past_text;
    const struct ktg_cel *key, *from, *past; /* key: KEY, or EXPR of distinct and sum */
    struct ktg_step step;
    struct ktg_step *until;      /* NULL: none */
    ktg_time within;             /* 0: no window */
    ktg_time every, over;        /* baseline: windows of `every`, through `over` */
    struct ktg_phrase list_text; /* match: LIST ... */
    int list, at_least;          /* ... as a `with` of the rule, and N */
    struct ktg_row row;          /* of its elements */
    const struct ktg_step *row_steps[1], *both[2];
    struct ktg_cel_type elem, type;
};

struct ktg_trait_list { /* each once */
    uint16_t *at;
    size_t count, cap;
};

struct ktg_let {
    const char *name;
    struct ktg_phrase text;
    bool shared, used, ready;
    int busy;
    bool
        tuple; /* reads, itself or through others, what only a finding has: aliases, deadline, each, count */
    const struct ktg_cel *plan;
};

struct ktg_mover {
    struct ktg_step step;
    struct ktg_phrase to_text;
    const struct ktg_cel *to;
};

struct ktg_need {
    struct ktg_phrase type_name;
    int type;
    ktg_time within;
    bool all;
};

struct ktg_about_text {
    const char *kind_name;
    int kind;
    struct ktg_phrase text;
    const struct ktg_cel *plan;
};

struct ktg_score { /* beside the threshold, in hundredths */
    bool per_root; /* one flag per root event, not per rule */
    struct ktg_phrase flags_text, agencies_text;
    const struct ktg_cel *flags, *agencies; /* NULL: 1 */
};

struct ktg_together {
    struct ktg_phrase at_text[KTG_MAX_AT], times_text, persons_text;
    const struct ktg_cel *at[KTG_MAX_AT], *times, *persons;
    size_t at_count;
    ktg_time span;
};

enum ktg_name_kind {
    KTG_NAME_SUBJECT,
    KTG_NAME_NOW,
    KTG_NAME_DEADLINE,
    KTG_NAME_EACH,
    KTG_NAME_FORM,  /* index: value of the form's aggregate */
    KTG_NAME_ALIAS, /* index: step of the tuple */
    KTG_NAME_OWN,   /* the event at hand, by its alias */
    KTG_NAME_FIELD, /* a field of the event at hand */
    KTG_NAME_WITH,
    KTG_NAME_LET,
};
struct ktg_name {
    enum ktg_name_kind kind;
    int index;
    struct ktg_bytes text;
};

struct ktg_piece { /* of a title: literal text, or a value */
    struct ktg_bytes text;
    const struct ktg_cel *plan;
};
struct ktg_title {
    struct ktg_phrase text;
    struct ktg_piece *pieces;
    size_t count;
};

struct ktg_answer;    /* rules/answer_impl.h */
struct ktg_aggregate; /* rules/forms/aggregate.h */

/* The forms of RULES.md section 3: a table of these in rules/forms/form.c. */
struct ktg_form {
    const char *key; /* the key that makes it; deadline: "by" beside "when" */
    const char *help;
    int (*answer)(struct ktg_answer *a);
    const struct ktg_aggregate *aggregate; /* of a state over a window; NULL: none */
};

struct ktg_rule {
    const char *name, *file;
    int line;
    const struct ktg_ruleset *rs;
    const struct ktg_yaml_node *doc; /* valid while loading */
    int index, stratum;
    bool broken;   /* a message was written: not compiled further */
    bool untested; /* live by its text, shadow for want of tests */
    enum ktg_rule_status status;
    bool identity;
    struct ktg_title title_id, title_en;
    int level; /* when level_plan is NULL */
    struct ktg_phrase level_text, weight_text, to_text;
    const struct ktg_cel *level_plan, *weight_plan, *to_plan;
    int weight; /* hundredths */
    struct ktg_bytes *to;
    const struct ktg_phrase *to_at; /* where each of them stands */
    size_t to_count;
    struct ktg_phrase owner_at; /* where `owner` stands; empty: nowhere */
    const char *owner, *legal, *disproved_id, *disproved_en, *falsepositives;
    int per[KTG_MAX_KINDS];
    struct ktg_phrase per_text[KTG_MAX_KINDS];
    size_t per_count;
    uint32_t kinds;

    const struct ktg_form *form;
    struct ktg_step *steps; /* `when` */
    size_t step_count;
    struct ktg_step *unless;
    size_t unless_count;
    struct ktg_step *until;
    size_t until_count;
    struct ktg_mover *movers;
    size_t mover_count;
    struct ktg_phrase by_text, since_text, where_text, while_text, tick_text, update_text,
        once_text, each_text, threshold_text;
    const struct ktg_cel *by, *since, *where, *while_, *tick, *update_where, *once, *each,
        *threshold;
    const char *each_name; /* `NAME in LIST`, else NULL */
    int each_with;         /* LIST is exactly this keyed `with`, else -1 */
    bool threshold_more;   /* more than, not at least */
    bool has_threshold;
    struct ktg_score score;
    struct ktg_together together;
    ktg_time within, once_within; /* 0: none */
    enum ktg_update update;
    int counted; /* index of the `with` that holds `count:`, `score:` or `together:`, -1: none */

    struct ktg_with *withs;
    size_t with_count;
    struct ktg_let *lets; /* sorted by name */
    size_t let_count;
    struct ktg_need *needs;
    size_t need_count;
    struct ktg_about_text *about;
    size_t about_count;
    struct ktg_rule_test *tests;
    size_t test_count;
    struct ktg_survivor *survivors;
    size_t survivor_count;

    struct ktg_name *names;
    size_t name_count;
    struct ktg_row each_row; /* the event at hand in `each: EXPR` */
    struct ktg_cel_type each_type;
    uint32_t *reads_types; /* by type index: bit per role in which some step matches */
    struct ktg_trait_list *reads_traits; /* by type: events with none of these match no step */
    struct ktg_trait_list
        *key;             /* by type: no event with one of them, no finding; NULL: it has none */
    uint64_t key_types;   /* those that have some, bit (type mod 64) */
    uint8_t *reads_rules; /* by rule index */
    uint8_t *proves;      /* by `with`: its events are evidence (LANGUAGE.md 4.7) */
    bool is_read;
    bool timed;    /* some text reads the clock: values may differ at each midnight */
    bool windowed; /* some state form changes by time alone */
    bool screens;  /* some step reads entries in the role `like` */
    bool tick_timed;
    struct ktg_reach reach;
    uint64_t lacks
        [KTG_MAX_LACKS]; /* sets of `with`s: without an event of any of one set nothing is found */
    size_t lack_count;
    uint8_t hash[16];
};

struct ktg_define {
    const char *kind_name, *file;
    int line;
    const struct ktg_yaml_node *node;
};

struct ktg_list_entry {
    struct ktg_bytes word;
    ktg_date from, until; /* INT32_MIN, INT32_MAX: not dated */
};
struct ktg_list {
    struct ktg_bytes name;
    struct ktg_list_entry *entries; /* sorted by word */
    size_t count;
    bool dated;
};
struct ktg_setting {
    struct ktg_bytes name;
    struct ktg_cel_value value;
    const char *unit, *note;
};

struct ktg_ruleset {
    struct ktg_arena arena;
    size_t sharers; /* owners besides the first */
    struct ktg_catalogue *catalogue;
    struct ktg_rule **rules; /* by stratum, then name */
    struct ktg_rule **by_name;
    size_t count;
    struct ktg_define *defines;
    size_t define_count;
    struct ktg_list *lists; /* sorted by name */
    size_t list_count;
    struct ktg_setting *settings; /* sorted by name */
    size_t setting_count;
    struct ktg_traits **traits;   /* by type index; NULL: no step asks for any (traits.c) */
    size_t trait_room;            /* words that finding those of any event takes */
    struct ktg_judging **judging; /* by type index; NULL: no step has such a condition (judged.c) */
    bool dated_lists;
    int person_kind, cell_kind;
    uint32_t cell_read;            /* not 0: some rule per cell reads findings */
    const struct ktg_shape *place; /* the shape of `place`, or NULL */
    struct ktg_hash hash;
};

/* Everything that a load writes to. */
struct ktg_load {
    struct ktg_ruleset *rs;
    struct ktg_notes *notes;
    const struct ktg_file *files;
    size_t file_count;
    int code; /* KTG_ENOMEM once memory ran out */
};
/* notes.c
 * Does a ' #' stand behind the place of the text, on its line of the file? */
bool ktg_load_line_has_comment(const struct ktg_load *l, const struct ktg_phrase *at);
void ktg_load_error(struct ktg_load *l, const char *file, int line, int column, const char *format,
                    ...) KTG_PRINTF(5, 6);
void ktg_load_warning(struct ktg_load *l, const char *file, int line, int column,
                      const char *format, ...) KTG_PRINTF(5, 6);
void ktg_rule_error(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *at,
                    const char *format, ...) KTG_PRINTF(4, 5);
void *ktg_load_alloc(struct ktg_load *l, size_t size); /* zeroed; NULL sets l->code */

/* load.c: one file of rules and defines; documents that are wrong are reported and left out. */
void ktg_load_rules(struct ktg_load *l, const struct ktg_file *file);
void ktg_load_rule(struct ktg_load *l, struct ktg_rule *r,
                   const struct ktg_yaml_node *doc); /* keys.c */
void ktg_load_survives(struct ktg_load *l, struct ktg_rule *r,
                       const struct ktg_yaml_node *doc); /* survives.c */
void ktg_load_finish(
    struct ktg_load *l); /* rules are built from their documents, defines mixed in */
/* reference.c */
void ktg_load_lists(struct ktg_load *l, const struct ktg_file *file);
void ktg_load_settings(struct ktg_load *l, const struct ktg_file *file);
void ktg_load_local(struct ktg_load *l, const struct ktg_file *file);
void ktg_load_reference_sort(struct ktg_load *l);
const struct ktg_list *ktg_ruleset_list(const struct ktg_ruleset *rs, struct ktg_bytes name);
const struct ktg_setting *ktg_ruleset_setting(const struct ktg_ruleset *rs, struct ktg_bytes name);
/* step.c */
bool ktg_step_parse(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                    struct ktg_step *ret_s);
bool ktg_with_parse(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                    struct ktg_with *ret_w);
bool ktg_mover_parse(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                     struct ktg_mover *ret_m);
void ktg_step_resolve(struct ktg_load *l, struct ktg_rule *r, struct ktg_step *s);
/* Call `f` with every step of the rule that is in use. */
void ktg_rule_each_step(const struct ktg_rule *r, void (*f)(void *arg, struct ktg_step *s),
                        void *arg);
/* strata.c: indexes and strata; false (with a message) for a circle. */
bool ktg_load_strata(struct ktg_load *l);
/* compile.c: all CEL of a rule; rules below it are compiled. */
void ktg_rule_compile(struct ktg_load *l, struct ktg_rule *r);
/* traits.c: what an event alone settles of the steps' conditions; traits_met.c, once all rules are compiled. */
void ktg_rule_traits(struct ktg_load *l, struct ktg_rule *r);
void ktg_rule_key_find(struct ktg_load *l, struct ktg_rule *r); /* after ktg_rule_lacks() */
void ktg_ruleset_traits_ready(struct ktg_load *l);
static inline bool ktg_trait_is_met(const uint64_t *traits, size_t trait)
{
    return traits[trait / 64] >> (trait % 64) & 1;
}
/* judged.c: conditions whose answer follows from the event alone. */
void ktg_rule_judged(struct ktg_load *l, struct ktg_rule *r);
/* reach.c: how far the rule looks. */
void ktg_rule_reach_find(struct ktg_load *l, struct ktg_rule *r);
void ktg_rule_lacks(struct ktg_load *l,
                    struct ktg_rule *r); /* lacks.c: after everything else of it is compiled */
/* Is this text of the rule true of nothing at all, whatever the settings?  Found where it costs little: false proves nothing. */
bool ktg_rule_is_never_true(struct ktg_load *l, const struct ktg_rule *r,
                            const struct ktg_cel *plan);
/* check.c: what `rules check` says beyond compiling. */
void ktg_rule_check(struct ktg_load *l, struct ktg_rule *r);
/* text.c */
bool ktg_title_parse(struct ktg_load *l, struct ktg_rule *r, struct ktg_title *t);

/* The fields that every event has, and those of a posted finding: one table for scope and evaluation. */
enum ktg_builtin {
    KTG_B_ID,
    KTG_B_TYPE,
    KTG_B_SOURCE,
    KTG_B_AGENCY,
    KTG_B_OCCURRED_AT,
    KTG_B_DATE,
    KTG_B_PERSON,
    KTG_B_PERSONS,
    KTG_B_DOCUMENT,
    KTG_B_RULE,
    KTG_B_LEVEL,
    KTG_B_WEIGHT,
    KTG_B_AGENCIES,
    KTG_B_ROOT,
    KTG_B_OPEN,
    KTG_B_PLACE,
    KTG_B_SUBJECT,
    KTG_B_FROM,
    KTG_B_UNTIL,
    KTG_B_START,
    KTG_B_END,
    KTG_B_ENTRY,
    KTG_B_SCORE,
    KTG_B_SINCE,
};
/* The number of a step of `when`; -1: it is another of the rule's. */
static inline int ktg_rule_step(const struct ktg_rule *r, const struct ktg_step *s)
{
    for (size_t i = 0; i < r->step_count; i++)
        if (s == &r->steps[i])
            return (int)i;
    return -1;
}

enum { KTG_ON_EVENT = 1, KTG_ON_FINDING = 2, KTG_ON_SPAN = 4, KTG_ON_HIT = 8 };
struct ktg_builtin_field {
    const char *name;
    enum ktg_builtin what;
    int on; /* KTG_ON_* */
    enum ktg_cel_kind kind;
    bool optional, list;
};
const struct ktg_builtin_field *ktg_builtin_find(struct ktg_bytes name, int on);
const struct ktg_builtin_field *ktg_builtin_at(size_t i); /* NULL after the last */

#endif
