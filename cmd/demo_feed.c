/* cmd/demo_feed.c - the picture and the numbered invariants are in demo_feed.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/demo_feed.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/civil.h"
#include "runtime/mem.h"
#include "schema/json.h"

#define AHEAD   (23 * 3600000LL) /* ms; skew.ahead of a demo is a day */
#define ARCHIVE "SYSTEM.ARCHIVE"
#define CALLING 5000 /* ms: then the week begins with those who are there */
#define AT_ONCE 1024 /* events in one step */

struct installation {
    struct ktg_demo_feed *of;
    const char *source;
    struct ktg_agent *agent;
    bool offline;
};

struct sent { /* in the order of submission */
    ktg_time made;
    int64_t at; /* mono ns; 0: history */
    uint8_t id[16];
};

struct ktg_demo_feed {
    struct ktg_demo_feed_options o;
    struct ktg_clockfile *clock;
    struct installation archive, *installations;
    struct ktg_curve_pair *keys; /* of the installations */
    size_t count, opened;
    enum ktg_demo_phase phase;
    ktg_time start, live, end;
    int64_t calling_since;
    struct ktg_simulate_event next;
    bool has_next, stopped, may_begin;
    struct sent *sent;
    uint32_t *by_id; /* index + 1, open addressing */
    size_t sent_count, slots, archived;
    struct ktg_timer *soon;
    struct ktg_buf line, blob;
    struct ktg_demo_feed_counts counts;
    int broken;
    struct ktg_err why;
};

static ktg_time now_of(const struct ktg_demo_feed *f)
{
    return ktg_clock_now(&(struct ktg_clock){.scale = 1, .file = f->clock});
}

/* ---- what the agents say --------------------------------------------------------------------------------------- */

static void on_receipt(void *arg, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault)
{
    struct installation *in = arg;
    struct ktg_demo_feed *f = in->of;
    uint64_t *const counts[] = {[KTG_RECEIPT_ACCEPTED] = &f->counts.accepted,
                                [KTG_RECEIPT_DUPLICATE] = &f->counts.duplicate,
                                [KTG_RECEIPT_REJECTED] = &f->counts.rejected,
                                [KTG_RECEIPT_STORED] = &f->counts.stored};
    ++*counts[r->status];
    if (fault) {
        struct ktg_err err = KTG_ERR_INIT;
        (void)ktg_err_set(&err, KTG_EINVALID, "rejected: %.*s (%.*s)", (int)fault->text.size,
                          (const char *)fault->text.data, (int)fault->where.size,
                          (const char *)fault->where.data);
        f->o.on_trouble(f->o.arg, in->source, &err);
    }
    if (in == &f->archive) {
        f->archived++;
        ktg_timer_start(f->soon, 0, 0); /* there is room for more history */
    }
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    struct installation *in = arg;
    in->of->o.on_trouble(in->of->o.arg, in->source, what);
}

static void on_broken(void *arg, const struct ktg_err *why)
{
    struct installation *in = arg;
    in->of->broken = why && why->code ? why->code : KTG_EIO;
    if (why)
        in->of->why = *why;
}

static void on_state(void *arg, enum ktg_agent_state state, const struct ktg_err *why)
{
    if (why && (state == KTG_AGENT_REFUSED || state == KTG_AGENT_FENCED))
        on_trouble(arg, why);
}

static void on_soon(void *arg)
{
    struct ktg_demo_feed *f = arg;
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_demo_feed_step(f, &err);
    if (rc && !f->broken) {
        f->broken = rc;
        f->why = err;
    }
}

static int open_agent(struct ktg_demo_feed *f, struct installation *in,
                      const struct ktg_curve_pair *keys, struct ktg_err *err)
{
    char folder[KTG_DEMO_PATH + 64], name[128];
    const char *const sources[] = {in->source, NULL};
    bool archive = in == &f->archive;
    snprintf(name, sizeof name, "outbox/%s", in->source);
    ktg_demo_site_path(f->o.site, name, folder);
    const struct ktg_agent_options o = {.loop = f->o.loop,
                                        .context = f->o.context,
                                        .clock = {.scale = 1, .file = f->clock},
                                        .name = in->source,
                                        .folder = folder,
                                        .outbox = {.map_size = archive ? 256u << 20 : 64u << 20},
                                        .endpoint = f->o.endpoint,
                                        .keys = keys,
                                        .server_key = f->o.server_key,
                                        .sources = archive ? NULL : sources,
                                        .batch_events = archive ? 512 : 0,
                                        .retry_max = 1000};
    const struct ktg_agent_calls calls = {.on_receipt = on_receipt,
                                          .on_state = on_state,
                                          .on_trouble = on_trouble,
                                          .on_broken = on_broken,
                                          .arg = in};
    int rc = ktg_agent_open(&o, &calls, &in->agent, err);
    if (!rc && !archive)
        ktg_agent_pause(in->agent, true); /* heartbeats vouch for a source: not before the week */
    return rc ? ktg_err_wrap(err, rc, "%s", in->source) : KTG_OK;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static void take_next(struct ktg_demo_feed *f)
{
    f->has_next = ktg_simulate_next(f->o.country, &f->next);
}

static int make_keys(struct ktg_demo_feed *f, struct ktg_curve_pair *archive, struct ktg_err *err)
{
    int rc =
        ktg_demo_site_enrol(f->o.site, ARCHIVE, "SYSTEM", KTG_ROLE_PRODUCER, "*", archive, err);
    for (size_t i = 0; !rc && i < f->count; i++) {
        const char *source = ktg_simulate_source(f->o.country, i);
        char agency[KTG_AGENCY_CODE];
        snprintf(agency, sizeof agency, "%.*s", (int)strcspn(source, "."), source);
        f->installations[i] = (struct installation){.of = f, .source = source};
        rc = ktg_demo_site_enrol(f->o.site, source, agency, KTG_ROLE_PRODUCER, source, &f->keys[i],
                                 err);
    }
    return rc;
}

int ktg_demo_feed_open(const struct ktg_demo_feed_options *o, struct ktg_clockfile *clock,
                       struct ktg_demo_feed **ret_f, struct ktg_err *err)
{
    struct ktg_demo_feed *f = ktg_zalloc(sizeof *f);
    struct ktg_curve_pair archive = {0};
    char folder[KTG_DEMO_PATH + 64];
    size_t n = ktg_simulate_count(o->country);
    if (!f)
        return ktg_err_set(err, KTG_ENOMEM, "demo: no memory");
    f->o = *o;
    f->clock = clock;
    f->count = ktg_simulate_source_count(o->country);
    f->archive = (struct installation){.of = f, .source = ARCHIVE};
    ktg_simulate_span(o->country, &f->start, &f->live, &f->end);
    for (f->slots = 64; f->slots < n * 2; f->slots *= 2)
        ;
    f->installations = ktg_calloc(f->count, sizeof *f->installations);
    f->keys = ktg_calloc(f->count, sizeof *f->keys);
    f->sent = ktg_calloc(n, sizeof *f->sent);
    f->by_id = ktg_calloc(f->slots, sizeof *f->by_id);
    bool room = f->installations && f->keys && f->sent && f->by_id;
    int rc = room ? KTG_OK : ktg_err_set(err, KTG_ENOMEM, "demo: no memory");
    ktg_demo_site_path(o->site, "outbox", folder);
    if (!rc && mkdir(folder, 0700))
        rc = ktg_err_set(err, KTG_EIO, "demo: cannot make %s", folder);
    if (!rc)
        rc = ktg_timer_new(o->loop, on_soon, f, &f->soon, err);
    if (!rc)
        rc = make_keys(f, &archive, err);
    if (!rc)
        rc = open_agent(f, &f->archive, &archive, err);
    ktg_curve_forget(&archive);
    if (rc) {
        ktg_demo_feed_close(f);
        return rc;
    }
    take_next(f);
    *ret_f = f;
    return KTG_OK;
}

struct ktg_demo_feed *ktg_demo_feed_close(struct ktg_demo_feed *f)
{
    if (!f)
        return NULL;
    f->soon = ktg_timer_free(f->soon);
    ktg_agent_close(f->archive.agent);
    for (size_t i = 0; f->installations && i < f->count; i++) {
        ktg_agent_close(f->installations[i].agent);
        if (f->keys)
            ktg_curve_forget(&f->keys[i]);
    }
    ktg_free(f->installations);
    ktg_free(f->keys);
    ktg_free(f->sent);
    ktg_free(f->by_id);
    ktg_buf_done(&f->line);
    ktg_buf_done(&f->blob);
    ktg_free(f);
    return NULL;
}

/* ---- submitting ---------------------------------------------------------------------------------------------------- */

static size_t slot_of(const struct ktg_demo_feed *f, const uint8_t id[static 16])
{
    size_t i = ktg_get_le64(id + 8) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (f->slots - 1);
    while (f->by_id[i] && memcmp(f->sent[f->by_id[i] - 1].id, id, 16) != 0)
        i = (i + 1) & (f->slots - 1);
    return i;
}

/* The event that is next, to `agent`.  KTG_EAGAIN: it has no room now. */
static int submit(struct ktg_demo_feed *f, struct ktg_agent *agent, int64_t at, struct ktg_err *err)
{
    ktg_buf_clear(&f->line);
    ktg_buf_clear(&f->blob);
    ktg_simulate_print(&f->next, false, &f->line);
    int rc = ktg_buf_check(&f->line);
    if (!rc)
        rc = ktg_json_decode(f->o.catalogue, ktg_buf_view(&f->line), &f->blob, NULL, err);
    if (!rc)
        rc = ktg_agent_submit(agent, ktg_buf_view(&f->blob), NULL, err);
    if (rc)
        return rc;
    struct sent *s = &f->sent[f->sent_count++];
    *s = (struct sent){.made = f->next.made_at, .at = at};
    memcpy(s->id, f->next.id, sizeof s->id);
    f->by_id[slot_of(f, s->id)] = (uint32_t)f->sent_count;
    f->counts.submitted++;
    take_next(f);
    return KTG_OK;
}

int64_t ktg_demo_feed_submitted(const struct ktg_demo_feed *f, const uint8_t id[static 16])
{
    size_t i = slot_of(f, id);
    return f->by_id[i] ? f->sent[f->by_id[i] - 1].at : 0;
}

static struct installation *of_source(struct ktg_demo_feed *f, const char *source)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->installations[i].source, source) == 0)
            return &f->installations[i];
    return NULL;
}

/* ---- the phases ------------------------------------------------------------------------------------------------------ */

static int open_next(struct ktg_demo_feed *f, struct ktg_err *err)
{
    int rc = KTG_OK;
    if (f->opened < f->count) /* one a step, while history is on its way */
        rc = open_agent(f, &f->installations[f->opened], &f->keys[f->opened], err);
    f->opened += !rc && f->opened < f->count;
    return rc;
}

static int step_history(struct ktg_demo_feed *f, struct ktg_err *err)
{
    int rc = KTG_OK;
    bool whole = f->archived == f->sent_count;
    ktg_time upto = !whole        ? f->sent[f->archived].made - 1
                    : f->has_next ? f->next.made_at - 1
                                  : f->live;
    upto = upto < f->live ? upto : f->live;
    if (upto > now_of(f))
        ktg_clockfile_set(f->clock, upto, 1);
    for (int n = 0; !rc && n < AT_ONCE && f->has_next && f->next.made_at < f->live &&
                    f->next.made_at <= upto + AHEAD;
         n++)
        rc = submit(f, f->archive.agent, 0, err);
    if (rc && rc != KTG_EAGAIN)
        return rc;
    if (f->archived < f->sent_count || (f->has_next && f->next.made_at < f->live) ||
        f->opened < f->count)
        return open_next(f, err);
    ktg_clockfile_set(f->clock, f->live, 1);
    for (size_t i = 0; i < f->count; i++)
        ktg_agent_pause(f->installations[i].agent, false);
    ktg_agent_pause(f->archive.agent, true);
    f->calling_since = ktg_mono_ms();
    f->phase = KTG_DEMO_CALLING;
    return KTG_OK;
}

static void step_calling(struct ktg_demo_feed *f)
{
    size_t online = 0;
    for (size_t i = 0; i < f->count; i++)
        online += ktg_agent_state(f->installations[i].agent) == KTG_AGENT_ONLINE;
    if (!f->may_begin || (online < f->count && ktg_mono_ms() - f->calling_since < CALLING))
        return;
    ktg_clockfile_set(f->clock, f->live, f->o.speed);
    f->phase = KTG_DEMO_WEEK;
}

static uint64_t waiting(const struct installation *in)
{
    struct ktg_outbox_stat st;
    return ktg_outbox_stat(ktg_agent_outbox(in->agent), &st, NULL) ? 0 : st.waiting;
}

static void set_line(struct ktg_demo_feed *f, struct installation *in, bool offline)
{
    if (in->offline == offline)
        return;
    in->offline = offline;
    ktg_agent_pause(in->agent, offline);
    f->o.on_line(f->o.arg, in->source, !offline, waiting(in));
}

static int step_week(struct ktg_demo_feed *f, struct ktg_err *err)
{
    ktg_time now = now_of(f);
    const struct ktg_simulate_outage *out;
    int rc = KTG_OK;
    for (size_t i = 0; (out = ktg_simulate_outage(f->o.country, i)); i++) {
        struct installation *in = of_source(f, out->source);
        if (in)
            set_line(f, in, now >= out->from && now < out->until);
    }
    int64_t at = ktg_mono_ns();
    for (int n = 0; !rc && n < AT_ONCE && f->has_next && f->next.made_at <= now; n++) {
        struct installation *in = of_source(f, f->next.source);
        rc = in ? submit(f, in->agent, in->offline ? 0 : at, err)
                : ktg_err_set(err, KTG_EINVALID, "demo: nobody speaks for %s", f->next.source);
    }
    if (!f->has_next && now >= f->end)
        f->phase = KTG_DEMO_OVER;
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

int ktg_demo_feed_step(struct ktg_demo_feed *f, struct ktg_err *err)
{
    if (f->broken)
        return ktg_err_set(err, f->broken, "%s", f->why.text);
    if (f->stopped)
        return KTG_OK;
    if (f->phase == KTG_DEMO_HISTORY)
        return step_history(f, err);
    if (f->phase == KTG_DEMO_CALLING)
        step_calling(f);
    return f->phase == KTG_DEMO_WEEK ? step_week(f, err) : KTG_OK;
}

enum ktg_demo_phase ktg_demo_feed_phase(const struct ktg_demo_feed *f)
{
    return f->phase;
}

void ktg_demo_feed_begin_week(struct ktg_demo_feed *f)
{
    f->may_begin = true;
}

void ktg_demo_feed_slow_down(struct ktg_demo_feed *f)
{
    f->o.speed = 1;
    if (ktg_clockfile_scale(f->clock) != 1)
        ktg_clockfile_set(f->clock, KTG_LONG_AGO, 1);
}

void ktg_demo_feed_stop(struct ktg_demo_feed *f)
{
    f->stopped = true;
    for (size_t i = 0; i < f->opened; i++)
        if (waiting(&f->installations[i]))
            ktg_agent_pause(f->installations[i].agent, false);
}

bool ktg_demo_feed_is_idle(const struct ktg_demo_feed *f)
{
    bool idle = ktg_agent_is_idle(f->archive.agent);
    for (size_t i = 0; idle && i < f->opened; i++)
        idle = ktg_agent_is_idle(f->installations[i].agent);
    return idle;
}

const struct ktg_demo_feed_counts *ktg_demo_feed_counts(const struct ktg_demo_feed *f)
{
    return &f->counts;
}
