/* cmd/output.h - how every command speaks: data on stdout, messages on stderr.
 *
 *     a terminal   aligned table, colour          a pipe   NDJSON, one object a line, stable keys
 *     --table, --json choose; NO_COLOR, CLICOLOR_FORCE, TERM=dumb are obeyed; --quiet: no messages
 *
 * (1) A row is written with the same cells in both forms; only the form differs.
 * (2) An instant is written in full, with its zone, but on a terminal: there it is short, in one zone that the head of
 *     the column says once.
 * (3) Texts for people come as a label in English and Indonesian; --lang, else LC_ALL,
 *     LC_MESSAGES, LANG choose.
 * Owned by one thread.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_OUTPUT_H
#define KTG_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "runtime/buf.h"
#include "runtime/clock.h"
#include "runtime/err.h"

enum ktg_lang { KTG_LANG_EN, KTG_LANG_ID };

struct ktg_label {
    const char *en, *id;
};

enum ktg_output_form { KTG_OUTPUT_AUTO, KTG_OUTPUT_TABLE, KTG_OUTPUT_JSON };

/* What the world says; NULL: not set. */
struct ktg_output_world {
    bool tty;      /* of stdout */
    size_t screen; /* its columns; 0: nobody knows */
    ktg_time now;  /* true time */
    const char *no_color, *clicolor_force, *term, *lc_all, *lc_messages, *lang;
};

enum ktg_cell_kind {
    KTG_CELL_TEXT,
    KTG_CELL_NUMBER,  /* right-aligned; JSON number */
    KTG_CELL_BOOL,    /* "true" or "false" */
    KTG_CELL_LEVEL,   /* text, coloured by what it says */
    KTG_CELL_INSTANT, /* RFC 3339 with a zone */
};

struct ktg_column {
    const char *key; /* JSON key */
    struct ktg_label title;
    enum ktg_cell_kind kind;
    bool json_only; /* not in the table */
};

#define KTG_MAX_COLUMNS 16
struct ktg_output {
    FILE *out, *messages;
    bool table, colour, quiet;
    enum ktg_lang lang;
    const struct ktg_column *columns;
    size_t column_count, rows;
    size_t width[KTG_MAX_COLUMNS];
    int zone;             /* of times on a terminal, minutes east of UTC */
    ktg_time now;         /* which day is today there; 0: no terminal, every time in full */
    size_t screen;        /* columns; a wider table is folded between its cells; 0: never */
    struct ktg_buf cells; /* of the rows that wait for their widths: NUL-ended texts, \1 = absent */
    bool headed;
};

void ktg_output_init(struct ktg_output *o, FILE *out, FILE *messages,
                     const struct ktg_output_world *world);
void ktg_output_choose(struct ktg_output *o, enum ktg_output_form form); /* --json, --table */
void ktg_output_done(struct ktg_output *o);

/* Begin rows of these columns (borrowed until end). */
void ktg_output_table(struct ktg_output *o, const struct ktg_column *columns, size_t count);
/* One text per column; NULL: absent (null in JSON).  In a table it is shown at end(), or when very
 * many wait. */
void ktg_output_row(struct ktg_output *o, const char *const *cells);
void ktg_output_end(struct ktg_output *o);
/* A line of data as it is, in either form; the newline is added. */
void ktg_output_line(struct ktg_output *o, struct ktg_bytes line);

/* Lines of text for people.  On a terminal a line wider than the screen goes on in the next one, broken between words, under
 * the text of its first column. */
void ktg_output_text(struct ktg_output *o, struct ktg_bytes text);

/* A message on stderr, unless quiet. */
void ktg_output_say(struct ktg_output *o, const char *en, const char *id, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
/* "kentongan: TEXT" on stderr; returns the exit status of the code. */
int ktg_output_fail(struct ktg_output *o, int code, const struct ktg_err *err);
/* Flush.  KTG_OK, also when nobody reads any more; KTG_EIO: what was written did not get out. */
KTG_MUST_CHECK int ktg_output_flush(struct ktg_output *o, struct ktg_err *err);

const char *ktg_label_text(struct ktg_label label, enum ktg_lang lang); /* "" when there is none */

#endif
