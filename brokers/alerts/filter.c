/* brokers/alerts/filter.c - the picture and the numbered invariants are in filter.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/filter.h"

#include <stdio.h>

#include "rules/cel/cel.h"
#include "rules/level.h"

enum { STEPS = 100000 }; /* of one evaluation: what a text of this length may need, and more */
enum { DISTRICT, LEVEL, RULE, STATE, NAMES };

static const char *const states[] = {"open", "closed", "withdrawn", "unknown", NULL};
static const struct {
    const char *name;
    const char *const *codes;
} names[NAMES] = {
    [DISTRICT] = {"district", NULL},
    [LEVEL] = {"level", ktg_level_names},
    [RULE] = {"rule", NULL},
    [STATE] = {"state", states},
};

struct ktg_filter {
    struct ktg_arena arena, scratch;
    const struct ktg_cel *plan;
    struct ktg_bytes now[NAMES]; /* of the change that is looked at */
};

struct compiling {
    char suspicious[160]; /* the first warning */
};

static int find_name(void *arg, struct ktg_bytes name, int *ret_slot, struct ktg_cel_type *ret_type)
{
    (void)arg;
    for (int i = 0; i < NAMES; i++)
        if (ktg_bytes_is(name, names[i].name)) {
            *ret_slot = i;
            *ret_type = (struct ktg_cel_type){.kind = KTG_CEL_STRING, .codes = names[i].codes};
            return KTG_OK;
        }
    return KTG_ENOTFOUND;
}

static int no_field(void *arg, const void *row, struct ktg_bytes name,
                    struct ktg_cel_type *ret_type)
{
    (void)arg, (void)row, (void)name, (void)ret_type;
    return KTG_ENOTFOUND;
}

static const char *no_nearest(void *arg, const void *row, struct ktg_bytes name)
{
    (void)arg, (void)row, (void)name;
    return "district, level, rule, state";
}

static void warn(void *arg, int line, int column, const char *text)
{
    struct compiling *c = arg;
    if (!c->suspicious[0])
        snprintf(c->suspicious, sizeof c->suspicious, "filter:%d:%d: %s", line, column, text);
}

/* Of functions that look outside, nothing: an installation's lists are not an agency's to ask. */
static bool reads_outside(struct ktg_bytes text)
{
    static const char *const outside[] = {"list(", "setting(", "list (", "setting ("};
    for (size_t i = 0; i < KTG_COUNT(outside); i++)
        if (memmem(text.data, text.size, outside[i], strlen(outside[i])))
            return true;
    return false;
}

int ktg_filter_new(struct ktg_bytes text, struct ktg_filter **ret_f, struct ktg_err *err)
{
    struct compiling c = {""};
    const struct ktg_cel_scope scope = {
        .arg = &c, .name = find_name, .field = no_field, .nearest = no_nearest, .warn = warn};
    if (text.size == 0 || text.size > KTG_FILTER_MOST)
        return ktg_err_set(err, KTG_EINVALID, "filter: 1 to %d bytes", KTG_FILTER_MOST);
    if (reads_outside(text))
        return ktg_err_set(err, KTG_EINVALID, "filter: it cannot read lists or settings");
    struct ktg_filter *f = ktg_zalloc(sizeof *f);
    if (!f)
        return ktg_err_set(err, KTG_ENOMEM, "filter: no memory");
    char *copy = ktg_arena_strndup(&f->arena, (const char *)text.data, text.size);
    int rc = copy ? ktg_cel_compile(ktg_bytes(copy, text.size), "filter", 1, 1, &scope, &f->arena,
                                    &f->plan, err)
                  : ktg_err_set(err, KTG_ENOMEM, "filter: no memory");
    enum ktg_cel_kind kind = rc ? KTG_CEL_BOOL : ktg_cel_type_of(f->plan).kind;
    if (!rc && kind != KTG_CEL_BOOL)
        rc = ktg_err_set(err, KTG_EINVALID,
                         "filter:1:1: no condition, it is neither true nor false");
    if (!rc && c.suspicious[0])
        rc = ktg_err_set(err, KTG_EINVALID, "%s", c.suspicious);
    if (rc) {
        ktg_filter_free(f);
        return rc;
    }
    *ret_f = f;
    return KTG_OK;
}

struct ktg_filter *ktg_filter_free(struct ktg_filter *f)
{
    if (f) {
        ktg_arena_done(&f->arena);
        ktg_arena_done(&f->scratch);
        ktg_free(f);
    }
    return NULL;
}

static struct ktg_cel_value slot(void *arg, int i)
{
    const struct ktg_filter *f = arg;
    struct ktg_cel_value v = {.kind = f->now[i].size ? KTG_CEL_STRING : KTG_CEL_ABSENT};
    v.s = f->now[i];
    return v;
}

static struct ktg_cel_value no_value(void *arg, const struct ktg_cel_value *ref,
                                     struct ktg_bytes name)
{
    (void)arg, (void)ref, (void)name;
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}
static struct ktg_cel_value nothing(void *arg, struct ktg_bytes name)
{
    (void)arg, (void)name;
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}
static bool has_not(void *arg, struct ktg_bytes list, struct ktg_bytes word, ktg_time at)
{
    (void)arg, (void)list, (void)word, (void)at;
    return false;
}

bool ktg_filter_passes(struct ktg_filter *f, struct ktg_bytes rule, const struct ktg_seen *seen,
                       size_t count)
{
    bool passes = false;
    for (size_t i = count; i-- > 0 && !passes;) {
        struct ktg_cel_env env = {.arg = f,
                                  .arena = &f->scratch,
                                  .steps = STEPS,
                                  .slot = slot,
                                  .field = no_value,
                                  .setting = nothing,
                                  .list_has = has_not,
                                  .list = nothing};
        if (!seen[i].state.size) /* it was more than could be remembered: an alert too many */
            return true;
        f->now[DISTRICT] = seen[i].district;
        f->now[LEVEL] = seen[i].level;
        f->now[RULE] = rule;
        f->now[STATE] = seen[i].state;
        passes = ktg_cel_is_true(ktg_cel_eval(f->plan, &env));
        passes = passes || env.steps == 0; /* it could not be worked out: an alert too many */
        ktg_arena_reset(&f->scratch);
    }
    return passes;
}
