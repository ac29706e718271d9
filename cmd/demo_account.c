/* cmd/demo_account.c - the account at the end of a demo: counts, rules, desks, latency, journals.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>

#include "cmd/demo_parts.h"
#include "runtime/journal/journal.h"
#include "runtime/mem.h"

/* ---- the account ------------------------------------------------------------------------------------------------------- */

static void account_of_rules(struct ktg_demo *d)
{
    const struct ktg_demo_rule *r;
    ktg_demo_plain(d, "  %-30s %8s %8s %10s %10s", "  %-30s %8s %8s %10s %10s",
                   ktg_demo_in_indonesian(d) ? "aturan" : "rule",
                   ktg_demo_in_indonesian(d) ? "baru" : "raised",
                   ktg_demo_in_indonesian(d) ? "berubah" : "amended",
                   ktg_demo_in_indonesian(d) ? "dicabut" : "withdrawn",
                   ktg_demo_in_indonesian(d) ? "tak pasti" : "uncertain");
    for (size_t i = 0; (r = ktg_demo_look_rule(d->look, i)); i++)
        ktg_demo_plain(d, "  %-30s %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64,
                       "  %-30s %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64, r->name,
                       r->ops[KTG_DEMO_RAISE], r->ops[KTG_DEMO_AMEND], r->ops[KTG_DEMO_WITHDRAW],
                       r->ops[KTG_DEMO_UNKNOWN]);
}

static void account_of_latency(struct ktg_demo *d)
{
    int64_t *took = ktg_calloc(d->shown_count + 1, sizeof *took);
    size_t n = 0;
    uint8_t id[16];
    for (size_t i = 0; took && i < d->shown_count; i++) {
        const struct ktg_demo_shown *s = &d->shown[i];
        int64_t at = ktg_demo_look_cause(d->look, s->finding, s->rev, id)
                         ? ktg_demo_feed_submitted(d->feed, id)
                         : 0;
        if (at && s->at > at)
            took[n++] = s->at - at;
    }
    if (n) {
        double p50 = (double)ktg_demo_percentile(took, n, 50) / 1e6;
        double p99 = (double)ktg_demo_percentile(took, n, 99) / 1e6;
        ktg_demo_plain(
            d,
            "latency    median %.0f ms, p99 %.0f ms, from the event that completes an alert to "
            "the screen (%zu of the week's alerts)",
            "waktu      median %.0f md, p99 %.0f md, dari kejadian yang melengkapi peringatan "
            "sampai layar (%zu peringatan pekan ini)",
            p50, p99, n);
    }
    ktg_free(took);
}

static int account_of_journal(struct ktg_demo *d, const char *name)
{
    char path[KTG_DEMO_PATH + 64], short_name[64];
    struct ktg_journal_report r = {0};
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(short_name, sizeof short_name, "data/%s", name);
    ktg_demo_site_path(&d->site, short_name, path);
    int rc = ktg_journal_verify(path, &r, &err);
    ktg_demo_plain(d, "journal    verify %-9s %s: %" PRIu64 " records in %" PRIu64 " frames%s%s",
                   "jurnal     verify %-9s %s: %" PRIu64 " catatan dalam %" PRIu64 " bingkai%s%s",
                   name, rc ? "FAILED" : "ok", r.records, r.frames, rc ? ": " : "",
                   rc ? err.text : "");
    return rc;
}

static void account_of_desks(struct ktg_demo *d)
{
    size_t whole = 0, n = ktg_demo_desks_count(d->desks);
    uint64_t due = 0, heard = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t must = ktg_demo_look_due(d->look, ktg_demo_desks_agency(d->desks, i));
        uint64_t has = ktg_demo_desks_heard(d->desks, i);
        whole += has >= must;
        due += must;
        heard += has;
    }
    ktg_demo_plain(d,
                   "desks      %zu of %zu have everything they must be told: %" PRIu64
                   " deliveries of %" PRIu64,
                   "meja       %zu dari %zu menerima semua yang harus disampaikan: %" PRIu64
                   " dari %" PRIu64,
                   whole, n, heard, due);
    if (whole < n)
        d->call->negative = true;
}

void ktg_demo_account(struct ktg_demo *d)
{
    const struct ktg_demo_feed_counts *f = ktg_demo_feed_counts(d->feed);
    const struct ktg_demo_look_counts *n = ktg_demo_look_counts(d->look);
    uint64_t acked = f->accepted + f->duplicate + f->rejected + f->stored;
    d->status[0] = 0;
    ktg_demo_heading(d, "\nACCOUNT", "\nLAPORAN");
    ktg_demo_plain(d,
                   "events     %" PRIu64 " sent, %" PRIu64 " acknowledged, %" PRIu64
                   " duplicates, %" PRIu64 " rejected",
                   "kejadian   %" PRIu64 " dikirim, %" PRIu64 " diterima, %" PRIu64
                   " ganda, %" PRIu64 " ditolak",
                   f->submitted, acked, f->duplicate, f->rejected);
    ktg_demo_plain(d,
                   "alerts     %" PRIu64 " raised, %" PRIu64 " amended, %" PRIu64
                   " withdrawn, %" PRIu64 " uncertain",
                   "peringatan %" PRIu64 " baru, %" PRIu64 " berubah, %" PRIu64 " dicabut, %" PRIu64
                   " tak pasti",
                   n->ops[KTG_DEMO_RAISE], n->ops[KTG_DEMO_AMEND], n->ops[KTG_DEMO_WITHDRAW],
                   n->ops[KTG_DEMO_UNKNOWN]);
    account_of_rules(d);
    account_of_desks(d);
    account_of_latency(d);
    if (account_of_journal(d, "journal") || account_of_journal(d, "findings") ||
        acked < f->submitted)
        d->call->negative = true;
}
