/* rules/testing/story.h - the `events:` block of a rule's test, line by line (LANGUAGE.md section 11).
 *
 *     TYPE {field: value, ...} @TIME [arrives TIME] [from SOURCE] [as NAME] [supersedes NAME]
 *     retract NAME @TIME        clock @TIME
 *     silent SOURCE since TIME [sends TYPE,TYPE]
 *     heartbeat SOURCE @TIME [every SECONDS] [arrives TIME] [sends TYPE,TYPE]
 *     away TIME until TIME [arrives TIME]      nobody listened; arrives when it begins, as after a restart
 *     retired SOURCE at TIME                   it sends no more from then on
 *     restored SOURCE at TIME                  its last such line is taken back
 *     list NAME = [...]         setting NAME = VALUE
 *
 * (1) A line goes on while its braces are open.  (2) A time without a zone is +07:00.
 * (3) Ids grow by line.  Without `from` a type's first agency sends it, as AGENCY.TEST; a correction comes from the
 *     source of what it corrects.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_STORY_H
#define KTG_RULES_TESTING_STORY_H

#include "runtime/mem.h"
#include "schema/event.h"

enum ktg_story_kind {
    KTG_STORY_EVENT,
    KTG_STORY_CLOCK,
    KTG_STORY_SILENT,
    KTG_STORY_HEARTBEAT,
    KTG_STORY_AWAY,
    KTG_STORY_RETIRED,
    KTG_STORY_LIST,
    KTG_STORY_SETTING
};

struct ktg_story_step {
    enum ktg_story_kind kind;
    int line;    /* in the file */
    ktg_time at; /* EVENT, HEARTBEAT, AWAY, RETIRED: when it arrives; CLOCK, SILENT */
    ktg_time
        happens; /* EVENT: occurred_at; HEARTBEAT: its own time; AWAY: from; RETIRED: since when */
    ktg_time until;    /* AWAY */
    bool undone;       /* RETIRED: it is taken back */
    uint64_t period;   /* HEARTBEAT: s until the next one, as promised */
    size_t type_count; /* SILENT, HEARTBEAT: what the source sends; 0: all that it may */
    const struct ktg_bytes *types; /* as words */
    const uint8_t *id;             /* EVENT: 16 bytes */
    struct ktg_bytes blob;         /* EVENT */
    struct ktg_bytes name;         /* SILENT, HEARTBEAT, RETIRED: source; LIST, SETTING */
    struct ktg_bytes value;        /* LIST, SETTING: YAML text */
};

/* Read `text`, whose first line stands in `file` at `line`.  KTG_EINVALID names file and line. */
KTG_MUST_CHECK int ktg_story_parse(const struct ktg_catalogue *c, struct ktg_bytes text,
                                   const char *file, int line, struct ktg_arena *a,
                                   const struct ktg_story_step **ret_steps, size_t *ret_count,
                                   struct ktg_err *err);
/* "2026-03-01T09:00", with or without zone.  KTG_EINVALID. */
KTG_MUST_CHECK int ktg_story_time(struct ktg_bytes text, ktg_time *ret_t, int *ret_offset_min);
/* The next word of *rest, cut off it; empty at the end.  A quoted part may hold blanks. */
struct ktg_bytes ktg_story_word(struct ktg_bytes *rest);

#endif
