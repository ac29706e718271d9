/* cmd/output.c - see output.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/output.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/phrase.h"
#include "cmd/when.h"
#include "schema/json.h"
#include "schema/text.h"

#define TITLE_SIZE  64
#define WAITING_MAX (1u << 20) /* bytes of cells; then the widths so far must do */
#define ABSENT      '\1'
#define ZONE_UNSAID 420 /* WIB, as the setting time.zone when nobody sets it */

const char *ktg_label_text(struct ktg_label label, enum ktg_lang lang)
{
    const char *text = lang == KTG_LANG_ID && label.id ? label.id : label.en;
    return text ? text : "";
}

static bool is_set(const char *s)
{
    return s && s[0];
}

static enum ktg_lang lang_of(const struct ktg_output_world *w)
{
    const char *said = is_set(w->lc_all)        ? w->lc_all
                       : is_set(w->lc_messages) ? w->lc_messages
                       : is_set(w->lang)        ? w->lang
                                                : "";
    return strncmp(said, "id", 2) == 0 &&
                   !strchr("abcdefghijklmnopqrstuvwxyz", said[2] ? said[2] : '_')
               ? KTG_LANG_ID
               : KTG_LANG_EN;
}

void ktg_output_init(struct ktg_output *o, FILE *out, FILE *messages,
                     const struct ktg_output_world *w)
{
    bool dumb = w->term && strcmp(w->term, "dumb") == 0;
    bool forced = is_set(w->clicolor_force) && strcmp(w->clicolor_force, "0") != 0;
    *o = (struct ktg_output){
        .out = out,
        .messages = messages,
        .table = w->tty,
        .colour = !is_set(w->no_color) && (forced || (w->tty && !dumb)),
        .lang = lang_of(w),
        .screen = w->screen,
        .now = w->tty ? w->now : 0,
        .zone = ZONE_UNSAID,
    };
}

void ktg_output_choose(struct ktg_output *o, enum ktg_output_form form)
{
    if (form != KTG_OUTPUT_AUTO)
        o->table = form == KTG_OUTPUT_TABLE;
}

void ktg_output_done(struct ktg_output *o)
{
    ktg_buf_done(&o->cells);
}

/* Columns on the screen: code points, which is right for the scripts we print. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static bool is_short(const struct ktg_output *o, const struct ktg_column *c)
{
    return o->now && c->kind == KTG_CELL_INSTANT;
}

/* With the zone that is not said in the cells. */
static const char *title_of(const struct ktg_output *o, const struct ktg_column *c,
                            char to[static TITLE_SIZE])
{
    char zone[KTG_ZONE_TEXT];
    const char *title = ktg_label_text(c->title, o->lang);
    if (!is_short(o, c))
        return title;
    ktg_zone_format(o->zone, zone);
    snprintf(to, TITLE_SIZE, "%s (%s)", title, zone);
    return to;
}

/* What a table shows of a cell.  What is no instant stays as it is. */
static const char *shown_of(const struct ktg_output *o, const struct ktg_column *c,
                            const char *cell, char to[static KTG_WHEN_TEXT])
{
    ktg_time at;
    int unused;
    if (!cell || !is_short(o, c) || ktg_instant_parse(ktg_bytes_str(cell), true, &at, &unused))
        return cell;
    ktg_when_format(at, o->now, o->zone, o->lang, to);
    return to;
}

void ktg_output_table(struct ktg_output *o, const struct ktg_column *columns, size_t count)
{
    assert(count <= KTG_MAX_COLUMNS);
    o->columns = columns;
    o->column_count = count;
    o->rows = 0;
    o->headed = false;
    ktg_buf_clear(&o->cells);
    for (size_t i = 0; i < count; i++) {
        char title[TITLE_SIZE];
        o->width[i] = width_of(title_of(o, &columns[i], title));
    }
}

/* ---- JSON ---- */

/* Cells may come from a command line or a file: what is not UTF-8 becomes a mark, byte by byte. */
static void put_json_text(struct ktg_buf *to, const char *cell)
{
    struct ktg_bytes text = ktg_bytes_str(cell);
    struct ktg_buf clean = KTG_BUF_INIT;
    if (ktg_text_check(text) == KTG_TEXT_NOT_UTF8) {
        for (size_t i = 0; i < text.size; i++)
            ktg_buf_put(&clean,
                        text.data[i] < 0x80 ? text.data + i : (const uint8_t *)"\xEF\xBF\xBD",
                        text.data[i] < 0x80 ? 1 : 3);
        text = ktg_buf_view(&clean);
    }
    ktg_json_put_text(to, text);
    ktg_buf_done(&clean);
}

static void put_json_row(struct ktg_output *o, const char *const *cells)
{
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = 0; i < o->column_count; i++) {
        const struct ktg_column *c = &o->columns[i];
        ktg_buf_put_str(&b, i ? ",\"" : "{\"");
        ktg_buf_put_str(&b, c->key);
        ktg_buf_put_str(&b, "\":");
        if (!cells[i])
            ktg_buf_put_str(&b, "null");
        else if (c->kind == KTG_CELL_NUMBER || c->kind == KTG_CELL_BOOL)
            ktg_buf_put_str(&b, cells[i]);
        else
            put_json_text(&b, cells[i]);
    }
    ktg_buf_put_str(&b, "}");
    ktg_output_line(o, ktg_buf_view(&b));
    ktg_buf_done(&b);
}

/* ---- table ---- */

static const char *colour_of(const char *text)
{
    static const struct {
        const char *text, *colour;
    } colours[] = {{"critical", "\33[1;31m"}, {"high", "\33[31m"}, {"medium", "\33[33m"},
                   {"low", "\33[36m"},        {"ok", "\33[32m"},   {"FAIL", "\33[1;31m"}};
    for (size_t i = 0; i < KTG_COUNT(colours); i++)
        if (strcmp(text, colours[i].text) == 0)
            return colours[i].colour;
    return "";
}

static size_t last_shown(const struct ktg_output *o)
{
    size_t last = 0;
    for (size_t i = 0; i < o->column_count; i++)
        if (!o->columns[i].json_only)
            last = i;
    return last;
}

#define FOLD_INDENT 4
#define LEAST_FOLD  20 /* columns; a last cell with fewer runs on */
#define ENOUGH      30 /* columns in which a long last cell may go on under itself */

/* Columns that a cell takes; the last one, and what is alone too wide, runs on. */
static size_t room_of(const struct ktg_output *o, size_t i)
{
    return o->width[i] + (i == last_shown(o) ? 0 : 2);
}

/* Does a new line begin before column i?  The same for every row, so that columns stay columns.  *ret_start: where it begins. */
static bool folds_before(const struct ktg_output *o, size_t i, size_t *ret_start)
{
    size_t used = 0;
    bool folds = false;
    for (size_t k = 0; k <= i; k++) {
        if (o->columns[k].json_only)
            continue;
        size_t need = k == last_shown(o) && o->width[k] > ENOUGH ? ENOUGH : o->width[k];
        folds = o->screen && used > FOLD_INDENT && used + need > o->screen;
        *ret_start = folds ? FOLD_INDENT : used;
        used = *ret_start + room_of(o, k);
    }
    return folds;
}

/* Columns of a piece, without what only steers. */
static size_t columns_of(struct ktg_bytes s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] == 0x1B) {
            while (i < s.size && s.data[i] != 'm')
                i++;
            continue;
        }
        n += (s.data[i] & 0xC0) != 0x80;
    }
    return n;
}

/* Bytes of `line` that fit into `room` columns, up to a blank; a word that is too long is left whole. */
static size_t cut_of(struct ktg_bytes line, size_t from, size_t room)
{
    size_t cut = 0;
    for (size_t i = from; i < line.size; i++)
        if (line.data[i] == ' ' && line.data[i - 1] != ' ') {
            if (cut && columns_of(ktg_bytes(line.data, i)) > room)
                break;
            cut = i;
            if (columns_of(ktg_bytes(line.data, i)) > room)
                break;
        }
    return cut;
}

/* A piece of `line` after the other, none wider than `room`, the later ones indented; the last one has no end of line. */
static void put_folded(struct ktg_output *o, struct ktg_bytes line, size_t room, size_t indent)
{
    size_t own = 1;
    while (own < line.size && line.data[own - 1] == ' ')
        own++;
    while (room && columns_of(line) > room) {
        size_t cut = cut_of(line, own, room);
        if (!cut)
            break;
        fwrite(line.data, 1, cut, o->out);
        fprintf(o->out, "\n%*s", (int)indent, "");
        while (cut < line.size && line.data[cut] == ' ')
            cut++;
        line = ktg_bytes(line.data + cut, line.size - cut);
        room = o->screen - indent;
        own = 1;
    }
    fwrite(line.data, 1, line.size, o->out);
}

static void put_cell(struct ktg_output *o, size_t i, const char *text, const char *colour)
{
    size_t width = width_of(text), pad = o->width[i] > width ? o->width[i] - width : 0;
    bool right = o->columns[i].kind == KTG_CELL_NUMBER || is_short(o, &o->columns[i]);
    const char *end = colour[0] ? "\33[0m" : "";
    size_t start = 0;
    bool last = i == last_shown(o);
    if (folds_before(o, i, &start))
        fprintf(o->out, "\n%*s", FOLD_INDENT, "");
    if (right)
        fprintf(o->out, "%*s%s%s%s", (int)pad, "", colour, text, end);
    else if (last && o->screen >= start + LEAST_FOLD)
        put_folded(o, ktg_bytes_str(text), o->screen - start, start);
    else
        fprintf(o->out, "%s%s%s%*s", colour, text, end, last ? 0 : (int)pad, "");
    fputs(last ? "\n" : "  ", o->out);
}

static void put_head(struct ktg_output *o)
{
    char title[TITLE_SIZE];
    for (size_t i = 0; i < o->column_count; i++)
        if (!o->columns[i].json_only)
            put_cell(o, i, title_of(o, &o->columns[i], title), o->colour ? "\33[1m" : "");
    o->headed = true;
}

static void put_waiting(struct ktg_output *o)
{
    if (!o->headed)
        put_head(o);
    const char *at = ktg_buf_text(&o->cells);
    for (size_t row = 0; row < o->rows; row++)
        for (size_t i = 0; i < o->column_count; i++) {
            const char *text = at[0] == ABSENT ? "-" : at;
            bool level = o->columns[i].kind == KTG_CELL_LEVEL;
            if (!o->columns[i].json_only)
                put_cell(o, i, text, o->colour && level ? colour_of(text) : "");
            at += strlen(at) + 1;
        }
    o->rows = 0;
    ktg_buf_clear(&o->cells);
}

/* What a stranger wrote must not steer the terminal. */
static void put_safe(struct ktg_buf *to, const char *text)
{
    for (const char *p = text; *p; p++)
        ktg_buf_put_u8(to, (unsigned char)*p < 0x20 || *p == 0x7F ? '?' : (uint8_t)*p);
    ktg_buf_put_u8(to, 0);
}

void ktg_output_row(struct ktg_output *o, const char *const *cells)
{
    if (!o->table) {
        put_json_row(o, cells);
        return;
    }
    for (size_t i = 0; i < o->column_count; i++) {
        char when[KTG_WHEN_TEXT];
        const char *cell = shown_of(o, &o->columns[i], cells[i], when);
        size_t width = cell ? width_of(cell) : 1;
        if (width > o->width[i])
            o->width[i] = width;
        if (cell)
            put_safe(&o->cells, cell);
        else
            ktg_buf_put(&o->cells, (const uint8_t[]){ABSENT, 0}, 2);
    }
    o->rows++;
    if (o->cells.size > WAITING_MAX)
        put_waiting(o);
}

void ktg_output_end(struct ktg_output *o)
{
    if (o->table)
        put_waiting(o);
    o->columns = NULL;
    o->column_count = 0;
}

void ktg_output_line(struct ktg_output *o, struct ktg_bytes line)
{
    fwrite(line.data, 1, line.size, o->out);
    fputc('\n', o->out);
}

/* ---- text ---- */

/* Where the second column of a line begins, "  -c, --config FILE    text"; else its own indent and some more. */
static size_t indent_of(struct ktg_bytes line, size_t screen)
{
    size_t own = 0;
    while (own < line.size && line.data[own] == ' ')
        own++;
    for (size_t i = own; i + 2 < line.size; i++)
        if (line.data[i] == ' ' && line.data[i + 1] == ' ') {
            while (i < line.size && line.data[i] == ' ')
                i++;
            size_t at = columns_of(ktg_bytes(line.data, i));
            return at <= screen / 2 ? at : own + FOLD_INDENT;
        }
    return own + FOLD_INDENT;
}

static void put_line(struct ktg_output *o, struct ktg_bytes line)
{
    put_folded(o, line, o->screen, o->screen ? indent_of(line, o->screen) : 0);
    fputc('\n', o->out);
}

void ktg_output_text(struct ktg_output *o, struct ktg_bytes text)
{
    while (text.size) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t n = end ? (size_t)(end - text.data) : text.size;
        put_line(o, ktg_bytes(text.data, n));
        n += end != NULL;
        text = ktg_bytes(text.data + n, text.size - n);
    }
}

/* ---- messages ---- */

void ktg_output_say(struct ktg_output *o, const char *en, const char *id, ...)
{
    if (o->quiet)
        return;
    va_list ap;
    va_start(ap, id);
    vfprintf(o->messages, o->lang == KTG_LANG_ID ? id : en, ap);
    va_end(ap);
    fputc('\n', o->messages);
}

int ktg_output_fail(struct ktg_output *o, int code, const struct ktg_err *err)
{
    char text[KTG_PHRASE_TEXT];
    fprintf(o->messages, "kentongan: %s\n",
            err && err->text[0] ? ktg_phrase_err(err, o->lang, text)
                                : ktg_phrase(ktg_code_advice(code), o->lang, text));
    return ktg_code_exit_status(code);
}

int ktg_output_flush(struct ktg_output *o, struct ktg_err *err)
{
    errno = 0;
    if (fflush(o->out) == 0 && !ferror(o->out))
        return KTG_OK;
    if (errno == EPIPE)
        return KTG_OK;
    return ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_OUTPUT_LOST], "standard output",
                         errno ? strerror(errno) : NULL, NULL);
}
