/* cmd/demo_look.c - see demo_look.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/demo_look.h"

#include <stdio.h>
#include <string.h>

#include "brokers/alerts/handed.h"
#include "runtime/journal/journal.h"
#include "runtime/mem.h"
#include "schema/finding.h"
#include "schema/record.h"
#include "schema/wire.h"

#define MOST_SOURCES 256
#define MOST_RULES   128
#define MOST_TOLD    64
#define SYSTEM       "SYSTEM."
#define EVERYTHING   "IMI" /* is told of every alert, whatever the rule's `to` */

static const char *const op_names[KTG_DEMO_OPS] = {"raise", "amend", "withdraw", "unknown"};
static const char *const acts[] = {"alert.ack",
                                   "alert.closed"}; /* event types that a person makes */

struct source {
    char name[64];
    int64_t heard; /* mono ms */
};

struct told {
    char agency[16];
    uint64_t due;
};

struct said {
    uint8_t finding[16];
    uint64_t rev, pos;
};

struct ktg_demo_look {
    char journal[256], findings[256];
    struct ktg_journal_reader *events, *answers;
    struct ktg_demo_look_counts counts;
    struct source sources[MOST_SOURCES];
    struct ktg_demo_rule rules[MOST_RULES];
    struct told told[MOST_TOLD];
    size_t source_count, rule_count, told_count;
    struct said *said;
    size_t said_count, said_cap;
};

int ktg_demo_look_new(const char *journal, const char *findings, struct ktg_demo_look **ret_l,
                      struct ktg_err *err)
{
    struct ktg_demo_look *l = ktg_zalloc(sizeof *l);
    if (!l)
        return ktg_err_set(err, KTG_ENOMEM, "demo: no memory");
    snprintf(l->journal, sizeof l->journal, "%s", journal);
    snprintf(l->findings, sizeof l->findings, "%s", findings);
    *ret_l = l;
    return KTG_OK;
}

struct ktg_demo_look *ktg_demo_look_free(struct ktg_demo_look *l)
{
    if (!l)
        return NULL;
    ktg_journal_reader_close(l->events);
    ktg_journal_reader_close(l->answers);
    ktg_free(l->said);
    ktg_free(l);
    return NULL;
}

/* ---- events -------------------------------------------------------------------------------------------------------- */

static struct ktg_bytes text_of(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR ? v.bytes : KTG_BYTES_NONE;
}

static bool is_own(struct ktg_bytes source)
{
    return source.size >= sizeof SYSTEM - 1 && memcmp(source.data, SYSTEM, sizeof SYSTEM - 1) == 0;
}

static void hear(struct ktg_demo_look *l, struct ktg_bytes source)
{
    size_t i = 0;
    if (!source.size || source.size >= sizeof l->sources[0].name || is_own(source))
        return;
    while (i < l->source_count && !ktg_bytes_is(source, l->sources[i].name))
        i++;
    if (i == MOST_SOURCES)
        return;
    if (i == l->source_count)
        snprintf(l->sources[l->source_count++].name, sizeof l->sources[0].name, "%.*s",
                 (int)source.size, (const char *)source.data);
    l->sources[i].heard = ktg_mono_ms();
}

static void see_event(struct ktg_demo_look *l, const struct ktg_journal_item *item)
{
    struct ktg_bytes source = text_of(item->payload, "source"),
                     type = text_of(item->payload, "type");
    if (item->kind == KTG_RECORD_QUARANTINE)
        l->counts.quarantined++;
    if (item->kind == KTG_RECORD_HEARTBEAT || item->kind == KTG_RECORD_EVENT)
        hear(l, source);
    if (item->kind != KTG_RECORD_EVENT)
        return;
    l->counts.own += is_own(source);
    l->counts.events += !is_own(source);
    for (size_t i = 0; i < KTG_COUNT(acts); i++)
        l->counts.acted = l->counts.acted || ktg_bytes_is(type, acts[i]);
}

/* ---- findings -------------------------------------------------------------------------------------------------------- */

static struct ktg_demo_rule *rule_of(struct ktg_demo_look *l, struct ktg_bytes name)
{
    for (size_t i = 0; i < l->rule_count; i++)
        if (ktg_bytes_is(name, l->rules[i].name))
            return &l->rules[i];
    if (l->rule_count == MOST_RULES)
        return NULL;
    struct ktg_demo_rule *r = &l->rules[l->rule_count++];
    snprintf(r->name, sizeof r->name, "%.*s", (int)name.size, (const char *)name.data);
    return r;
}

static void owe(struct ktg_demo_look *l, struct ktg_bytes agency)
{
    size_t i = 0;
    while (i < l->told_count && !ktg_bytes_is(agency, l->told[i].agency))
        i++;
    if (i == MOST_TOLD)
        return;
    if (i == l->told_count)
        snprintf(l->told[l->told_count++].agency, sizeof l->told[0].agency, "%.*s",
                 (int)agency.size, (const char *)agency.data);
    l->told[i].due++;
}

static int see_finding(struct ktg_demo_look *l, const struct ktg_journal_item *item)
{
    struct ktg_handed h;
    struct ktg_finding_meta m;
    int rc = ktg_handed_read(item->payload, &h);
    if (rc || !h.live)
        return rc;
    rc = ktg_finding_meta_decode(item->meta, &m);
    if (!rc)
        rc = ktg_grow(&l->said, &l->said_cap, l->said_count + 1, sizeof *l->said);
    if (rc)
        return rc;
    struct said *s = &l->said[l->said_count++];
    *s = (struct said){.rev = h.rev, .pos = m.position};
    memcpy(s->finding, h.finding, sizeof s->finding);
    struct ktg_demo_rule *rule = rule_of(l, h.rule);
    for (int op = 0; op < KTG_DEMO_OPS; op++)
        if (ktg_bytes_is(h.op, op_names[op])) {
            l->counts.ops[op]++;
            if (rule)
                rule->ops[op]++;
        }
    struct ktg_wire w = ktg_wire_open(h.to);
    struct ktg_wire_value list, v;
    bool everything = false;
    if (!ktg_wire_enter(&w, &list))
        for (uint32_t i = 0; i < list.count && !ktg_wire_next(&w, &v); i++) {
            owe(l, v.bytes);
            everything = everything || ktg_bytes_is(v.bytes, EVERYTHING);
        }
    if (!everything)
        owe(l, ktg_bytes_str(EVERYTHING));
    return KTG_OK;
}

/* ---- both ------------------------------------------------------------------------------------------------------------- */

static int follow(struct ktg_demo_look *l, struct ktg_journal_reader **reader, const char *dir,
                  struct ktg_err *err)
{
    struct ktg_journal_item item;
    int rc = *reader ? KTG_OK : ktg_journal_reader_open(dir, NULL, reader, NULL);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : ktg_err_set(err, rc, "demo: %s cannot be read", dir);
    while (!(rc = ktg_journal_reader_next(*reader, &item, err))) {
        if (reader == &l->events) {
            l->counts.mark = item.pos;
            see_event(l, &item);
            continue;
        }
        if (item.kind == KTG_FINDING_RECORD && (rc = see_finding(l, &item)))
            return ktg_err_set(err, rc, "demo: a finding cannot be read");
        if (item.left == 0)
            l->counts.answered = item.tag;
    }
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

int ktg_demo_look_step(struct ktg_demo_look *l, struct ktg_err *err)
{
    int rc = follow(l, &l->events, l->journal, err);
    return rc ? rc : follow(l, &l->answers, l->findings, err);
}

const struct ktg_demo_look_counts *ktg_demo_look_counts(const struct ktg_demo_look *l)
{
    return &l->counts;
}

void ktg_demo_look_sources(const struct ktg_demo_look *l, int64_t within, size_t *ret_all,
                           size_t *ret_live)
{
    int64_t now = ktg_mono_ms();
    *ret_all = l->source_count;
    *ret_live = 0;
    for (size_t i = 0; i < l->source_count; i++)
        *ret_live += now - l->sources[i].heard <= within;
}

const struct ktg_demo_rule *ktg_demo_look_rule(const struct ktg_demo_look *l, size_t i)
{
    return i < l->rule_count ? &l->rules[i] : NULL;
}

uint64_t ktg_demo_look_due(const struct ktg_demo_look *l, const char *agency)
{
    for (size_t i = 0; i < l->told_count; i++)
        if (strcmp(l->told[i].agency, agency) == 0)
            return l->told[i].due;
    return 0;
}

bool ktg_demo_look_cause(const struct ktg_demo_look *l, const uint8_t finding[static 16],
                         uint64_t rev, uint8_t ret_id[static 16])
{
    struct ktg_journal_item item;
    for (size_t i = l->said_count; i-- > 0;) {
        const struct said *s = &l->said[i];
        if (s->rev != rev || memcmp(s->finding, finding, sizeof s->finding) != 0)
            continue;
        if (ktg_journal_reader_at(l->events, s->pos, &item, NULL) ||
            item.kind != KTG_RECORD_EVENT || !item.id)
            return false;
        memcpy(ret_id, item.id, sizeof s->finding);
        return true;
    }
    return false;
}
