/* rules/engine/keys.h - the keys of the state: one letter for the kind of record, then what it is about.
 *
 *     m                     clock, position, version            b                      the rule set's bundle
 *     s RULE                suspended (suspended.h)         p RULE                 how it was judged (precision.h)
 *     t KIND 0 SUBJECT      timeline record (record.h)          a KIND 0 SUBJECT       standing answers (standing.h)
 *     d KIND 0 SUBJECT      its older entries (entries.h)       e KIND 0 SUBJECT 0 N   a record of them
 *     i IDENTIFIER          ties of a person identifier         g NAME                 members of a component
 *     c ID SOURCE           corrections of an event             h SOURCE               what was heard of a source
 *     o ID                  a posted finding                    l LABEL                label of a finding and its rev
 *     f TIME POSITION       an event dated ahead of the clock     w KEY BUCKET          who was where (company.h)
 *     n ...                 names (screen.h, named.h)           y                      when nobody listened (heard.h)
 *     u                      what is on timelines (placed.h)
 *     x RULE 0 HASH         over the budget (spent.h)           k RULE                 how many (spent.h)
 *
 * (1) Names, never indexes: those differ between rule sets (record.h says what it does about its own).
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_KEYS_H
#define KTG_RULES_ENGINE_KEYS_H

#include "rules/engine/state.h"

#define KTG_NAME_MAX 200 /* bytes of a subject id, source or identifier inside the engine */

struct ktg_key {
    size_t size;
    uint8_t data[KTG_STATE_KEY_MAX];
};
static inline struct ktg_bytes ktg_key_view(const struct ktg_key *k)
{
    return ktg_bytes(k->data, k->size);
}

/* LETTER and the parts, one after the other.  The parts fit: names are at most KTG_NAME_MAX bytes. */
void ktg_key_put(struct ktg_key *k, char letter, const struct ktg_bytes *parts, size_t count);
/* LETTER KIND 0 SUBJECT */
void ktg_key_subject(struct ktg_key *k, char letter, struct ktg_bytes kind,
                     struct ktg_bytes subject);
/* The two parts of such a key; false: it is none. */
bool ktg_key_subject_parts(struct ktg_bytes key, struct ktg_bytes *ret_kind,
                           struct ktg_bytes *ret_subject);

/* A name as the engine bears it: itself, or when longer than KTG_NAME_MAX its beginning, '#' and 32 hex digits of its
 * BLAKE2b-128, written to `room`. */
struct ktg_bytes ktg_name_fit(struct ktg_bytes name, char room[static KTG_NAME_MAX + 1]);

#endif
