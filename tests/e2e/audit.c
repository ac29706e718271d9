/* tests/e2e/audit.c - what a journal, or a checkpoint, really holds: lines for the proofs to compare.
 *
 *     audit events DIR      E pos id content producer epoch seq      an event; Q: quarantine; P: progress
 *                           C pos recorded_at                        a clock record; R pos: a rule set; O pos: any other
 *     audit findings DIR    D pos event n finding rev op live payload-hash AGENCY,AGENCY     a difference
 *                           T pos done                               end of a batch: answered up to `done`; X: unreadable
 *     audit end DIR         last position and its tag, whatever the mark says (nobody may be writing)
 *     audit checkpoint DIR  position and findings of a saved state (nobody may be using it)
 *     audit casebook DIR    F event findings                         folded up to here (nobody may be using it)
 *                           A finding rule state level district pos first rev AGENCY:track:at:officer:disposition ...
 *                           N AGENCY pos                             a difference that is for the agency
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "brokers/alerts/casebook.h"
#include "brokers/correlation/checkpoint.h"
#include "runtime/journal/journal.h"
#include "schema/finding.h"
#include "schema/record.h"
#include "schema/wire.h"

static void put_event(const struct ktg_journal_item *i)
{
    static const char letters[] = {
        [KTG_RECORD_EVENT] = 'E', [KTG_RECORD_QUARANTINE] = 'Q', [KTG_RECORD_PROGRESS] = 'P'};
    struct ktg_record_meta meta;
    uint8_t content[16];
    char id[33] = "-", hash[33];
    if (i->pos == i->base) {
        printf("C %" PRIu64 " %" PRId64 "\n", i->pos, i->recorded_at);
        return;
    }
    if (i->kind == KTG_RECORD_RULESET) {
        printf("R %" PRIu64 "\n", i->pos);
        return;
    }
    if (i->kind >= sizeof letters || !letters[i->kind] || ktg_record_meta_decode(i->meta, &meta)) {
        printf("O %" PRIu64 "\n", i->pos);
        return;
    }
    ktg_journal_content_hash(i->payload, content);
    ktg_hex(content, sizeof content, hash);
    if (i->id)
        ktg_hex(i->id, 16, id);
    printf("%c %" PRIu64 " %s %s %.*s %" PRIu64 " %" PRIu64 "\n", letters[i->kind], i->pos, id,
           hash, (int)meta.producer.size, (const char *)meta.producer.data, meta.epoch, meta.seq);
}

static void put_finding(const struct ktg_journal_item *i)
{
    struct ktg_wire_value finding, rev, op, route, to, v, status;
    struct ktg_finding_meta m = {0};
    char id[33] = "-", hash[65];
    if (i->pos != i->base) {
        bool whole = !ktg_finding_meta_decode(i->meta, &m) &&
                     ktg_wire_get(i->payload, "finding", &finding) &&
                     ktg_wire_get(i->payload, "rev", &rev) && ktg_wire_get(i->payload, "op", &op) &&
                     ktg_wire_get(i->payload, "route", &route) &&
                     ktg_wire_get(route.raw, "status", &status) && finding.bytes.size == 16;
        struct ktg_hash h = ktg_blake2b(&i->payload, 1);
        ktg_hex(h.b, sizeof h.b, hash);
        if (!whole) {
            printf("X %" PRIu64 "\n", i->pos);
            return;
        }
        ktg_hex(finding.bytes.data, 16, id);
        printf("D %" PRIu64 " %" PRIu64 " %u %s %" PRId64 " %.*s %.*s %s ", i->pos, m.position, m.n,
               id, rev.integer, (int)op.bytes.size, (const char *)op.bytes.data,
               (int)status.bytes.size, (const char *)status.bytes.data, hash);
        if (ktg_wire_get(route.raw, "to", &to) && to.kind == KTG_WIRE_ARRAY)
            for (struct ktg_wire w = ktg_wire_inside(&to); !ktg_wire_next(&w, &v);)
                printf("%.*s,", (int)v.bytes.size, (const char *)v.bytes.data);
        putchar('\n');
    }
    if (i->left == 0)
        printf("T %" PRIu64 " %" PRIu64 "\n", i->pos, i->tag);
}

static int walk(const char *what, const char *dir, struct ktg_err *err)
{
    bool end = strcmp(what, "end") == 0, findings = strcmp(what, "findings") == 0;
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_reader_options options = {.test_ignore_mark = end};
    struct ktg_journal_item i;
    uint64_t last = 0, tag = 0;
    int rc = ktg_journal_reader_open(dir, &options, &r, err);
    while (!rc && !(rc = ktg_journal_reader_next(r, &i, err))) {
        last = i.pos;
        tag = i.tag;
        if (findings)
            put_finding(&i);
        else if (!end)
            put_event(&i);
    }
    if (rc == KTG_EAGAIN)
        rc = KTG_OK;
    if (!rc && end)
        printf("%" PRIu64 " %" PRIu64 "\n", last, tag);
    ktg_journal_reader_close(r);
    return rc;
}

static int show_checkpoint(const char *dir, struct ktg_err *err)
{
    struct ktg_checkpoint *c = NULL;
    struct ktg_checkpoint_mark m = {0};
    int rc = ktg_checkpoint_open(dir, UINT64_C(64) << 30, &c, err);
    if (!rc && (rc = ktg_checkpoint_mark(c, &m, err)) == KTG_ENOTFOUND)
        rc = KTG_OK; /* none was taken yet */
    if (!rc)
        printf("%" PRIu64 " %" PRIu64 "\n", m.position, m.findings);
    ktg_checkpoint_close(c);
    return rc;
}

static void put_text(const char *before, struct ktg_bytes text)
{
    printf("%s%.*s", before, (int)text.size, (const char *)text.data);
}

struct told { /* agencies that have a track somewhere */
    char names[KTG_TRACKS][16];
    size_t count;
};

static void note_agency(struct told *t, struct ktg_bytes agency)
{
    size_t i = 0;
    while (i < t->count && !ktg_bytes_is(agency, t->names[i]))
        i++;
    if (i == t->count && i < KTG_TRACKS)
        snprintf(t->names[t->count++], sizeof t->names[0], "%.*s", (int)agency.size,
                 (const char *)agency.data);
}

static int put_alert(void *arg, const struct ktg_alert *a)
{
    char id[33];
    ktg_hex(a->finding, 16, id);
    printf("A %s", id);
    put_text(" ", a->rule);
    put_text(" ", a->state);
    put_text(" ", a->level);
    put_text(" ", a->district.size ? a->district : KTG_LIT("-"));
    printf(" %" PRIu64 " %" PRIu64 " %" PRIu64, a->position, a->first, a->rev);
    for (size_t i = 0; i < a->track_count; i++) {
        const struct ktg_track *t = &a->tracks[i];
        put_text(" ", t->agency);
        printf(":%s:%" PRId64, ktg_track_state_name(t->state), t->at);
        put_text(":", t->officer);
        put_text(":", t->disposition);
        note_agency(arg, t->agency);
    }
    putchar('\n');
    return 0;
}

static int show_casebook(const char *dir, struct ktg_err *err)
{
    struct ktg_casebook *c = NULL;
    struct told told = {.count = 0};
    int rc = ktg_casebook_open(dir, UINT64_C(64) << 30, &c, err);
    if (rc)
        return rc;
    struct ktg_casebook_place place = ktg_casebook_place(c);
    printf("F %" PRIu64 " %" PRIu64 "\n", place.event, place.findings);
    rc = ktg_casebook_alerts(c, 0, put_alert, &told);
    for (size_t i = 0; !rc && i < told.count; i++) {
        uint64_t at = 0;
        while (!(rc = ktg_casebook_next_for(c, ktg_bytes_str(told.names[i]), NULL, at, &at)))
            printf("N %s %" PRIu64 "\n", told.names[i], at);
        rc = rc == KTG_ENOTFOUND ? KTG_OK : rc;
    }
    ktg_casebook_close(c);
    return rc;
}

int main(int argc, char **argv)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (argc != 3)
        return 2;
    int rc = strcmp(argv[1], "checkpoint") == 0 ? show_checkpoint(argv[2], &err)
             : strcmp(argv[1], "casebook") == 0 ? show_casebook(argv[2], &err)
                                                : walk(argv[1], argv[2], &err);
    if (rc)
        fprintf(stderr, "audit: %s\n", err.text);
    return rc ? 1 : 0;
}
