/* cmd/status.c - status: how the centre sees our own key, as a producer or as a desk (PROTOCOL.md, status).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/dial.h"
#include "runtime/civil.h"

static const struct ktg_parameter options[] = {
    KTG_DIAL_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example examples[] = {
    {"kentongan status --key IMI.ENTIKONG.1",
     {"what has arrived of our sources", "apa yang sudah sampai dari sumber kami"}},
    {"kentongan status --key POL.DESK --json",
     {"how far our subscriptions are, for programs", "sampai mana langganan kami, untuk program"}},
    KTG_END_EXAMPLES,
};

/* ---- the kinds of items ---- */

#define MOST_CELLS 8

static const struct ktg_column producer_columns[] = {
    {.key = "of", .title = {"OF", "TENTANG"}, .json_only = true},
    {.key = "name", .title = {"KEY", "KUNCI"}},
    {.key = "epoch", .title = {"EPOCH", "EPOCH"}, .kind = KTG_CELL_NUMBER},
    {.key = "acked_seq", .title = {"ON DISK", "DI DISK"}, .kind = KTG_CELL_NUMBER},
    {.key = "quarantined", .title = {"QUARANTINED", "KARANTINA"}, .kind = KTG_CELL_NUMBER},
    {.key = "sources", .title = {"SOURCES", "SUMBER"}, .kind = KTG_CELL_NUMBER},
};
static const struct ktg_column source_columns[] = {
    {.key = "of", .title = {"OF", "TENTANG"}, .json_only = true},
    {.key = "source", .title = {"SOURCE", "SUMBER"}},
    {.key = "seq", .title = {"LAST NUMBER", "NOMOR AKHIR"}, .kind = KTG_CELL_NUMBER},
    {.key = "event_at", .title = {"LAST EVENT", "KEJADIAN AKHIR"}, .kind = KTG_CELL_INSTANT},
    {.key = "heartbeat_at", .title = {"LAST HEARTBEAT", "DETAK AKHIR"}, .kind = KTG_CELL_INSTANT},
    {.key = "queued", .title = {"WAITING", "MENUNGGU"}, .kind = KTG_CELL_NUMBER},
    {.key = "retired_at", .title = {"RETIRED", "PENSIUN"}, .kind = KTG_CELL_INSTANT},
};
static const struct ktg_column centre_columns[] = {
    {.key = "of", .title = {"OF", "TENTANG"}, .json_only = true},
    {.key = "told_at", .title = {"ANSWERED UP TO", "DIJAWAB SAMPAI"}},
    {.key = "behind", .title = {"BEHIND", "TERTINGGAL"}, .kind = KTG_CELL_NUMBER},
    {.key = "late", .title = {"SECONDS LATE", "DETIK TERLAMBAT"}, .kind = KTG_CELL_NUMBER},
    {.key = "still_at", .title = {"STANDS SINCE", "BERHENTI SEJAK"}},
    {.key = "full", .title = {"CASEBOOK FULL", "BUKU KASUS PENUH"}, .kind = KTG_CELL_BOOL},
};
static const struct ktg_column desk_columns[] = {
    {.key = "of", .title = {"OF", "TENTANG"}, .json_only = true},
    {.key = "name", .title = {"KEY", "KUNCI"}},
    {.key = "agency", .title = {"AGENCY", "INSTANSI"}},
    {.key = "head", .title = {"HEAD", "UJUNG"}, .kind = KTG_CELL_NUMBER},
    {.key = "subscriptions", .title = {"SUBSCRIPTIONS", "LANGGANAN"}, .kind = KTG_CELL_NUMBER},
};
static const struct ktg_column subscription_columns[] = {
    {.key = "of", .title = {"OF", "TENTANG"}, .json_only = true},
    {.key = "sub", .title = {"SUBSCRIPTION", "LANGGANAN"}},
    {.key = "filtered", .title = {"FILTERED", "DISARING"}, .kind = KTG_CELL_BOOL},
    {.key = "live", .title = {"LIVE", "LANGSUNG"}, .kind = KTG_CELL_BOOL},
    {.key = "cursor", .title = {"CURSOR", "PENANDA"}, .kind = KTG_CELL_NUMBER},
    {.key = "pending", .title = {"PENDING", "TERTUNDA"}, .kind = KTG_CELL_NUMBER},
    {.key = "at_least", .title = {"OR MORE", "ATAU LEBIH"}, .kind = KTG_CELL_BOOL},
};

#define KIND(name)                                       \
    {                                                    \
#name, name##_columns, KTG_COUNT(name##_columns) \
    }
static const struct kind {
    const char *of;
    const struct ktg_column *columns;
    size_t count;
} kinds[] = {KIND(producer), KIND(source), KIND(desk), KIND(centre), KIND(subscription)};

/* ---- rows ---- */

struct showing {
    struct ktg_output *out;
    const struct kind *kind; /* of the rows that are shown now; NULL: none yet */
    char after[128];
    bool more;
};

/* An instant is 0 where there was none. */
static const char *cell_of(const struct ktg_column *c, struct ktg_bytes item,
                           char to[static KTG_INSTANT_TEXT * 2])
{
    struct ktg_wire_value v;
    size_t n = strlen(c->key);
    if (!ktg_wire_get(item, c->key, &v))
        return NULL;
    if (v.kind == KTG_WIRE_BOOL)
        return v.integer ? "true" : "false";
    if (v.kind == KTG_WIRE_STR) {
        snprintf(to, KTG_INSTANT_TEXT * 2, "%.*s", (int)v.bytes.size, (const char *)v.bytes.data);
    } else if (n > 3 && strcmp(c->key + n - 3, "_at") == 0) {
        if (!v.integer)
            return NULL;
        ktg_instant_format(v.integer, 0, to);
    } else {
        snprintf(to, KTG_INSTANT_TEXT * 2, "%" PRId64, v.integer);
    }
    return to;
}

static void show_item(struct showing *s, const struct kind *kind, struct ktg_bytes item)
{
    char texts[MOST_CELLS][KTG_INSTANT_TEXT * 2];
    const char *cells[MOST_CELLS];
    if (kind != s->kind) {
        if (s->kind)
            ktg_output_end(s->out);
        ktg_output_table(s->out, kind->columns, kind->count);
        s->kind = kind;
    }
    for (size_t i = 0; i < kind->count; i++)
        cells[i] = cell_of(&kind->columns[i], item, texts[i]);
    ktg_output_row(s->out, cells);
}

/* An item of a kind that a later centre has is passed over. */
static int on_page(void *arg, const struct ktg_msg_answer *a)
{
    struct showing *s = arg;
    struct ktg_wire w = ktg_list_open(a->items);
    struct ktg_wire_value item, of, source;
    s->more = false;
    while (!ktg_wire_next(&w, &item)) {
        if (!ktg_wire_get(item.raw, "of", &of))
            continue;
        for (size_t i = 0; i < KTG_COUNT(kinds); i++)
            if (ktg_bytes_is(of.bytes, kinds[i].of))
                show_item(s, &kinds[i], item.raw);
        s->more = a->more && ktg_wire_get(item.raw, "source", &source) &&
                  source.bytes.size < sizeof s->after;
        if (s->more)
            snprintf(s->after, sizeof s->after, "%.*s", (int)source.bytes.size,
                     (const char *)source.bytes.data);
    }
    return KTG_OK;
}

static int run_status(struct ktg_call *call)
{
    struct ktg_dial dial = KTG_DIAL_INIT;
    struct showing s = {.out = call->out};
    int rc = ktg_dial_open(&dial, call);
    do {
        struct ktg_msg_query q = {
            .what = KTG_QUERY_STATUS, .limit = 500, .after = ktg_bytes_str(s.after)};
        s.more = false;
        if (!rc)
            rc = ktg_caller_ask(&dial.options, &q, on_page, &s, &call->err);
    } while (!rc && s.more);
    if (s.kind)
        ktg_output_end(s.out);
    ktg_dial_done(&dial);
    return rc;
}

const struct ktg_command ktg_cmd_status = {
    .path = "status",
    .summary = {"how the centre sees our own key", "bagaimana pusat melihat kunci kami"},
    .detail = {"A producer: up to which number its events are on disk, how many lie in quarantine, "
               "and of each source\n"
               "when it was heard last, and since when it is retired, if an operator said that it "
               "sends no more (a heartbeat\n"
               "brings it back).  A desk: where its subscriptions stand, how many alerts "
               "wait, and how far the\n"
               "centre is behind with its answers.  Of others nothing.",
               "Produsen: sampai nomor berapa kejadiannya ada di disk, berapa yang dikarantina, "
               "dan kapan tiap sumber\n"
               "terakhir terdengar, serta sejak kapan ia dipensiunkan, bila operator menyatakan "
               "ia tidak mengirim lagi (satu\n"
               "detak mengembalikannya).  Meja: sampai mana langganannya, berapa peringatan yang "
               "menunggu, dan\n"
               "seberapa jauh jawaban pusat tertinggal.  Tentang yang lain tidak."},
    .options = options,
    .examples = examples,
    .run = run_status,
};
