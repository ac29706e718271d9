/* cmd/progress.c - see progress.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/clock.h"

enum { BAR = 20, PATIENCE_MS = 500, PACE_MS = 100 };

static void put_number(uint64_t n, enum ktg_lang lang, char *to, size_t size)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, n);
    size_t k = 0;
    for (int i = 0; i < count && k + 2 < size; i++) {
        if (i && (count - i) % 3 == 0)
            to[k++] = lang == KTG_LANG_ID ? '.' : ',';
        to[k++] = digits[i];
    }
    to[k] = 0;
}

void ktg_progress_line(const char *what, uint64_t done, uint64_t total, int64_t elapsed_ms,
                       enum ktg_lang lang, char *to, size_t size)
{
    char bar[BAR + 1], have[32], all[32], pace[32];
    uint64_t rate = elapsed_ms > 0 ? done * 1000 / (uint64_t)elapsed_ms : 0;
    put_number(done, lang, have, sizeof have);
    put_number(total, lang, all, sizeof all);
    put_number(rate, lang, pace, sizeof pace);
    if (!total) {
        snprintf(to, size, "%s  %s  %s/%s", what, have, pace, lang == KTG_LANG_ID ? "dtk" : "s");
        return;
    }
    if (done > total)
        done = total;
    size_t filled = (size_t)(done * BAR / total);
    for (size_t i = 0; i < BAR; i++)
        bar[i] = i < filled ? '=' : i == filled ? '>' : ' ';
    bar[BAR] = 0;
    char left[48] = "";
    if (rate)
        snprintf(left, sizeof left,
                 lang == KTG_LANG_ID ? "  sisa %" PRIu64 " dtk" : "  %" PRIu64 " s left",
                 (total - done + rate - 1) / rate);
    snprintf(to, size, "%s  [%s] %3" PRIu64 " %%  %s %s %s  %s/%s%s", what, bar, done * 100 / total,
             have, lang == KTG_LANG_ID ? "dari" : "of", all, pace,
             lang == KTG_LANG_ID ? "dtk" : "s", left);
}

void ktg_progress_begin(struct ktg_progress *p, struct ktg_output *out, struct ktg_label what,
                        uint64_t total)
{
    const char *term = getenv("TERM");
    *p = (struct ktg_progress){.out = out, .what = what, .total = total, .began = ktg_mono_ms()};
    p->can = !out->quiet && isatty(fileno(out->messages)) && (!term || strcmp(term, "dumb") != 0);
}

void ktg_progress_at(struct ktg_progress *p, uint64_t done)
{
    char line[160];
    int64_t now = p->can ? ktg_mono_ms() : 0;
    if (!p->can || now - p->began < PATIENCE_MS || now - p->shown < PACE_MS)
        return;
    p->shown = now;
    ktg_progress_line(ktg_label_text(p->what, p->out->lang), done, p->total, now - p->began,
                      p->out->lang, line, sizeof line);
    fprintf(p->out->messages, "\r\033[K%s", line);
    fflush(p->out->messages);
}

void ktg_progress_end(struct ktg_progress *p)
{
    if (p->shown)
        fputs("\r\033[K", p->out->messages);
    p->can = false;
    p->shown = 0;
}
