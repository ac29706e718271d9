/* rules/testing/variants.c - see variants.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/variants.h"

#include <stdio.h>

enum { ORDERS = 4, LINES_SHOWN = 20 };

/* Is the line one of the lines of a text? */
static bool has_line(struct ktg_bytes text, struct ktg_bytes line)
{
    for (size_t i = 0; i < text.size;) {
        const uint8_t *end = memchr(text.data + i, '\n', text.size - i);
        size_t n = end ? (size_t)(end - text.data) - i : text.size - i;
        if (n == line.size && memcmp(text.data + i, line.data, n) == 0)
            return true;
        i += n + 1;
    }
    return false;
}

/* The lines of `a` that are not in `b`, after a mark. */
static void put_missing(struct ktg_buf *to, char mark, struct ktg_bytes a, struct ktg_bytes b)
{
    int shown = 0;
    for (size_t i = 0; i < a.size;) {
        const uint8_t *end = memchr(a.data + i, '\n', a.size - i);
        size_t n = end ? (size_t)(end - a.data) - i : a.size - i;
        if (!has_line(b, ktg_bytes(a.data + i, n)) && shown++ < LINES_SHOWN)
            ktg_buf_printf(to, "%c %.*s\n", mark, (int)n, (const char *)a.data + i);
        i += n + 1;
    }
}

static bool said_same(const struct ktg_heard_ops *a, const struct ktg_heard_ops *b,
                      struct ktg_buf *report)
{
    size_t i = 0;
    while (i < a->count && i < b->count && ktg_bytes_eq(a->list[i].payload, b->list[i].payload))
        i++;
    if (i == a->count && i == b->count)
        return true;
    if (i < a->count)
        ktg_expect_put_said(report, '-', &a->list[i]);
    if (i < b->count)
        ktg_expect_put_said(report, '+', &b->list[i]);
    return false;
}

static bool ends_same(const struct ktg_take *a, const struct ktg_take *b, struct ktg_buf *report)
{
    struct ktg_bytes x = ktg_buf_view(&a->standing), y = ktg_buf_view(&b->standing);
    if (ktg_bytes_eq(x, y))
        return true;
    put_missing(report, '-', x, y);
    put_missing(report, '+', y, x);
    return false;
}

static int try(const struct ktg_scene *scene, const struct ktg_take *written,
               const struct ktg_play_how *how, const char *what, bool *ret_same,
               struct ktg_buf *report, struct ktg_err *err)
{
    struct ktg_take take;
    struct ktg_buf why = KTG_BUF_INIT;
    int rc = ktg_play(scene, how, &take, err);
    if (rc)
        ktg_err_wrap(err, rc, "%s", what);
    bool same =
        !rc && (how->way == KTG_PLAY_SHUFFLED || said_same(&written->said, &take.said, &why));
    same = same && ends_same(written, &take, &why);
    if (!rc && !same)
        ktg_buf_printf(report, "as written it passes; %s it %s:\n%s", what,
                       how->way == KTG_PLAY_SHUFFLED ? "ends otherwise" : "says otherwise",
                       ktg_buf_text(&why));
    *ret_same = same;
    ktg_buf_done(&why);
    ktg_take_done(&take);
    return rc ? rc : ktg_buf_check(report);
}

int ktg_variants_check(const struct ktg_scene *scene, const struct ktg_take *written, uint64_t seed,
                       bool *ret_same, struct ktg_buf *report, struct ktg_err *err)
{
    static const struct {
        enum ktg_play_way way;
        const char *what;
    } ways[] = {{KTG_PLAY_TWICE, "with every event sent twice"},
                {KTG_PLAY_RESTARTED, "with the engine begun anew after every record and instant"}};
    bool same = true;
    int rc = KTG_OK;
    for (size_t i = 0; !rc && same && i < KTG_COUNT(ways); i++)
        rc = try(scene, written, &(struct ktg_play_how){.way = ways[i].way}, ways[i].what, &same,
                 report, err);
    for (int i = 0; !rc && same && i < ORDERS; i++) {
        char what[64];
        snprintf(what, sizeof what, i ? "shuffled (order %d)" : "with all events late and reversed",
                 i);
        rc = try(scene, written,
                 &(struct ktg_play_how){.way = KTG_PLAY_SHUFFLED,
                                        .seed = i ? seed * ORDERS + (uint64_t)i : 0},
                 what, &same, report, err);
    }
    *ret_same = !rc && same;
    return rc;
}
