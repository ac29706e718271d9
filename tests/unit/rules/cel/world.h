/* tests/unit/rules/cel/world.h - a small synthetic world for conditions: names, an event, spans, lists, settings.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_RULES_CEL_WORLD_H
#define KTG_TESTS_RULES_CEL_WORLD_H

#include "rules/cel/cel.h"
#include "runtime/buf.h"

struct world {
    struct ktg_arena arena;
    struct ktg_cel_scope scope;
    struct ktg_cel_env env;
    struct ktg_buf event, warnings;
    struct ktg_err err;
    int warned;
};

void world_init(struct world *w); /* now = 2026-04-10T00:00+07:00, a million steps */
void world_done(struct world *w);
/* Compile; NULL: refused, w->err says why. */
const struct ktg_cel *world_compile(struct world *w, const char *text);
struct ktg_cel_value world_eval(struct world *w, const char *text);
/* A value as the tables write it: absent null true 7 'text' 36h 2026-03-31 2026-03-31T00:00:00Z [1, 2] {'a': 1}. */
const char *world_show(struct world *w, const struct ktg_cel_value *v);

#endif
