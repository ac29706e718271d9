/* rules/testing/story_event.h - an event of a test, from its {fields} to canonical bytes.
 *
 *     {person: P1, companions: [P2], sponsor: {kind: person, id: S1}}     a YAML flow map
 *     person: P1   is  doc: {kind: P, issuer: UTO, number: P1}            where a holder block stands
 *     P2           is  {kind: P, issuer: UTO, number: P2}                 where a document is wanted
 *
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_STORY_EVENT_H
#define KTG_RULES_TESTING_STORY_EVENT_H

#include "runtime/mem.h"
#include "schema/event.h"

struct ktg_story_event {
    const struct ktg_type *type;
    struct ktg_bytes fields, source;
    ktg_time at;
    int offset_min;
    uint8_t id[16];
    const uint8_t *supersedes, *retracts; /* or NULL */
};

/* KTG_EINVALID names file, line, field and the nearest one. */
KTG_MUST_CHECK int ktg_story_event_encode(const struct ktg_catalogue *c,
                                          const struct ktg_story_event *e, const char *file,
                                          int line, struct ktg_arena *a, struct ktg_bytes *ret_blob,
                                          struct ktg_err *err);

#endif
