/* brokers/ingest/admission.c - the picture and the numbered invariants are in admission.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/admission.h"

#include <stdio.h>

#include "runtime/civil.h"
#include "runtime/hash.h"
#include "schema/faults.h"

#ifdef KTG_MUTANT_NO_DUPLICATES /* for the proofs: takes everything for new */
#define MUTANT_NO_DUPLICATES true
#else
#define MUTANT_NO_DUPLICATES false
#endif

/* A bounded, printable piece of what a stranger sent. */
static const char *shown(struct ktg_bytes text, char to[static 64])
{
    snprintf(to, 64, "%.*s", (int)(text.size < 60 ? text.size : 60), (const char *)text.data);
    return to;
}

/* Texts about a stranger's value may have cut it in the middle of a letter: what cannot stand in canonical form is
 * shown as '?', or neither the answer nor the quarantine record could be read. */
static void make_canonical(char *text)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_wire_put_text(&b, text);
    if (ktg_buf_check(&b) || ktg_wire_check(ktg_buf_view(&b), &KTG_WIRE_LIMITS, NULL))
        for (char *c = text; *c; c++)
            if ((unsigned char)*c >= 0x80)
                *c = '?';
    ktg_buf_done(&b);
}

static void check_rights(const struct ktg_event *e, const struct ktg_rights *rights,
                         struct ktg_err *fault)
{
    char got[64];
    if (!rights->may_send_type(rights->arg, e->type_name))
        (void)ktg_fault_set(fault, KTG_FAULT_FORBIDDEN_TYPE, shown(e->type_name, got),
                            "a type that the key is allowed", "/type");
    else if (!rights->may_speak_for(rights->arg, e->source))
        (void)ktg_fault_set(fault, KTG_FAULT_FORBIDDEN_SOURCE, shown(e->source, got),
                            "a source of this key", "/source");
}

static void check_time(const struct ktg_event *e, ktg_time now, ktg_time skew_ahead,
                       struct ktg_err *fault)
{
    if (e->occurred_at <= now + skew_ahead)
        return;
    char got[KTG_INSTANT_TEXT], latest[KTG_INSTANT_TEXT], want[KTG_INSTANT_TEXT + 16];
    ktg_instant_format(e->occurred_at, e->offset_min, got);
    ktg_instant_format(now + skew_ahead, e->offset_min, latest);
    snprintf(want, sizeof want, "at most %s", latest);
    (void)ktg_fault_set(fault, KTG_FAULT_TIME_IN_FUTURE, got, want, "/occurred_at");
}

/* The target must be an earlier event of the same source; one that has not come yet is waited for. */
static int check_correction(const struct ktg_event *e, const struct ktg_admission_world *world,
                            uint64_t *ret_target, struct ktg_err *fault)
{
    const uint8_t *id = e->supersedes ? e->supersedes : e->retracts;
    uint8_t content[16];
    struct ktg_bytes source;
    char got[64];
    if (!id)
        return KTG_OK;
    int rc = world->find(world->arg, id, ret_target, content);
    if (rc == KTG_ENOTFOUND) {
        *ret_target = 0;
        return KTG_OK;
    }
    if (rc)
        return rc;
    rc = world->source_at(world->arg, *ret_target, &source);
    if (rc == KTG_ENOTFOUND)
        return KTG_OK;
    if (!rc && !ktg_bytes_eq(source, e->source))
        (void)ktg_fault_set(fault, KTG_FAULT_BAD_CORRECTION, shown(e->source, got),
                            "the source of the corrected event",
                            e->supersedes ? "/supersedes" : "/retracts");
    return rc;
}

void ktg_admission_read(const struct ktg_catalogue *c, struct ktg_bytes blob,
                        struct ktg_admission_verdict *ret_v)
{
    struct ktg_admission_verdict *v = ret_v;
    v->what = KTG_ADMIT_REJECT;
    v->position = v->target = 0;
    ktg_err_clear(&v->fault);
    v->good = ktg_event_glance(c, blob, &v->event);
    v->readable = v->good || (ktg_wire_check(blob, &KTG_WIRE_LIMITS, &v->fault) == KTG_OK &&
                              ktg_event_read(c, blob, &v->event, &v->fault) == KTG_OK);
}

/* KTG_ENOTFOUND: the id is new. */
static int check_id(const struct ktg_admission_world *world, struct ktg_admission_verdict *v)
{
    uint8_t content[16];
    int rc = MUTANT_NO_DUPLICATES ? KTG_ENOTFOUND
                                  : world->find(world->arg, v->event.id, &v->position, content);
    if (rc)
        return rc;
    struct ktg_hash h = ktg_blake2b(&v->event.blob, 1);
    char id[KTG_ID_TEXT];
    ktg_id_format(v->event.id, id);
    if (memcmp(h.b, content, sizeof content) == 0)
        v->what = KTG_ADMIT_DUPLICATE;
    else
        (void)ktg_fault_set(&v->fault, KTG_FAULT_ID_CONFLICT, id, "an id that was never used",
                            "/id");
    return KTG_OK;
}

int ktg_admission_judge(const struct ktg_catalogue *c, const struct ktg_rights *rights,
                        ktg_time now, ktg_time skew_ahead, const struct ktg_admission_world *world,
                        struct ktg_admission_verdict *v)
{
    int rc = v->readable ? check_id(world, v) : KTG_OK;
    if (rc == KTG_ENOTFOUND) {
        if (v->good || !ktg_event_check(c, &v->event, &v->fault))
            check_rights(&v->event, rights, &v->fault);
        if (!v->fault.code)
            check_time(&v->event, now, skew_ahead, &v->fault);
        rc = v->fault.code ? KTG_OK : check_correction(&v->event, world, &v->target, &v->fault);
        if (!rc && !v->fault.code)
            v->what = KTG_ADMIT_ACCEPT;
    }
    if (rc || v->what != KTG_ADMIT_REJECT)
        return rc;
    make_canonical(v->fault.where);
    make_canonical(v->fault.got);
    make_canonical(v->fault.want);
    make_canonical(v->fault.text);
    return KTG_OK;
}

void ktg_admission_quarantine(const struct ktg_err *fault, struct ktg_bytes blob,
                              struct ktg_buf *to)
{
    const struct ktg_fault *f = fault->fault;
    const struct {
        const char *key, *text;
    } rows[] = {
        {"apa", f ? f->apa : ""},
        {"code", f ? f->name : "error"},
        {"event", NULL},
        {"got", fault->got},
        {"next", f ? f->next : ""},
        {"want", fault->want},
        {"what", f ? f->what : fault->text},
        {"where", fault->where},
    };
    ktg_wire_put_map(to, KTG_COUNT(rows));
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        ktg_wire_put_text(to, rows[i].key);
        if (rows[i].text)
            ktg_wire_put_text(to, rows[i].text);
        else
            ktg_wire_put_bin(to, blob);
    }
}

bool ktg_admission_fault_of(struct ktg_bytes payload, struct ktg_err *ret_fault)
{
    static const char *const keys[] = {"code", "got", "want", "where"};
    char text[KTG_COUNT(keys)][256];
    struct ktg_wire_value v;
    for (size_t i = 0; i < KTG_COUNT(keys); i++) {
        if (!ktg_wire_get(payload, keys[i], &v) || v.kind != KTG_WIRE_STR)
            return false;
        snprintf(text[i], sizeof text[i], "%.*s", (int)v.bytes.size, (const char *)v.bytes.data);
    }
    const struct ktg_fault *f = ktg_fault_named(ktg_bytes_str(text[0]));
    if (!f)
        return false;
    (void)ktg_err_fault(ret_fault, f, text[3], text[1], text[2]);
    return true;
}

void ktg_admission_quarantine_id(const char *why, struct ktg_bytes producer, struct ktg_bytes blob,
                                 uint8_t to[static 16])
{
    struct ktg_bytes parts[] = {ktg_bytes(why, strlen(why) + 1), producer, KTG_LIT("\0"), blob};
    ktg_blake2b_128(parts, KTG_COUNT(parts), to);
}
