/* runtime/journal/verify.c - prove every byte of a journal, and say where the first wrong one is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/journal/mark.h"
#include "runtime/journal/segment.h"
#include "runtime/mem.h"
#include "runtime/path.h"

struct verify {
    struct ktg_journal_report report;
    struct ktg_frame_work hashing;
    struct ktg_segment_head before; /* of the segment before; base 0: none */
    ktg_position next;              /* base that the next frame must have */
    ktg_time recorded_at;
};

static int fault(struct ktg_err *err, enum ktg_journal_fault which, ktg_position base,
                 uint64_t offset, const char *got, const char *want)
{
    char where[64];
    return ktg_err_fault(err, ktg_journal_fault(which), ktg_segment_where(base, offset, where), got,
                         want);
}

static int verify_head(struct verify *v, const struct ktg_segment_head *h, struct ktg_err *err)
{
    if (v->before.base == 0) {
        struct ktg_hash genesis = ktg_segment_genesis(h->journal, h->flags);
        if (h->base == 1 && memcmp(genesis.b, h->prev.b, sizeof genesis.b) != 0)
            return fault(err, KTG_JOURNAL_FAULT_SEGMENT_HEADER, h->base, 0, "another beginning",
                         NULL);
        memcpy(v->report.id, h->journal, sizeof v->report.id);
        v->report.first = v->next = h->base;
        v->report.last = h->base - 1;
        v->report.chain = h->prev;
        v->recorded_at = KTG_LONG_AGO;
        return KTG_OK;
    }
    if (memcmp(h->journal, v->before.journal, sizeof h->journal) != 0 ||
        h->flags != v->before.flags)
        return fault(err, KTG_JOURNAL_FAULT_SEGMENT_HEADER, h->base, 0, "another journal's id",
                     NULL);
    if (h->base != v->next || h->generation != v->before.generation + 1) {
        char got[64], want[64];
        snprintf(got, sizeof got, "position %" PRIu64, h->base);
        snprintf(want, sizeof want, "%" PRIu64, v->next);
        return fault(err, KTG_JOURNAL_FAULT_SEGMENT_MISSING, h->base, 0, got, want);
    }
    if (memcmp(h->prev.b, v->report.chain.b, sizeof h->prev.b) != 0)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, h->base, 0, "another previous hash", NULL);
    return KTG_OK;
}

static int verify_frame(struct verify *v, const struct ktg_frame *f, ktg_position base, uint64_t at,
                        struct ktg_err *err)
{
    char got[64];
    ktg_position bad = 0;
    if (f->base != v->next)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, base, at, "another position", NULL);
    if (memcmp(f->prev->b, v->report.chain.b, sizeof f->prev->b) != 0)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, base, at, "another previous hash", NULL);
    if (f->recorded_at < v->recorded_at)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, base, at, "a time before the last", NULL);
    if (ktg_frame_prove(f, &v->hashing, &bad))
        return ktg_err_set(err, KTG_ENOMEM, "out of memory");
    if (bad) {
        snprintf(got, sizeof got, "position %" PRIu64, bad);
        return fault(err, bad == f->base ? KTG_JOURNAL_FAULT_CHAIN : KTG_JOURNAL_FAULT_RECORD_HASH,
                     base, at, got, NULL);
    }
    uint32_t r = KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < f->count; i++) {
        v->report.erased += f->bytes[r + 5] & KTG_RECORD_ERASED;
        r += ktg_get_le32(f->bytes + r);
    }
    v->report.frames++;
    v->report.records += f->count;
    v->report.bytes += f->size;
    v->report.last = f->base + f->count;
    v->report.chain = *f->chain;
    v->recorded_at = f->recorded_at;
    v->next = f->base + f->count + 1;
    return KTG_OK;
}

static int verify_segment(struct verify *v, struct ktg_segment *s, bool sealed, struct ktg_err *err)
{
    uint64_t at = KTG_SEGMENT_HEADER;
    int rc = verify_head(v, &s->head, err);
    while (rc == KTG_OK) {
        struct ktg_frame f;
        if (ktg_segment_frame(s, at, &f)) {
            rc = verify_frame(v, &f, s->head.base, at, err);
            at += f.size;
            continue;
        }
        ktg_segment_look(s);
        uint64_t later = ktg_segment_search(s, at);
        if (ktg_segment_frame(s, at, &f)) /* a writer has just finished it */
            continue;
        if (later) {
            char got[64];
            snprintf(got, sizeof got, "a sound frame at %" PRIu64, later);
            return fault(err, KTG_JOURNAL_FAULT_TORN_MIDDLE, s->head.base, at, got, NULL);
        }
        uint64_t used = ktg_segment_used(s, at), end = used;
        for (uint64_t next = used; next < s->seen; next = ktg_segment_used(s, next + 1))
            end = next + 1;
        if (used < s->seen && sealed)
            return fault(err, KTG_JOURNAL_FAULT_FRAME, s->head.base, at, NULL, NULL);
        v->report.tail_bytes += used < s->seen ? end - at : 0;
        break;
    }
    if (rc == KTG_OK) {
        v->report.segments++;
        v->before = s->head;
    }
    return rc;
}

static int verify_all(const char *path, int dir, struct verify *v, struct ktg_err *err)
{
    ktg_position *bases = NULL;
    size_t count = 0;
    int rc = ktg_segment_list(dir, &bases, &count, err);
    if (rc == KTG_OK && count == 0)
        rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_NONE), path, NULL, NULL);
    for (size_t i = 0; i < count && rc == KTG_OK; i++) {
        struct ktg_segment s = {.fd = -1};
        rc = ktg_segment_open(dir, bases[i], &s, err);
        if (rc == KTG_OK)
            rc = verify_segment(v, &s, i + 1 < count, err);
        ktg_segment_close(&s);
    }
    ktg_free(bases);
    return rc;
}

int ktg_journal_verify(const char *dir, struct ktg_journal_report *ret_report, struct ktg_err *err)
{
    struct verify v = {.next = 0};
    struct ktg_journal_mark *m = NULL;
    uint8_t warm[16];
    ktg_random(warm, sizeof warm); /* lets the hash library choose its fastest code */
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ktg_path_fail(err, dir, errno, "the folder of a journal");
    int rc = ktg_journal_mark_open(dir, &m, err); /* before the walk: what it says must be there */
    if (rc == KTG_OK)
        v.report.mark = ktg_journal_mark_read(m).mark;
    if (rc == KTG_OK || rc == KTG_ENOTFOUND)
        rc = verify_all(dir, fd, &v, err);
    if (rc == KTG_OK && v.report.mark > v.report.last) {
        char got[64], want[64];
        snprintf(got, sizeof got, "records up to %" PRIu64, v.report.last);
        snprintf(want, sizeof want, "%" PRIu64 ", as acknowledged", v.report.mark);
        rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_MARK_BEYOND), dir, got, want);
    }
    ktg_journal_mark_close(m);
    ktg_frame_work_done(&v.hashing);
    close(fd);
    *ret_report = v.report;
    return rc;
}
