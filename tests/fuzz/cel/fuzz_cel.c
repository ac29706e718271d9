/* tests/fuzz/cel/fuzz_cel.c - any text as a condition, compiled and evaluated in the world of the unit tests; what it
 * gives goes to the wire, which must be canonical, and to text.  Evaluated twice it gives the same, within its steps and
 * its memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "tests/unit/rules/cel/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    STEPS = 20000,
    BYTES = 256 << 10,
    WORLD_BYTES = 512, /* of one list that the world reads out of its event */
};

static void eval_once(struct world *w, const struct ktg_cel *plan, struct ktg_buf *wire)
{
    struct ktg_wire_limits limits = {1u << 30, 1u << 28, 32, 1u << 28};
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    size_t before = w->arena.used;
    w->env.steps = STEPS;
    w->env.used_most = before + BYTES;
    struct ktg_cel_value v = ktg_cel_eval(plan, &w->env);
    assert(w->arena.used - before <= BYTES + WORLD_BYTES);
    assert(v.kind != KTG_CEL_DYN && (w->env.steps || v.kind == KTG_CEL_ABSENT));
    if (v.kind == KTG_CEL_OBJECT) {
        assert(v.object.raw.size);
    }
    ktg_cel_to_text(&v, &w->env, &text);
    if (ktg_cel_to_wire(&v, &w->env, wire) == KTG_OK) {
        int rc = ktg_wire_check(ktg_buf_view(wire), &limits, &err);
        /* a text may write letters that are not NFC, or a key that the wire does not take */
        assert(rc == KTG_OK || rc == KTG_EINVALID);
        (void)ktg_cel_from_wire(ktg_buf_view(wire), &w->arena);
    }
    ktg_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world w;
    const struct ktg_cel *plan = NULL;
    struct ktg_buf wire = KTG_BUF_INIT, again = KTG_BUF_INIT;
    world_init(&w);
    w.scope.decimals = size % 2;
    w.scope.identity_rule = size % 3 == 0;
    int rc =
        ktg_cel_compile(ktg_bytes(data, size), "fuzz", 1, 1, &w.scope, &w.arena, &plan, &w.err);
    assert(rc == KTG_EINVALID || (rc == KTG_OK && plan));
    assert(rc == KTG_OK || w.err.text[0]);
    if (rc == KTG_OK) {
        size_t count;
        eval_once(&w, plan, &wire);
        eval_once(&w, plan, &again);
        assert(ktg_bytes_eq(ktg_buf_view(&wire), ktg_buf_view(&again)));
        (void)ktg_cel_slots(plan, &count);
        for (size_t i = 0; i < ktg_cel_conjunct_count(plan); i++) {
            const struct ktg_cel *part = ktg_cel_conjunct(plan, i);
            assert(ktg_cel_text(part).size > 0 && ktg_cel_text(part).size <= size);
            w.env.steps = 1000;
            (void)ktg_cel_eval(part, &w.env);
        }
    }
    ktg_buf_done(&wire);
    ktg_buf_done(&again);
    world_done(&w);
    return 0;
}
