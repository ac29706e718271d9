/* consumers/terminal/view.c - see view.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "consumers/terminal/view.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/civil.h"
#include "schema/event.h"
#include "schema/json.h"

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

static bool is_instant(const char *key, const struct ktg_wire_value *v, struct ktg_wire_value *ms,
                       struct ktg_wire_value *offset)
{
    static const char *const keys[] = {"at", "from", "until", "since", "heard", "deadline"};
    bool named = false;
    for (size_t i = 0; i < KTG_COUNT(keys); i++)
        named = named || strcmp(key, keys[i]) == 0;
    if (!named || v->kind != KTG_WIRE_ARRAY || v->count != 2)
        return false;
    struct ktg_wire w = ktg_wire_inside(v);
    return !ktg_wire_next(&w, ms) && !ktg_wire_next(&w, offset) && ms->kind == KTG_WIRE_INT &&
           offset->kind == KTG_WIRE_INT;
}

static void bytes_text(const char *key, struct ktg_bytes b, char to[static 80])
{
    if (b.size == KTG_ID_SIZE && strcmp(key, "finding") != 0 && strcmp(key, "rule_version") != 0 &&
        strcmp(key, "version") != 0)
        ktg_id_format(b.data, to);
    else
        ktg_hex(b.data, b.size < 32 ? b.size : 32, to);
}

/* `key` is the name under which the value stands: it says what numbers and bytes mean. */
static void put_json(const char *key, const struct ktg_wire_value *v, struct ktg_buf *to)
{
    struct ktg_wire w;
    struct ktg_wire_value a, b;
    char text[80];
    switch (v->kind) {
    case KTG_WIRE_NIL:
        ktg_buf_put_str(to, "null");
        return;
    case KTG_WIRE_BOOL:
        ktg_buf_put_str(to, v->integer ? "true" : "false");
        return;
    case KTG_WIRE_INT:
        ktg_buf_printf(to, "%" PRId64, v->integer);
        return;
    case KTG_WIRE_STR:
        ktg_json_put_text(to, v->bytes);
        return;
    case KTG_WIRE_BIN:
        bytes_text(key, v->bytes, text);
        ktg_json_put_text(to, ktg_bytes_str(text));
        return;
    case KTG_WIRE_ARRAY:
        if (is_instant(key, v, &a, &b)) {
            ktg_instant_format(a.integer, (int)b.integer, text);
            ktg_json_put_text(to, ktg_bytes_str(text));
            return;
        }
        ktg_buf_put_str(to, "[");
        w = ktg_wire_inside(v);
        for (uint32_t i = 0; i < v->count && !ktg_wire_next(&w, &a); i++) {
            ktg_buf_put_str(to, i ? "," : "");
            put_json(key, &a, to);
        }
        ktg_buf_put_str(to, "]");
        return;
    case KTG_WIRE_MAP:
        ktg_buf_put_str(to, "{");
        w = ktg_wire_inside(v);
        for (uint32_t i = 0; i < v->count && !ktg_wire_next(&w, &a) && !ktg_wire_next(&w, &b);
             i++) {
            snprintf(text, sizeof text, "%.*s", (int)(a.bytes.size < 64 ? a.bytes.size : 64),
                     (const char *)a.bytes.data);
            ktg_buf_put_str(to, i ? "," : "");
            ktg_json_put_text(to, a.bytes);
            ktg_buf_put_str(to, ":");
            put_json(text, &b, to);
        }
        ktg_buf_put_str(to, "}");
        return;
    }
}

void ktg_view_json(struct ktg_bytes value, struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_open(value);
    struct ktg_wire_value v;
    if (!ktg_wire_next(&w, &v))
        put_json("", &v, to);
}

void ktg_view_item_json(const struct ktg_item *item, struct ktg_buf *to)
{
    struct ktg_buf body = KTG_BUF_INIT;
    ktg_view_json(item->body, &body);
    ktg_buf_printf(to, "{\"cursor\":%" PRIu64 ",\"alert\":", item->cursor);
    ktg_json_put_text(to, item->alert);
    if (body.size > 2 && body.data[0] == '{') {
        ktg_buf_put_str(to, ",");
        ktg_buf_put(to, body.data + 1, body.size - 1);
    } else {
        ktg_buf_printf(to, ",\"rev\":%" PRIu64 "}", item->rev);
    }
    to->bad = to->bad || body.bad;
    ktg_buf_done(&body);
}

/* ---- cells ----------------------------------------------------------------------------------------------------------------- */

static struct ktg_bytes text_at(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR ? v.bytes : KTG_BYTES_NONE;
}

static struct ktg_bytes raw_at(struct ktg_bytes map, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(map, key, &v) ? v.raw : KTG_BYTES_NONE;
}

/* Offsets first: the buffer may move while it grows. */
static size_t keep(struct ktg_buf *text, struct ktg_bytes s)
{
    size_t at = text->size;
    ktg_buf_put_bytes(text, s);
    ktg_buf_put_u8(text, 0);
    return at;
}

static struct ktg_bytes in_language(struct ktg_bytes pair, bool indonesian)
{
    struct ktg_bytes id = text_at(pair, "id"), en = text_at(pair, "en");
    return indonesian ? (id.size ? id : en) : (en.size ? en : id);
}

static struct ktg_bytes instant_at(struct ktg_bytes map, const char *key,
                                   char to[static KTG_INSTANT_TEXT])
{
    struct ktg_wire_value v, ms, offset;
    if (!ktg_wire_get(map, key, &v))
        return KTG_BYTES_NONE;
    if (v.kind == KTG_WIRE_STR) /* explanations carry it as text */
        return v.bytes;
    if (!is_instant(key, &v, &ms, &offset))
        return KTG_BYTES_NONE;
    ktg_instant_format(ms.integer, (int)offset.integer, to);
    return ktg_bytes_str(to);
}

void ktg_view_row(struct ktg_bytes map, bool indonesian, struct ktg_buf *text,
                  struct ktg_view_row *ret_row)
{
    char at[KTG_INSTANT_TEXT];
    struct ktg_bytes route = raw_at(map, "route"),
                     title = raw_at(route.size ? route : map, "title");
    struct ktg_bytes district = text_at(route.size ? route : map, "district");
    struct ktg_bytes alert = text_at(map, "alert");
    struct ktg_wire_value order;
    size_t where[10];
    where[0] = keep(text, instant_at(map, "at", at));
    where[1] = keep(text, text_at(map, "level"));
    where[2] = keep(text, text_at(map, "op"));
    where[3] = keep(text, text_at(map, "state"));
    where[4] = keep(text, text_at(map, "rule"));
    where[5] = keep(text, title.size ? in_language(title, indonesian) : KTG_BYTES_NONE);
    where[6] = keep(text, text_at(map, "subject"));
    where[7] = keep(text, district);
    where[8] = keep(text, alert.size ? alert : text_at(map, "reference"));
    where[9] = keep(text, text_at(map, "track"));
    const char *base = text->bad ? "" : (const char *)text->data;
#define CELL(i) (text->bad ? "" : base + where[i])
    *ret_row =
        (struct ktg_view_row){CELL(0),
                              CELL(1),
                              CELL(2),
                              CELL(3),
                              CELL(4),
                              CELL(5),
                              CELL(6),
                              CELL(7),
                              CELL(8),
                              CELL(9),
                              ktg_wire_get(map, "order", &order) ? (uint64_t)order.integer : 0};
#undef CELL
}

/* ---- one alert, for a person -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *en, *id;
} words[] = {
    {"Why", "Mengapa"},
    {"Conditions", "Syarat"},
    {"Values", "Nilai"},
    {"Evidence", "Bukti"},
    {"Would be disproved by", "Akan terbantah oleh"},
    {"Sources", "Sumber"},
    {"Told", "Penerima"},
    {"to be verified: a lead, not a verdict", "perlu verifikasi: petunjuk, bukan putusan"},
    {"live", "hidup"},
    {"silent", "diam"},
    {"no explanation now: correlation did not answer, or the finding stands no more",
     "belum ada penjelasan: korelasi tidak menjawab, atau temuan tidak berlaku lagi"},
    {"Legal basis", "Dasar hukum"},
};
enum {
    WHY,
    CONDITIONS,
    VALUES,
    EVIDENCE,
    DISPROVED,
    SOURCES,
    TOLD,
    LEAD,
    LIVE,
    SILENT,
    NONE,
    LEGAL
};

static const char *word(int i, bool indonesian)
{
    return indonesian ? words[i].id : words[i].en;
}

/* Texts come from strangers: what would steer a terminal is shown as '?'. */
static void put(struct ktg_buf *to, struct ktg_bytes s)
{
    for (size_t i = 0; i < s.size; i++) {
        bool c1 = s.data[i] == 0xc2 && i + 1 < s.size && s.data[i + 1] < 0xa0;
        bool steers = s.data[i] < 0x20 || s.data[i] == 0x7f || c1;
        ktg_buf_put_u8(to, steers ? '?' : s.data[i]);
        i += c1;
    }
}

/* A value as a person reads it: texts without quotes. */
static void put_value(struct ktg_buf *to, const char *key, const struct ktg_wire_value *v)
{
    if (v->kind == KTG_WIRE_STR)
        put(to, v->bytes);
    else
        put_json(key, v, to);
}

static void put_conditions(struct ktg_buf *to, struct ktg_bytes explanation, bool indonesian)
{
    struct ktg_wire_value list, row, value, want, met;
    if (!ktg_wire_get(explanation, "conditions", &list) || list.kind != KTG_WIRE_ARRAY)
        return;
    ktg_buf_printf(to, "\n%s\n", word(CONDITIONS, indonesian));
    struct ktg_wire w = ktg_wire_inside(&list);
    while (!ktg_wire_next(&w, &row)) {
        bool yes = ktg_wire_get(row.raw, "met", &met) && met.integer;
        ktg_buf_printf(to, "  %s ", yes ? "✓" : "✗");
        put(to, text_at(row.raw, "text"));
        if (ktg_wire_get(row.raw, "value", &value)) {
            ktg_buf_put_str(to, "   = ");
            put_value(to, "value", &value);
        }
        if (ktg_wire_get(row.raw, "want", &want)) {
            ktg_buf_put_str(to, "   (");
            put_value(to, "want", &want);
            ktg_buf_put_str(to, ")");
        }
        ktg_buf_put_str(to, "\n");
    }
}

static void put_evidence(struct ktg_buf *to, struct ktg_bytes explanation, bool indonesian)
{
    struct ktg_wire_value list, row, position, counted;
    char at[KTG_INSTANT_TEXT];
    if (!ktg_wire_get(explanation, "evidence", &list) || list.kind != KTG_WIRE_ARRAY)
        return;
    ktg_buf_printf(to, "\n%s\n", word(EVIDENCE, indonesian));
    struct ktg_wire w = ktg_wire_inside(&list);
    while (!ktg_wire_next(&w, &row)) {
        bool no = ktg_wire_get(row.raw, "counted", &counted) && counted.kind == KTG_WIRE_BOOL &&
                  !counted.integer;
        ktg_buf_printf(to, "  %s ", no ? "–" : "●");
        put(to, instant_at(row.raw, "at", at));
        ktg_buf_put_str(to, "  ");
        put(to, text_at(row.raw, "type"));
        ktg_buf_put_str(to, "  ");
        put(to, text_at(row.raw, "source"));
        if (ktg_wire_get(row.raw, "position", &position))
            ktg_buf_printf(to, "  journal:%" PRId64, position.integer);
        struct ktg_bytes note = text_at(row.raw, "note");
        if (note.size) {
            ktg_buf_put_str(to, "  ");
            put(to, note);
        }
        ktg_buf_put_str(to, "\n");
    }
}

static void put_sources(struct ktg_buf *to, struct ktg_bytes explanation, bool indonesian)
{
    struct ktg_wire_value list, row, live;
    if (!ktg_wire_get(explanation, "sources", &list) || list.kind != KTG_WIRE_ARRAY || !list.count)
        return;
    ktg_buf_printf(to, "\n%s  ", word(SOURCES, indonesian));
    struct ktg_wire w = ktg_wire_inside(&list);
    for (uint32_t i = 0; !ktg_wire_next(&w, &row); i++) {
        bool yes = ktg_wire_get(row.raw, "live", &live) && live.integer;
        ktg_buf_put_str(to, i ? " · " : "");
        put(to, text_at(row.raw, "source"));
        ktg_buf_printf(to, " %s", word(yes ? LIVE : SILENT, indonesian));
    }
    ktg_buf_put_str(to, "\n");
}

static void put_values(struct ktg_buf *to, struct ktg_bytes body, bool indonesian)
{
    struct ktg_wire_value values, k, v;
    char key[64];
    if (!ktg_wire_get(body, "values", &values) || values.kind != KTG_WIRE_MAP || !values.count)
        return;
    ktg_buf_printf(to, "\n%s  ", word(VALUES, indonesian));
    struct ktg_wire w = ktg_wire_inside(&values);
    for (uint32_t i = 0; !ktg_wire_next(&w, &k) && !ktg_wire_next(&w, &v); i++) {
        snprintf(key, sizeof key, "%.*s", (int)(k.bytes.size < 60 ? k.bytes.size : 60),
                 (const char *)k.bytes.data);
        ktg_buf_printf(to, "%s%s=", i ? "  " : "", key);
        put_value(to, key, &v);
    }
    ktg_buf_put_str(to, "\n");
}

static void put_tracks(struct ktg_buf *to, struct ktg_bytes item, bool indonesian)
{
    struct ktg_wire_value tracks, k, v;
    char at[KTG_INSTANT_TEXT];
    if (!ktg_wire_get(item, "tracks", &tracks) || tracks.kind != KTG_WIRE_MAP)
        return;
    ktg_buf_printf(to, "\n%s\n", word(TOLD, indonesian));
    struct ktg_wire w = ktg_wire_inside(&tracks);
    while (!ktg_wire_next(&w, &k) && !ktg_wire_next(&w, &v)) {
        struct ktg_bytes officer = text_at(v.raw, "officer"),
                         disposition = text_at(v.raw, "disposition");
        ktg_buf_put_str(to, "  ");
        put(to, k.bytes);
        ktg_buf_put_str(to, "  ");
        put(to, text_at(v.raw, "state"));
        ktg_buf_put_str(to, "  ");
        put(to, instant_at(v.raw, "at", at));
        if (officer.size) {
            ktg_buf_put_str(to, "  ");
            put(to, officer);
        }
        if (disposition.size) {
            ktg_buf_put_str(to, "  ");
            put(to, disposition);
        }
        ktg_buf_put_str(to, "\n");
    }
}

static const char *level_colour(struct ktg_bytes level)
{
    static const struct {
        const char *level, *colour;
    } rows[] = {{"critical", "\033[1;31m"},
                {"high", "\033[31m"},
                {"medium", "\033[33m"},
                {"low", "\033[36m"}};
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (ktg_bytes_is(level, rows[i].level))
            return rows[i].colour;
    return "";
}

void ktg_view_alert(struct ktg_bytes item, bool indonesian, bool colour, struct ktg_buf *to)
{
    struct ktg_bytes body = raw_at(item, "body"), explanation = raw_at(item, "explanation");
    struct ktg_bytes route = raw_at(body, "route"), level = text_at(body, "level");
    struct ktg_wire_value rev;
    char at[KTG_INSTANT_TEXT];
    const char *ink = colour ? level_colour(level) : "";
    ktg_buf_put_str(to, ink);
    put(to, level);
    ktg_buf_put_str(to, ink[0] ? "\033[0m  " : "  ");
    put(to, text_at(body, "rule"));
    ktg_buf_put_str(to, "  ");
    put(to, text_at(body, "subject"));
    ktg_buf_put_str(to, "  ");
    put(to, text_at(body, "state"));
    if (ktg_wire_get(body, "rev", &rev))
        ktg_buf_printf(to, "  rev %" PRId64, rev.integer);
    ktg_buf_put_str(to, "  ");
    put(to, instant_at(body, "at", at));
    ktg_buf_put_str(to, "\n");
    put(to, text_at(item, "alert"));
    ktg_buf_printf(to, "  %s\n", word(LEAD, indonesian));
    if (route.size) {
        ktg_buf_printf(to, "\n%s  ", word(WHY, indonesian));
        put(to, in_language(raw_at(route, "title"), indonesian));
        struct ktg_bytes reason = text_at(body, "reason"), legal = text_at(route, "legal");
        if (reason.size) {
            ktg_buf_put_str(to, " (");
            put(to, reason);
            ktg_buf_put_str(to, ")");
        }
        ktg_buf_put_str(to, "\n");
        if (legal.size) {
            ktg_buf_printf(to, "%s  ", word(LEGAL, indonesian));
            put(to, legal);
            ktg_buf_put_str(to, "\n");
        }
        put_values(to, body, indonesian);
        if (explanation.size) {
            put_conditions(to, explanation, indonesian);
            put_evidence(to, explanation, indonesian);
            put_sources(to, explanation, indonesian);
        } else {
            ktg_buf_printf(to, "\n%s\n", word(NONE, indonesian));
        }
        ktg_buf_printf(to, "\n%s  ", word(DISPROVED, indonesian));
        put(to, in_language(raw_at(route, "disproved_by"), indonesian));
        ktg_buf_put_str(to, "\n");
    }
    put_tracks(to, item, indonesian);
}
