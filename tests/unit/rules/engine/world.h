/* tests/unit/rules/engine/world.h - the shipped rules and a story, for tests of the engine.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_RULES_ENGINE_WORLD_H
#define KTG_TESTS_UNIT_RULES_ENGINE_WORLD_H

#include <string.h>

#include "rules/engine/engine.h"
#include "rules/testing/story.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

/* Seeded: xorshift64 (G. Marsaglia, Xorshift RNGs, 2003). */
struct random {
    uint64_t s;
};
static inline uint32_t below(struct random *r, uint32_t n)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return (uint32_t)((r->s >> 33) % n);
}

struct world {
    struct ktg_files files;
    struct ktg_ruleset *rs; /* for its catalogue */
    struct ktg_buf bundle;
};

/* The shipped rules, or `rules` (a text) in their place; `local` may be NULL. */
static inline void world_init(struct world *w, const char *rules, const char *local)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    *w = (struct world){.rs = NULL};
    int rc = ktg_files_read(&w->files, KTG_SOURCE_DIR "/schema", "", &err);
    if (!rc && rules)
        rc = ktg_files_put(&w->files, "rules/test.yaml", ktg_bytes_str(rules), &err);
    else if (!rc)
        rc = ktg_files_read(&w->files, KTG_SOURCE_DIR "/rules/packs", "rules/", &err);
    if (!rc)
        rc = ktg_files_read(&w->files, KTG_SOURCE_DIR "/rules/lists", "lists/", &err);
    if (!rc)
        rc = ktg_files_read_one(&w->files, KTG_SOURCE_DIR "/rules/settings.yaml", "settings.yaml",
                                &err);
    if (!rc && local)
        rc = ktg_files_put(&w->files, "local.yaml", ktg_bytes_str(local), &err);
    if (!rc)
        rc = ktg_ruleset_compile(w->files.at, w->files.count, &w->rs, &notes, &err);
    if (!rc)
        rc = ktg_bundle_encode(w->files.at, w->files.count, &w->bundle);
    if (rc)
        fail_msg("%s\n%s", err.text, ktg_buf_text(&notes.text));
    ktg_buf_done(&notes.text);
}

static inline void world_done(struct world *w)
{
    ktg_ruleset_free(w->rs);
    ktg_files_done(&w->files);
    ktg_buf_done(&w->bundle);
}

#endif
