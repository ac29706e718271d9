/* rules/testing/play.c - see play.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/play.h"

#include <stdlib.h>

#include "rules/engine/op.h"
#include "rules/engine/player.h"
#include "schema/json.h"

#define AHEAD        \
    ((ktg_time)366 * \
     KTG_DAY_MS) /* an event may arrive before it happens only by a slip of the author */

struct run {
    const struct ktg_scene *scene;
    const struct ktg_play_how *how;
    struct ktg_buf lists, settings; /* YAML of local.yaml so far */
    struct ktg_buf bundle;
    struct ktg_player *player;
    struct ktg_take *take;
};

struct arrival {
    const struct ktg_story_step *step;
    ktg_time at;
    uint64_t tie;
};

/* ---- compiled rule sets ------------------------------------------------------------------------------------------- */

static int compile(struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    const struct ktg_file *files;
    size_t count;
    int rc = ktg_bundle_decode(bundle, &a, &files, &count, NULL);
    if (!rc)
        rc = ktg_ruleset_compile(files, count, ret_rs, &notes, NULL);
    ktg_buf_done(&notes.text);
    ktg_arena_done(&a);
    return rc;
}

int ktg_compiled_get(struct ktg_compiled *c, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    for (size_t i = 0; i < KTG_COMPILED_KEPT; i++) {
        if (c->kept[i].rs && ktg_bytes_eq(ktg_buf_view(&c->kept[i].bundle), bundle)) {
            *ret_rs = ktg_ruleset_share(c->kept[i].rs);
            return KTG_OK;
        }
    }
    struct ktg_ruleset *rs;
    int rc = compile(bundle, &rs);
    if (rc)
        return rc;
    size_t at = c->next++ % KTG_COMPILED_KEPT;
    ktg_ruleset_free(c->kept[at].rs);
    c->kept[at].rs = NULL;
    ktg_buf_clear(&c->kept[at].bundle);
    ktg_buf_put_bytes(&c->kept[at].bundle, bundle);
    if (!c->kept[at].bundle.bad)
        c->kept[at].rs = ktg_ruleset_share(rs);
    *ret_rs = rs;
    return KTG_OK;
}

static int compiled(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    struct run *r = arg;
    struct ktg_compiled *c = r->scene->compiled;
    return c && !ktg_compiled_get(c, bundle, ret_rs) ? KTG_OK
                                                     : KTG_ENOTFOUND; /* the engine says why */
}

void ktg_compiled_done(struct ktg_compiled *c)
{
    for (size_t i = 0; i < KTG_COMPILED_KEPT; i++) {
        ktg_ruleset_free(c->kept[i].rs);
        ktg_buf_done(&c->kept[i].bundle);
    }
    *c = (struct ktg_compiled){.next = 0};
}

/* ---- what stands -------------------------------------------------------------------------------------------------- */

/* The line of the story on which an event stands. */
static int line_of(const struct ktg_scene *s, const uint8_t id[16])
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->steps[i].kind == KTG_STORY_EVENT && memcmp(s->steps[i].id, id, 16) == 0)
            return s->steps[i].line;
    }
    return 0;
}

static void put_until(struct ktg_buf *b, ktg_time t, int offset_min)
{
    char text[KTG_INSTANT_TEXT];
    if (t != KTG_NEVER)
        ktg_instant_format(t, offset_min, text);
    ktg_buf_put_str(b, t == KTG_NEVER ? "open" : text);
}

static int put_standing(void *arg, struct ktg_bytes rule, struct ktg_bytes kind,
                        struct ktg_bytes subject, const struct ktg_standing *f)
{
    struct run *r = arg;
    struct ktg_buf *b = &r->take->standing;
    char at[KTG_INSTANT_TEXT];
    ktg_instant_format(f->from, f->offset_min, at);
    ktg_buf_printf(b, "%.*s %.*s %.*s", (int)rule.size, (const char *)rule.data, (int)kind.size,
                   (const char *)kind.data, (int)subject.size, (const char *)subject.data);
    if (f->key.size)
        ktg_buf_printf(b, " [%.*s]", (int)f->key.size, (const char *)f->key.data);
    ktg_buf_printf(b, " from %s until ", at);
    put_until(b, f->until, f->offset_min);
    ktg_buf_printf(b, " %s, anchor line %d, evidence lines", ktg_level_name(f->level),
                   line_of(r->scene, f->anchor));
    for (size_t i = 0; i + 16 <= f->evidence.size; i += 16)
        ktg_buf_printf(b, " %d", line_of(r->scene, f->evidence.data + i));
    ktg_buf_put_str(b, ", ");
    int rc = f->values.size ? ktg_json_format(f->values, NULL, b) : KTG_OK;
    if (f->unknown) {
        ktg_buf_printf(b, " unknown: %.*s silent since ", (int)f->unknown_source.size,
                       (const char *)f->unknown_source.data);
        put_until(b, f->unknown_since, f->offset_min);
    }
    ktg_buf_put_str(b, "\n");
    return rc ? rc : ktg_buf_check(b);
}

/* ---- one run ------------------------------------------------------------------------------------------------------ */

static int out(void *arg, const struct ktg_op *op)
{
    struct run *r = arg;
    return ktg_expect_listen(&r->take->said, op);
}

static void notice(void *arg, const struct ktg_notice *n)
{
    struct run *r = arg;
    ktg_buf_printf(&r->take->suspended, "%s%.*s", r->take->suspended.size ? ", " : "",
                   (int)n->rule.size, (const char *)n->rule.data);
}

/* Lists and settings that come before anything else belong to the rule set from the start. */
static int begin(struct run *r, struct ktg_err *err)
{
    if (r->player)
        return KTG_OK;
    const struct ktg_player_options options = {.arg = r,
                                               .out = out,
                                               .notice = notice,
                                               .ahead = AHEAD,
                                               .lenient = true,
                                               .tell_internal = true,
                                               .judges_nobody = true,
                                               .restarts = r->how->way == KTG_PLAY_RESTARTED,
                                               .compiled = compiled};
    bool plain = r->scene->bundle.size && !r->lists.size && !r->settings.size;
    int rc = plain ? KTG_OK
                   : ktg_cast_bundle(r->scene->cast, ktg_buf_view(&r->lists),
                                     ktg_buf_view(&r->settings), &r->bundle, err);
    return rc ? rc
              : ktg_player_new(plain ? r->scene->bundle : ktg_buf_view(&r->bundle), &options,
                               &r->player, err);
}

static ktg_time clock_of(const struct run *r)
{
    return r->player ? ktg_engine_now(ktg_player_engine(r->player)) : KTG_LONG_AGO;
}

/* Does the line say when it comes?  Then the clock goes there. */
static bool has_time(const struct ktg_story_step *s)
{
    return s->kind == KTG_STORY_EVENT || s->kind == KTG_STORY_CLOCK ||
           s->kind == KTG_STORY_HEARTBEAT || s->kind == KTG_STORY_AWAY ||
           s->kind == KTG_STORY_RETIRED;
}

/* When a line without a time of its own is taken: by the clock, or where the shuffle has put it. */
static ktg_time when(const struct run *r, const struct arrival *x)
{
    ktg_time clock = clock_of(r);
    if (has_time(x->step))
        return x->at;
    return r->how->way == KTG_PLAY_SHUFFLED && x->at > clock ? x->at : clock;
}

static int local(struct run *r, const struct arrival *x, struct ktg_err *err)
{
    const struct ktg_story_step *s = x->step;
    ktg_buf_printf(s->kind == KTG_STORY_LIST ? &r->lists : &r->settings, "  %.*s: %.*s\n",
                   (int)s->name.size, (const char *)s->name.data, (int)s->value.size,
                   (const char *)s->value.data);
    if (!r->player)
        return KTG_OK;
    int rc = ktg_cast_bundle(r->scene->cast, ktg_buf_view(&r->lists), ktg_buf_view(&r->settings),
                             &r->bundle, err);
    return rc ? rc : ktg_player_ruleset(r->player, ktg_buf_view(&r->bundle), when(r, x), err);
}

static int take_step(struct run *r, const struct arrival *x, struct ktg_err *err)
{
    const struct ktg_story_step *s = x->step;
    ktg_time happens = s->kind == KTG_STORY_HEARTBEAT ? s->happens : s->at;
    struct ktg_beat beat;
    struct ktg_retirement word;
    bool again;
    int rc;
    if (s->kind == KTG_STORY_LIST || s->kind == KTG_STORY_SETTING)
        return local(r, x, err);
    if ((rc = begin(r, err)))
        return rc;
    switch (s->kind) {
    case KTG_STORY_EVENT:
        rc = ktg_player_event(r->player, s->blob, x->at, &again, err);
        if (!rc && r->how->way == KTG_PLAY_TWICE)
            rc = ktg_player_event(r->player, s->blob, x->at, &again, err);
        return rc;
    case KTG_STORY_CLOCK:
        return ktg_player_reach(r->player, s->at, err);
    case KTG_STORY_SILENT: /* one heartbeat: said now, about then */
    case KTG_STORY_HEARTBEAT:
        beat = (struct ktg_beat){.source = s->name, .at = happens, .complete_until = happens};
        beat.period = s->period;
        beat.types = s->types;
        beat.type_count = s->type_count;
        rc = ktg_player_heartbeat(r->player, &beat, when(r, x), err);
        if (!rc && r->how->way == KTG_PLAY_TWICE)
            rc = ktg_player_heartbeat(r->player, &beat, when(r, x), err);
        return rc;
    case KTG_STORY_AWAY:
        rc = ktg_player_away(r->player, s->happens, s->until, when(r, x), err);
        if (!rc && r->how->way == KTG_PLAY_TWICE)
            rc = ktg_player_away(r->player, s->happens, s->until, when(r, x), err);
        return rc;
    case KTG_STORY_RETIRED:
        word = (struct ktg_retirement){s->name, s->happens, !s->undone};
        rc = ktg_player_retired(r->player, &word, when(r, x), err);
        if (!rc && r->how->way == KTG_PLAY_TWICE)
            rc = ktg_player_retired(r->player, &word, when(r, x), err);
        return rc;
    default:
        return KTG_OK;
    }
}

/* ---- orders of arrival -------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *s) /* xorshift64: the same everywhere */
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static int by_arrival(const void *x, const void *y)
{
    const struct arrival *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return (a->tie > b->tie) - (a->tie < b->tie);
}

/* Events anywhere between their instant and the end; everything else where the clock was when its line came. */
static void shuffle(struct arrival *list, size_t count, uint64_t seed, ktg_time end)
{
    uint64_t s = seed * UINT64_C(0x9E3779B97F4A7C15) | 1;
    ktg_time clock = KTG_LONG_AGO;
    for (size_t i = 0; i < count; i++) {
        const struct ktg_story_step *step = list[i].step;
        if (has_time(step))
            clock = step->at > clock ? step->at : clock;
        list[i].at = clock;
        list[i].tie = i; /* before the events of its instant */
        if (step->kind != KTG_STORY_EVENT)
            continue;
        ktg_time from = step->happens < step->at ? step->happens : step->at;
        list[i].at = seed && from < end
                         ? from + (ktg_time)(next_random(&s) % (uint64_t)(end - from + 1))
                         : end;
        list[i].tie = count + (seed ? next_random(&s) >> 8 : count - i);
    }
    qsort(list, count, sizeof *list, by_arrival);
}

static int play_all(struct run *r, struct arrival *list, struct ktg_err *err)
{
    const struct ktg_scene *scene = r->scene;
    ktg_time end = KTG_LONG_AGO, until = r->how->until ? r->how->until : KTG_NEVER;
    int rc = KTG_OK;
    for (size_t i = 0; i < scene->count; i++) {
        const struct ktg_story_step *s = &scene->steps[i];
        list[i] = (struct arrival){s, s->at, i};
        if (has_time(s) && s->at > end)
            end = s->at;
    }
    if (r->how->way == KTG_PLAY_SHUFFLED)
        shuffle(list, scene->count, r->how->seed, end);
    for (size_t i = 0; !rc && i < scene->count; i++) {
        if (has_time(list[i].step) && list[i].at > until)
            break;
        if ((rc = take_step(r, &list[i], err)))
            ktg_err_wrap(err, rc, "%s:%d", scene->file, list[i].step->line);
    }
    for (size_t i = 0; !rc && r->how->way == KTG_PLAY_TWICE && i < scene->count; i++) {
        if (list[i].step->kind == KTG_STORY_EVENT)
            rc = take_step(r, &list[i], err);
    }
    if (rc || !r->player)
        return rc;
    ktg_time to = until != KTG_NEVER ? until : end;
    if (to != KTG_LONG_AGO && (r->how->until || r->how->way == KTG_PLAY_SHUFFLED))
        rc = ktg_player_reach(r->player, to, err);
    if (!rc && r->how->ask)
        rc = r->how->ask(r->how->arg, ktg_player_engine(r->player));
    return rc ? rc : ktg_engine_standing(ktg_player_engine(r->player), put_standing, r);
}

int ktg_play(const struct ktg_scene *scene, const struct ktg_play_how *how,
             struct ktg_take *ret_take, struct ktg_err *err)
{
    struct run r = {.scene = scene, .how = how, .take = ret_take};
    *ret_take = (struct ktg_take){.standing = KTG_BUF_INIT};
    ret_take->said.a = &ret_take->arena;
    struct arrival *list = ktg_calloc(scene->count + 1, sizeof *list);
    int rc = list ? play_all(&r, list, err) : ktg_err_set(err, KTG_ENOMEM, "no memory");
    ktg_player_free(r.player);
    ktg_buf_done(&r.lists);
    ktg_buf_done(&r.settings);
    ktg_buf_done(&r.bundle);
    ktg_free(list);
    return rc;
}

void ktg_take_done(struct ktg_take *t)
{
    ktg_expect_done(&t->said);
    ktg_buf_done(&t->standing);
    ktg_buf_done(&t->suspended);
    ktg_arena_done(&t->arena);
    *t = (struct ktg_take){.standing = KTG_BUF_INIT};
}
