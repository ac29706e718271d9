/* rules/ruleset.h - all that influences answers, compiled from one bundle of texts.
 *
 *     events/NAME.yaml codes/NAME.yaml ─> catalogue ─┐
 *     rules/NAME.yaml ───────────────────────────────┼─> struct ktg_ruleset (immutable, sorted, hashed)
 *     lists/NAME.yaml settings.yaml ─────────────────┘
 *
 * (1) The same texts give the same rule set (order of rules: by stratum, then name), whatever the order of the files.
 * (2) A bundle with one wrong text is refused whole, with every message, not only the first.
 *
 * Names of files in a bundle: `events/X.yaml` and `codes/X.yaml` (the catalogue), `rules/X.yaml`, `lists/X.yaml` (maps
 * NAME -> list of words or of {id, from, until}), `settings.yaml` (map NAME -> value, or {value, unit, note}), and
 * `local.yaml` with `settings:` and `lists:` that replace shipped ones by name (an installation's own; tests).
 * `agencies.yaml` travels with them for who routes what is found; no rule reads it, and it is not in the hash.
 * `own.yaml`, likewise in no hash, is a list of what came from the installation itself and not with the program: `rules`,
 * `lists`, `schema`, `agencies`.
 * A rule file named `identity.yaml` (or `B-identity.yaml`) may read fields that are for identity rules only.
 * Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_RULESET_H
#define KTG_RULES_RULESET_H

#include "rules/answer.h"

/* Messages of a check: errors refuse, warnings inform. */
struct ktg_notes {
    struct ktg_buf text; /* one line each: "FILE:LINE:COLUMN: error: ..." */
    size_t errors, warnings;
};

KTG_MUST_CHECK int ktg_ruleset_compile(const struct ktg_file *files, size_t count,
                                       struct ktg_ruleset **ret_rs, struct ktg_notes *notes,
                                       struct ktg_err *err);
struct ktg_ruleset *ktg_ruleset_free(struct ktg_ruleset *rs);
/* One more owner, of the same thread: it is freed with the last of them. */
struct ktg_ruleset *ktg_ruleset_share(struct ktg_ruleset *rs);
struct ktg_hash ktg_ruleset_hash(const struct ktg_ruleset *rs); /* of names and texts, sorted */
const struct ktg_catalogue *ktg_ruleset_catalogue(const struct ktg_ruleset *rs);

/* A whole number that is set under this name; `otherwise` where there is none, or something else. */
int64_t ktg_ruleset_number(const struct ktg_ruleset *rs, struct ktg_bytes name, int64_t otherwise);

#define KTG_BUNDLE_OWN "own.yaml"

/* A bundle as one canonical wire value (the payload of a ruleset record), and back (views into `bytes`). */
KTG_MUST_CHECK int ktg_bundle_encode(const struct ktg_file *files, size_t count,
                                     struct ktg_buf *to);
KTG_MUST_CHECK int ktg_bundle_decode(struct ktg_bytes bytes, struct ktg_arena *arena,
                                     const struct ktg_file **ret_files, size_t *ret_count,
                                     struct ktg_err *err);

size_t ktg_ruleset_count(const struct ktg_ruleset *rs);
const struct ktg_rule *ktg_ruleset_rule(const struct ktg_ruleset *rs,
                                        size_t i); /* by stratum, then name */
const struct ktg_rule *ktg_ruleset_find(const struct ktg_ruleset *rs, struct ktg_bytes name);

enum ktg_rule_status { KTG_RULE_LIVE, KTG_RULE_SHADOW, KTG_RULE_OFF, KTG_RULE_INTERNAL };
enum ktg_update { KTG_UPDATE_NONE, KTG_UPDATE_DAILY, KTG_UPDATE_CHANGE };

/* What the engine asks of a rule. */
const char *ktg_rule_name(const struct ktg_rule *r);
int ktg_rule_index(const struct ktg_rule *r);
int ktg_rule_stratum(const struct ktg_rule *r);
enum ktg_rule_status ktg_rule_status(const struct ktg_rule *r);
uint32_t ktg_rule_kinds(const struct ktg_rule *r); /* bit per subject kind of `per` */
/* 0 informational .. 4 critical: no finding of the rule is graver; 4 where its text does not say. */
int ktg_rule_gravest(const struct ktg_rule *r);
uint8_t ktg_rule_version_hash(const struct ktg_rule *r, uint8_t to[static 16]);
bool ktg_rule_reads_type(const struct ktg_rule *r,
                         int type); /* may an event of this type change its answer? */
bool ktg_rule_reads_finding(const struct ktg_rule *r,
                            int rule); /* ... a posted finding of that rule? */
/* What is settled of all conditions by the event alone: its traits as bits, bit 0 always among them.  Of a type of this
 * rule set's catalogue; NULL: no memory, the conditions alone decide. */
const uint64_t *ktg_ruleset_traits(const struct ktg_ruleset *rs, const struct ktg_event *e,
                                   struct ktg_arena *arena);
/* The same in the first words of `room`, which has ktg_ruleset_trait_room() of them; how many words. */
size_t ktg_ruleset_traits_into(const struct ktg_ruleset *rs, const struct ktg_event *e,
                               uint64_t *room);
size_t ktg_ruleset_trait_room(const struct ktg_ruleset *rs);
size_t ktg_ruleset_trait_count(const struct ktg_ruleset *rs, int type); /* 1 at least */
/* An event of the type with none of these traits matches no step of the rule, and the rule need not be asked. */
const uint16_t *ktg_rule_traits_read(const struct ktg_rule *r, int type, size_t *ret_count);
/* Does the event, of a type that the rule reads, have one of them?  NULL: it may. */
bool ktg_rule_may_read(const struct ktg_rule *r, int type, const uint64_t *traits);
/* The key of a rule: while no event on a timeline has one of these traits of its type, the rule finds nothing about the
 * subject, and wants to be woken at no time. */
bool ktg_rule_has_key(const struct ktg_rule *r);
const uint16_t *ktg_rule_key(const struct ktg_rule *r, int type, size_t *ret_count);
uint64_t ktg_rule_key_types(const struct ktg_rule *r); /* those that have one, bit (type mod 64) */
bool ktg_rule_screens(const struct ktg_rule *r); /* has `match`: reads entries in the role `like` */
bool ktg_ruleset_screens(const struct ktg_ruleset *rs); /* some rule that is not off does */
const struct ktg_reach *ktg_rule_reach(const struct ktg_rule *r);
bool ktg_rule_reads_sources(const struct ktg_rule *r); /* has `needs` */
int ktg_rule_need(const struct ktg_rule *r, size_t i); /* the type of the i-th; -1: no more */
enum ktg_update ktg_rule_update(const struct ktg_rule *r);
/* Is it a `together` rule?  Then *ret_span, and the least occasions that anybody needs (INT64_MAX: nothing ever holds). */
bool ktg_rule_together(const struct ktg_rule *r, ktg_time *ret_span, int64_t *ret_times);
/* The key of the place of an occasion: events with equal keys at most `span` apart are in company.  Depends on the
 * event and the rule set alone.  KTG_ENOTFOUND: in this role the event is no occasion of the rule. */
KTG_MUST_CHECK int ktg_rule_occasion(const struct ktg_rule *r, const struct ktg_event *e, int role,
                                     struct ktg_arena *arena, uint8_t ret_key[static 16]);
bool ktg_rule_is_read(const struct ktg_rule *r); /* some rule reads its posted findings */
bool ktg_rule_is_untested(
    const struct ktg_rule *r); /* live by its text, loaded as shadow for want of tests */
/* The n-th agency that `owner`, then `to` names in so many words, in a list or in the lists of its expression, and where; false: no
 * more.  Words that the router resolves (LEAD, SUPERIOR, SELF) are left out. */
bool ktg_rule_agency(const struct ktg_rule *r, size_t n, struct ktg_bytes *ret_code, int *ret_line,
                     int *ret_column);
/* The rule's own metadata as text for alerts and `rules ls|show`: "legal", "owner", "disproved_by.id", "level" ...; NULL: none. */
const char *ktg_rule_text(const struct ktg_rule *r, const char *what);

#endif
