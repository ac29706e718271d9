/* rules/testing/play.h - a test's story on the engine: as it is written, and in ways that must come to the same end.
 *
 *     as written   line by line                                                         what is said
 *     twice        every event again at once, and all of them again at the end          said the same
 *     restarted    the engine begins anew after every record and every due instant      said the same
 *     shuffled     events arrive late, in another order; clock, lists, silence stay     the same stands at the end
 *
 * (1) A scene is ready to be played any number of times; a take is what came of one.
 * (2) Deterministic: orders are made from a seed.
 * Pure.  Owned by one thread.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_PLAY_H
#define KTG_RULES_TESTING_PLAY_H

#include "rules/testing/cast.h"
#include "rules/testing/expect.h"
#include "rules/testing/story.h"

/* Rule sets that were compiled before, by their bundles: an engine that begins anew need not compile. */
enum { KTG_COMPILED_KEPT = 4 };
struct ktg_compiled {
    struct {
        struct ktg_buf bundle;
        struct ktg_ruleset *rs;
    } kept[KTG_COMPILED_KEPT];
    size_t next;
};
/* An owner's share; a code when it does not compile. */
KTG_MUST_CHECK int ktg_compiled_get(struct ktg_compiled *c, struct ktg_bytes bundle,
                                    struct ktg_ruleset **ret_rs);
void ktg_compiled_done(struct ktg_compiled *c);

struct ktg_scene {
    const struct ktg_cast *cast;
    const char *file;
    const struct ktg_story_step *steps;
    size_t count;
    struct ktg_compiled *compiled; /* may be shared by scenes; NULL: compile each time */
    struct ktg_bytes bundle; /* of the cast, without lists and settings; empty: made each time */
};

enum ktg_play_way { KTG_PLAY_WRITTEN, KTG_PLAY_TWICE, KTG_PLAY_RESTARTED, KTG_PLAY_SHUFFLED };
struct ktg_play_how {
    enum ktg_play_way way;
    uint64_t seed;  /* SHUFFLED; 0: all at the end, the last one first */
    ktg_time until; /* WRITTEN: stop here (0: at the end) and call ... */
    int (*ask)(void *arg, struct ktg_engine *e); /* ... this; may be NULL */
    void *arg;
};

struct ktg_take {
    struct ktg_arena arena;
    struct ktg_heard_ops said;
    struct ktg_buf
        standing; /* a line per finding that stands at the end, for people and for comparison */
    struct ktg_buf suspended; /* names of rules that used up their budget */
};

/* The take is overwritten; ktg_take_done() it.  KTG_EINVALID: the story or the rules are wrong, err names file and line. */
KTG_MUST_CHECK int ktg_play(const struct ktg_scene *scene, const struct ktg_play_how *how,
                            struct ktg_take *ret_take, struct ktg_err *err);
void ktg_take_done(struct ktg_take *t);

#endif
