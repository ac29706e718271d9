/* rules/notes.c - what a check has to say of a file of rules, each with its place, and the memory of a load.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/model.h"

__attribute__((format(printf, 6, 0))) static void note(struct ktg_load *l, const char *what,
                                                       const char *file, int line, int column,
                                                       const char *format, va_list ap)
{
    struct ktg_buf *b = &l->notes->text;
    ktg_buf_printf(b, "%s:%d:%d: %s: ", file, line, column, what);
    ktg_buf_vprintf(b, format, ap);
    ktg_buf_put_u8(b, '\n');
    if (b->bad)
        l->code = KTG_ENOMEM;
}

void ktg_load_error(struct ktg_load *l, const char *file, int line, int column, const char *format,
                    ...)
{
    va_list ap;
    va_start(ap, format);
    note(l, "error", file, line, column, format, ap);
    va_end(ap);
    l->notes->errors++;
}

void ktg_load_warning(struct ktg_load *l, const char *file, int line, int column,
                      const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    note(l, "warning", file, line, column, format, ap);
    va_end(ap);
    l->notes->warnings++;
}

void ktg_rule_error(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *at,
                    const char *format, ...)
{
    va_list ap;
    char text[600];
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    r->broken = true;
    if (at && at->line)
        ktg_load_error(l, at->file, at->line, at->column, "%s", text);
    else
        ktg_load_error(l, r->file, r->line, 1, "%s", text);
}

bool ktg_load_line_has_comment(const struct ktg_load *l, const struct ktg_phrase *at)
{
    for (size_t i = 0; i < l->file_count; i++) {
        if (!ktg_bytes_is(ktg_file_shown(&l->files[i]), at->file))
            continue;
        struct ktg_bytes t = l->files[i].text;
        int line = 1;
        for (size_t k = 0; k < t.size && line <= at->line; k++) {
            if (t.data[k] == '\n')
                line++;
            else if (line == at->line && t.data[k] == '#' && k > 0 && t.data[k - 1] == ' ')
                return true;
        }
    }
    return false;
}

void *ktg_load_alloc(struct ktg_load *l, size_t size)
{
    void *p = ktg_arena_zalloc(&l->rs->arena, size);
    if (!p)
        l->code = KTG_ENOMEM;
    return p;
}
