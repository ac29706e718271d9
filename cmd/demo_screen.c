/* cmd/demo_screen.c - see demo_screen.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/demo_screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/when.h"
#include "runtime/bytes.h"
#include "runtime/civil.h"

#define DIM    "\33[2m"
#define BOLD   "\33[1m"
#define NORMAL "\33[0m"

/* ---- words ------------------------------------------------------------------------------------------------------ */

static const char *const days[2][7] = {
    {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}, /* 1970-01-01 */
    {"Kam", "Jum", "Sab", "Min", "Sen", "Sel", "Rab"}};

static const struct {
    const char *level, *en, *id, *colour;
} levels[] = {{"critical", "◆ critical", "◆ kritis", "\33[1;31m"},
              {"high", "▲ high", "▲ tinggi", "\33[31m"},
              {"medium", "■ medium", "■ sedang", "\33[33m"},
              {"low", "● low", "● rendah", "\33[36m"},
              {"informational", "· info", "· info", ""}};

static const struct {
    const char *op, *state, *en, *id, *colour; /* state "": any */
} ops[] = {{"raise", "", "NEW", "BARU", BOLD},
           {"withdraw", "", "WITHDRAWN", "DICABUT", "\33[1;32m"},
           {"unknown", "", "uncertain", "tak pasti", "\33[35m"},
           {"amend", "closed", "over", "selesai", "\33[32m"},
           {"amend", "", "changed", "berubah", DIM}};

void ktg_demo_screen_time(ktg_time at, int offset_min, enum ktg_lang lang, char to[static 24])
{
    int y, m, d, id = lang == KTG_LANG_ID;
    ktg_date date = ktg_date_of(at, offset_min);
    int minute = (int)((at - ktg_start_of_day(date, offset_min)) / 60000);
    ktg_date_to_civil(date, &y, &m, &d);
    snprintf(to, 24, "%s %02d %s %02d:%02d", days[id][((date % 7) + 7) % 7], d,
             ktg_when_month(m, lang), minute / 60 % 24, minute % 60);
}

/* ---- cells ------------------------------------------------------------------------------------------------------ */

static size_t columns_of(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

/* `s` in exactly `width` columns: padded, or cut with an ellipsis. */
static void put_cell(struct ktg_buf *to, const char *s, size_t width)
{
    size_t columns = columns_of(s);
    if (columns <= width) {
        ktg_buf_put_str(to, s);
        ktg_buf_printf(to, "%*s", (int)(width - columns), "");
        return;
    }
    const char *end = s;
    for (size_t n = 0; n + 1 < width; n++)
        do
            end++;
        while (((unsigned char)*end & 0xC0) == 0x80);
    ktg_buf_put(to, s, (size_t)(end - s));
    ktg_buf_put_str(to, "…");
}

static void put_coloured(struct ktg_buf *to, const char *s, size_t width, const char *colour,
                         bool with)
{
    ktg_buf_put_str(to, with ? colour : "");
    put_cell(to, s, width);
    ktg_buf_put_str(to, with && colour[0] ? NORMAL : "");
    ktg_buf_put_str(to, " ");
}

/* Widths of the columns; what is left goes to the title. */
struct widths {
    size_t when, level, what, title, subject, place, to;
};

static struct widths widths_of(const struct ktg_demo_style *how)
{
    size_t all = how->width < 60 ? 60 : (size_t)how->width;
    struct widths w = all >= 110  ? (struct widths){16, 10, 9, 0, 16, 11, 8}
                      : all >= 90 ? (struct widths){12, 10, 9, 0, 12, 11, 8}
                                  : (struct widths){9, 10, 9, 0, 8, 7, 8};
    w.title = all - 1 - (w.when + w.level + w.what + w.subject + w.place + w.to + 6);
    return w;
}

void ktg_demo_screen_head(const struct ktg_demo_style *how, struct ktg_buf *to)
{
    static const struct ktg_label titles[] = {
        {"WHEN", "KAPAN"},    {"LEVEL", "TINGKAT"},
        {"WHAT", "APA"},      {"ALERT (TO BE VERIFIED)", "PERINGATAN (PERLU VERIFIKASI)"},
        {"ABOUT", "TENTANG"}, {"WHERE", "DI MANA"},
        {"TOLD", "KEPADA"}};
    struct widths w = widths_of(how);
    const size_t width[] = {w.when, w.level, w.what, w.title, w.subject, w.place, w.to};
    ktg_buf_put_str(to, how->colour ? BOLD : "");
    for (size_t i = 0; i < KTG_COUNT(titles); i++) {
        put_cell(to, ktg_label_text(titles[i], how->lang), width[i]);
        ktg_buf_put_str(to, " ");
    }
    ktg_buf_put_str(to, how->colour ? NORMAL : "");
    ktg_buf_put_str(to, "\n");
}

/* "doc:UTO:U0002741" is UTO U0002741 to a person; what does not fit loses its beginning: the end tells people apart. */
static const char *subject_of(const char *subject, size_t width, char room[static 64])
{
    const char *s = strncmp(subject, "doc:", 4) == 0 ? subject + 4 : subject;
    size_t columns = columns_of(s);
    snprintf(room, 64, "%s", s);
    for (char *c = room; s != subject && *c; c++)
        *c = *c == ':' ? ' ' : *c;
    return columns > width && strlen(room) == columns ? room + (columns - width) : room;
}

void ktg_demo_screen_row(const struct ktg_demo_style *how, const struct ktg_demo_row *row,
                         struct ktg_buf *to)
{
    struct widths w = widths_of(how);
    bool id = how->lang == KTG_LANG_ID;
    char when[24], about[64];
    size_t level = KTG_COUNT(levels) - 1, op = KTG_COUNT(ops) - 1;
    for (size_t i = KTG_COUNT(levels); i-- > 0;)
        level = strcmp(row->level, levels[i].level) == 0 ? i : level;
    for (size_t i = KTG_COUNT(ops); i-- > 0;)
        if (strcmp(row->op, ops[i].op) == 0 &&
            (!ops[i].state[0] || strcmp(row->state, ops[i].state) == 0))
            op = i;
    ktg_demo_screen_time(row->at, row->offset_min, how->lang, when);
    if (w.when < 12) { /* "Mon 00:16" */
        memmove(when + 4, when + 11, strlen(when + 11) + 1);
    } else if (w.when < 16) { /* "Mon 02 00:16" */
        memmove(when + 7, when + 11, strlen(when + 11) + 1);
    }
    put_coloured(to, when, w.when, DIM, how->colour);
    const char *label = id ? levels[level].id : levels[level].en;
    put_coloured(to, label, w.level, levels[level].colour, how->colour);
    put_coloured(to, id ? ops[op].id : ops[op].en, w.what, ops[op].colour, how->colour);
    put_coloured(to, row->title, w.title, ops[op].colour[0] ? ops[op].colour : "", how->colour);
    put_coloured(to, subject_of(row->subject, w.subject, about), w.subject, "", false);
    put_coloured(to, row->place[0] ? row->place : "-", w.place, "", false);
    put_coloured(to, row->to, w.to, "", false);
    while (to->size && to->data[to->size - 1] == ' ') /* nothing hangs over */
        to->size--;
    ktg_buf_put_str(to, "\n");
}

/* ---- many of one kind ---------------------------------------------------------------------------------------------- */

bool ktg_demo_bursts_take(struct ktg_demo_bursts *b, const char *rule, const char *op,
                          int64_t value, int64_t now)
{
    size_t i = 0;
    while (i < b->count && (strcmp(b->at[i].rule, rule) != 0 || strcmp(b->at[i].op, op) != 0))
        i++;
    if (i == KTG_DEMO_BURSTS)
        return true;
    struct ktg_demo_burst *k = &b->at[i];
    if (i == b->count) {
        *k = (struct ktg_demo_burst){.sum = -1};
        snprintf(k->rule, sizeof k->rule, "%s", rule);
        snprintf(k->op, sizeof k->op, "%s", op);
        b->count++;
    }
    if (!k->hidden && now - k->last > KTG_DEMO_MOMENT)
        k->shown = 0;
    k->last = now;
    k->total++;
    if (value >= 0)
        k->sum = (k->sum < 0 ? 0 : k->sum) + value;
    bool show = k->shown < KTG_DEMO_SHOWN;
    k->shown += show;
    k->hidden += !show;
    return show;
}

const struct ktg_demo_burst *ktg_demo_bursts_next(struct ktg_demo_bursts *b, int64_t now,
                                                  uint64_t *ret_hidden)
{
    for (size_t i = 0; i < b->count; i++) {
        struct ktg_demo_burst *k = &b->at[i];
        if (!k->hidden || now - k->last <= KTG_DEMO_MOMENT)
            continue;
        *ret_hidden = k->hidden;
        k->hidden = k->shown = 0;
        return k;
    }
    return NULL;
}

void ktg_demo_screen_burst(const struct ktg_demo_style *how, const struct ktg_demo_burst *b,
                           uint64_t hidden, struct ktg_buf *to)
{
    struct widths w = widths_of(how);
    bool id = how->lang == KTG_LANG_ID;
    ktg_buf_printf(to, "%*s%s", (int)(w.when + w.level + 2), "", how->colour ? DIM : "");
    ktg_buf_printf(to, id ? "… dan %" PRIu64 " lagi: %s" : "… and %" PRIu64 " more: %s", hidden,
                   b->rule);
    if (strcmp(b->op, "raise") == 0)
        ktg_buf_printf(to, id ? ", %" PRIu64 " semuanya" : ", %" PRIu64 " in all", b->total);
    ktg_buf_put_str(to, how->colour ? NORMAL : "");
    ktg_buf_put_str(to, "\n");
}

/* ---- figures ---------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t ktg_demo_percentile(int64_t *values, size_t count, int percent)
{
    if (!count)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    size_t rank = (count * (size_t)percent + 99) / 100;
    return values[rank ? rank - 1 : 0];
}
