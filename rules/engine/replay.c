/* rules/engine/replay.c - see replay.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/replay.h"

#include "rules/engine/player.h"
#include "schema/json.h"

#define BATCH_MOST 65536
#define PERIOD     60                        /* s between heartbeats, where a line says nothing */
#define AHEAD      ((ktg_time)5 * 60 * 1000) /* skew.ahead */

struct line { /* read ahead, and decoded */
    enum { EVENT, CLOCK, HEARTBEAT, AWAY, RETIRED, PASS_OVER, BAD } kind;
    size_t number;
    ktg_time at;            /* recorded_at; KTG_LONG_AGO: not said */
    ktg_time until;         /* of an absence */
    bool retired;           /* or taken back; `bytes` is the source */
    struct ktg_bytes bytes; /* blob, or the heartbeat as a wire map */
    const char *complaint;
};

struct replay {
    const struct ktg_replay_options *options;
    struct ktg_replay_counts counts;
    struct ktg_player *player;
    struct ktg_arena arena; /* of one batch of lines */
    struct ktg_buf buf;
    struct line *lines;
    bool begun, clocked;
};

static int on_op(void *arg, const struct ktg_op *op)
{
    struct replay *r = arg;
    r->counts.ops++;
    return r->options->out(r->options->arg, op);
}

static const struct {
    const char *name;
    int kind;
} controls[] = {{"clock", CLOCK},          {"heartbeat", HEARTBEAT}, {"away", AWAY},
                {"quarantine", PASS_OVER}, {"ruleset", PASS_OVER},   {"erased", PASS_OVER},
                {"progress", PASS_OVER},   {"erasure", PASS_OVER},   {"retired", RETIRED}};

/* Is the first key of the line one of the controls?  (A dump writes it first.) */
static int control_of(struct ktg_bytes line)
{
    size_t i = 0;
    static const char head[] = "{\"";
    for (size_t h = 0; h < 2; h++) {
        while (i < line.size && (line.data[i] == ' ' || line.data[i] == '\t'))
            i++;
        if (i >= line.size || line.data[i++] != head[h])
            return EVENT;
    }
    for (size_t c = 0; c < KTG_COUNT(controls); c++) {
        size_t n = strlen(controls[c].name);
        if (line.size - i > n && memcmp(line.data + i, controls[c].name, n) == 0 &&
            line.data[i + n] == '"')
            return controls[c].kind;
    }
    return EVENT;
}

static bool read_instant(struct ktg_bytes map, const char *key, ktg_time *ret_t)
{
    struct ktg_wire_value v;
    int offset;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR &&
           !ktg_instant_parse(v.bytes, false, ret_t, &offset);
}

bool ktg_replay_is_clock(struct ktg_bytes line)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_time at;
    bool is = control_of(line) == CLOCK && !ktg_json_parse(line, &b, NULL) &&
              read_instant(ktg_buf_view(&b), "clock", &at);
    ktg_buf_done(&b);
    return is;
}

static struct ktg_bytes keep(struct replay *r, struct ktg_bytes b)
{
    char *p = ktg_arena_strndup(&r->arena, (const char *)b.data, b.size);
    return ktg_bytes(p, p ? b.size : 0);
}

static int bad(struct replay *r, struct line *to, const char *text)
{
    to->kind = BAD;
    to->complaint = ktg_arena_strndup(&r->arena, text, strlen(text));
    return to->complaint ? KTG_OK : KTG_ENOMEM;
}

static int decode_away(struct replay *r, struct ktg_bytes map, struct line *to)
{
    struct ktg_wire_value inner;
    return ktg_wire_get(map, "away", &inner) && inner.kind == KTG_WIRE_MAP &&
                   read_instant(inner.raw, "from", &to->at) &&
                   read_instant(inner.raw, "until", &to->until) && to->at < to->until
               ? KTG_OK
               : bad(r, to, "an absence has `from` and a later `until`");
}

static int decode_retired(struct replay *r, struct ktg_bytes map, struct line *to)
{
    struct ktg_wire_value inner, source, retired;
    if (!ktg_wire_get(map, "retired", &inner) || inner.kind != KTG_WIRE_MAP ||
        !read_instant(inner.raw, "at", &to->at) || !ktg_wire_get(inner.raw, "source", &source) ||
        source.kind != KTG_WIRE_STR || !source.bytes.size)
        return bad(r, to, "a retirement has `source` and `at`");
    to->retired = !ktg_wire_get(inner.raw, "retired", &retired) || retired.kind != KTG_WIRE_BOOL ||
                  retired.integer;
    to->bytes = keep(r, source.bytes);
    return to->bytes.data ? KTG_OK : KTG_ENOMEM;
}

static int decode_control(struct replay *r, struct ktg_bytes text, struct line *to)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_wire_value inner;
    int rc = ktg_json_parse(text, &r->buf, &err);
    if (rc == KTG_ENOMEM)
        return rc;
    if (rc)
        return bad(r, to, err.text);
    struct ktg_bytes map = ktg_buf_view(&r->buf);
    if (to->kind == CLOCK)
        return read_instant(map, "clock", &to->at) ? KTG_OK : bad(r, to, "\"clock\" is no instant");
    if (to->kind == AWAY)
        return decode_away(r, map, to);
    if (to->kind == RETIRED)
        return decode_retired(r, map, to);
    if (!ktg_wire_get(map, "heartbeat", &inner) || inner.kind != KTG_WIRE_MAP)
        return bad(r, to, "\"heartbeat\" is no object");
    if (!read_instant(inner.raw, "at", &to->at))
        read_instant(inner.raw, "complete_until", &to->at);
    to->bytes = keep(r, inner.raw);
    return to->bytes.data ? KTG_OK : KTG_ENOMEM;
}

static int decode(struct replay *r, struct ktg_bytes text, struct line *to)
{
    ktg_buf_clear(&r->buf);
    to->at = KTG_LONG_AGO;
    to->kind = control_of(text);
    if (to->kind == PASS_OVER)
        return KTG_OK;
    if (to->kind != EVENT)
        return decode_control(r, text, to);
    const struct ktg_catalogue *c =
        ktg_ruleset_catalogue(ktg_engine_rules(ktg_player_engine(r->player)));
    struct ktg_json_extra extra = {0};
    struct ktg_event e;
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_json_decode(c, text, &r->buf, &extra, &err);
    if (!rc)
        rc = ktg_event_read(c, ktg_buf_view(&r->buf), &e, &err);
    if (rc == KTG_ENOMEM)
        return rc;
    if (rc)
        return bad(r, to, err.text);
    to->at = extra.has_recorded ? extra.recorded_at : e.occurred_at;
    to->bytes = keep(r, ktg_buf_view(&r->buf));
    return to->bytes.data ? KTG_OK : KTG_ENOMEM;
}

static void complain(struct replay *r, size_t line, const char *text)
{
    if (r->options->complain)
        r->options->complain(r->options->arg, line, text);
}

static int heartbeat(struct replay *r, const struct line *l, struct ktg_err *err)
{
    struct ktg_wire_value source, period, types, v;
    struct ktg_bytes *names = NULL;
    size_t count = 0;
    struct ktg_beat beat = {.at = l->at, .period = PERIOD};
    if (!ktg_wire_get(l->bytes, "source", &source) || source.kind != KTG_WIRE_STR ||
        !source.bytes.size || !read_instant(l->bytes, "complete_until", &beat.complete_until)) {
        r->counts.refused++;
        complain(r, l->number, "a heartbeat has `source` and `complete_until`");
        return KTG_OK;
    }
    if (ktg_wire_get(l->bytes, "types", &types) && types.kind == KTG_WIRE_ARRAY) {
        if (!(names = ktg_arena_alloc(&r->arena, types.count * sizeof *names + 1)))
            return KTG_ENOMEM;
        struct ktg_wire w = ktg_wire_inside(&types);
        while (count < types.count && !ktg_wire_next(&w, &v)) {
            if (v.kind == KTG_WIRE_STR)
                names[count++] = v.bytes;
        }
    }
    if (ktg_wire_get(l->bytes, "period", &period) && period.kind == KTG_WIRE_INT &&
        period.integer >= 0)
        beat.period = (uint64_t)period.integer;
    beat.source = source.bytes;
    beat.types = names;
    beat.type_count = count;
    r->counts.heartbeats++;
    return ktg_player_heartbeat(r->player, &beat, l->at, err);
}

static int take(struct replay *r, const struct line *l, struct ktg_err *err)
{
    struct ktg_err why = KTG_ERR_INIT;
    bool again = false;
    int rc = KTG_OK;
    switch (l->kind) {
    case PASS_OVER:
        return KTG_OK;
    case BAD:
        r->counts.refused++;
        complain(r, l->number, l->complaint);
        return KTG_OK;
    case CLOCK:
        if (r->begun && !r->clocked)
            return ktg_err_set(err, KTG_EINVALID,
                               "line %zu: a clock line in a stream that did not begin with one; "
                               "from a file it would be read",
                               l->number);
        r->begun = r->clocked = true;
        r->counts.clocks++;
        return ktg_player_clock(r->player, l->at, err);
    case HEARTBEAT:
        r->begun = true;
        return heartbeat(r, l, err);
    case AWAY:
        r->begun = true;
        return ktg_player_away(r->player, l->at, l->until, l->at, err);
    case RETIRED:
        r->begun = true;
        return ktg_player_retired(r->player, &(struct ktg_retirement){l->bytes, l->at, l->retired},
                                  l->at, err);
    case EVENT:
        r->begun = true;
        rc = ktg_player_event(r->player, l->bytes, l->at, &again, &why);
        if (rc == KTG_ECONFLICT || rc == KTG_EINVALID) {
            r->counts.refused += rc == KTG_EINVALID;
            r->counts.conflicts += rc == KTG_ECONFLICT;
            complain(r, l->number, why.text);
            return KTG_OK;
        }
        if (rc)
            return ktg_err_set(err, rc, "line %zu: %s", l->number, why.text);
        r->counts.duplicates += again;
        r->counts.events += !again;
        return KTG_OK;
    }
    return KTG_OK;
}

static int run(struct replay *r, struct ktg_err *err)
{
    const struct ktg_replay_options *o = r->options;
    size_t batch = o->batch ? o->batch < BATCH_MOST ? o->batch : BATCH_MOST : 1;
    bool more = true;
    int rc = KTG_OK;
    if (!(r->lines = ktg_calloc(batch, sizeof *r->lines)))
        return KTG_ENOMEM;
    while (!rc && more) {
        size_t n = 0;
        ktg_arena_reset(&r->arena);
        while (!rc && more && n < batch) {
            struct ktg_bytes text;
            rc = o->line(o->arg, &text);
            if (rc == KTG_ENOTFOUND) {
                more = false;
                rc = KTG_OK;
                break;
            }
            r->counts.lines += !rc;
            if (rc || !text.size)
                continue;
            r->lines[n].number = r->counts.lines;
            rc = decode(r, text, &r->lines[n++]);
        }
        for (size_t i = 0; !rc && i < n; i++) {
            bool dated =
                r->lines[i].at != KTG_LONG_AGO &&
                !(r->lines[i].kind == EVENT && ktg_player_in_batch(r->player, r->lines[i].at));
            if (o->until != KTG_LONG_AGO && dated && r->lines[i].at > o->until) {
                more = false;
                break;
            }
            rc = take(r, &r->lines[i], err);
        }
    }
    if (!rc)
        rc = ktg_player_reach(r->player, o->until, err);
    if (!rc && o->ask)
        rc = o->ask(o->arg, ktg_player_engine(r->player));
    return rc;
}

int ktg_replay(struct ktg_bytes bundle, const struct ktg_replay_options *options,
               struct ktg_replay_counts *ret_counts, struct ktg_err *err)
{
    struct replay r = {.options = options, .buf = KTG_BUF_INIT, .clocked = options->clocked};
    const struct ktg_player_options play = {.arg = &r,
                                            .out = on_op,
                                            .clocked = options->clocked,
                                            .answers = options->answers,
                                            .ahead = options->ahead ? options->ahead : AHEAD};
    int rc = ktg_player_new(bundle, &play, &r.player, err);
    if (!rc)
        rc = run(&r, err);
    if (!rc && ret_counts)
        *ret_counts = r.counts;
    ktg_player_free(r.player);
    ktg_arena_done(&r.arena);
    ktg_buf_done(&r.buf);
    ktg_free(r.lines);
    return rc && err && !err->text[0] ? ktg_err_set(err, rc, "replay: %s", ktg_code_advice(rc))
                                      : rc;
}
