/* tests/unit/rules/story.h - a rule, a few lines of events, an instant: the findings as text.
 *
 *     border.crossing {"doc":$P1,"direction":"entry"} @2026-03-01T09:00+07:00 [from SOURCE] [role companions]
 *
 * $P1 stands for {"kind":"P","issuer":"UTO","number":"P1"}.  Line n is event n: ids grow by line.
 * A finding is one line:   FROM UNTIL a=ANCHOR e=EVIDENCE VALUES [k=KEY] [unknown=SOURCE]     UNTIL is "open" or an instant.
 * Tests only; asserts on its own mistakes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_RULES_STORY_H
#define KTG_TESTS_UNIT_RULES_STORY_H

#include "rules/ruleset.h"

struct story {
    struct ktg_ruleset *rs;
    struct ktg_arena arena; /* of entries */
    struct ktg_entry *entries;
    size_t count, cap;
    const char *kind, *subject;
    int next_id;
    struct silence {
        char source[40];
        ktg_time heard;
    } heard[8];
    size_t heard_count;
    struct story *others; /* persons whose events are company (`together`); the caller's */
    size_t other_count;
};

/* The catalogue of schema/ and one rule file "rules/identity.yaml"; further texts may be NULL.  Notes go to `notes` when given; then
 * rs may be NULL. */
struct ktg_ruleset *story_rules(const char *rules, const char *lists, const char *settings,
                                struct ktg_notes *notes);
struct ktg_ruleset *story_shipped(void); /* rules/packs, rules/lists, rules/settings.yaml */
void story_begin(struct story *s, struct ktg_ruleset *rs, const char *kind, const char *subject);
void story_done(struct story *s);                      /* not the rule set */
void story_events(struct story *s, const char *lines); /* in any order; the timeline is sorted */
void story_silent(struct story *s, const char *source, const char *since);
/* Post what `rule` says of the other timeline on this one. */
void story_post(struct story *s, struct story *from, const char *rule, const char *now);
ktg_time story_time(const char *text);
/* The findings at `now`, a line each, in order of from; with the wake as a last line when asked.  In the arena. */
const char *story_answer(struct story *s, const char *rule, ktg_time now, bool wake);
/* Canonical bytes of the whole answer, for comparing. */
void story_bytes(struct story *s, const char *rule, ktg_time now, struct ktg_buf *to,
                 ktg_time *ret_wake);
/* The same with another arena, also giving the raw findings. */
const struct ktg_finding *story_findings(struct story *s, const char *rule, ktg_time now,
                                         struct ktg_arena *arena, size_t *ret_count,
                                         ktg_time *ret_wake);
struct ktg_timeline story_timeline(struct story *s, ktg_time now);
struct ktg_answer_world story_world(struct story *s);

#endif
