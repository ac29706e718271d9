/* cmd/rules_state.c - what rules check says of state: entries and bytes that each rule may expect about one subject.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>

#include "cmd/rules.h"
#include "cmd/shipped.h"
#include "rules/engine/weight.h"
#include "rules/tests_model.h"

int ktg_rules_rates(struct ktg_call *call, struct ktg_rates **ret_r)
{
    const char *path = ktg_call_text(call, "rates");
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_bytes text = KTG_BYTES_NONE;
    int rc = path ? ktg_files_read_one(&files, path, KTG_SHIPPED_RATES, &call->err) : KTG_OK;
    if (!rc && path)
        text = files.at[0].text;
    for (size_t i = 0; !path && i < ktg_shipped_count; i++)
        if (ktg_bytes_is(ktg_shipped[i].name, KTG_SHIPPED_RATES))
            text = ktg_shipped[i].text;
    if (!rc)
        rc = ktg_rates_parse(text, path ? path : KTG_SHIPPED_RATES " (shipped)", ret_r, &call->err);
    ktg_files_done(&files);
    return rc;
}

/* "36h", "7d", "1d12h": whole minutes. */
static const char *put_back(ktg_time back, char *to, size_t size)
{
    int64_t m = back / 60000;
    int64_t parts[] = {m / 1440, m / 60 % 24, m % 60};
    size_t n = 0;
    to[0] = '\0';
    for (size_t i = 0; i < KTG_COUNT(parts); i++)
        if (parts[i] || (i == 2 && !n))
            n += (size_t)snprintf(to + n, size - n, "%" PRId64 "%c", parts[i], "dhm"[i]);
    return to;
}

/* Thousandths, rounded up: with one digit behind the point, or none. */
static const char *put_mean(int64_t n, char *to, size_t size)
{
    n = (n + 99) / 100;
    snprintf(to, size, "%" PRId64 ".%" PRId64, n / 10, n % 10);
    return to;
}
static const char *put_whole(int64_t n, char *to, size_t size)
{
    snprintf(to, size, "%" PRId64, (n + 999) / 1000);
    return to;
}

static void put_row(struct ktg_output *o, const struct ktg_rule *r, const struct ktg_rates *rates,
                    const struct ktg_estimate *e)
{
    static const struct ktg_label whole = {"whole history", "seluruh riwayat"};
    struct ktg_weight w = ktg_weigh(r, rates, e);
    char t[8][32];
    snprintf(t[7], sizeof t[7], "%" PRId64, e->steps);
    ktg_output_row(
        o,
        (const char *const[]){
            ktg_rule_name(r), e->kind, put_mean(e->entries.mean, t[0], sizeof t[0]),
            put_whole(e->entries.p99, t[1], sizeof t[1]),
            put_whole(w.shared.mean, t[2], sizeof t[2]), put_whole(w.shared.p99, t[3], sizeof t[3]),
            e->whole ? ktg_label_text(whole, o->lang) : put_back(e->back, t[4], sizeof t[4]),
            e->whole ? "true" : "false", put_whole(w.own.mean, t[5], sizeof t[5]),
            put_whole(w.own.p99, t[6], sizeof t[6]), t[7], e->unknown[0] ? e->unknown : NULL});
}

/* Calls `each` for every rule and kind of subject. */
static void each_estimate(const struct ktg_ruleset *rs, const struct ktg_rates *rates, void *arg,
                          void (*each)(void *arg, const struct ktg_rule *r,
                                       const struct ktg_rates *rates, const struct ktg_estimate *e))
{
    for (size_t i = 0; i < ktg_ruleset_count(rs); i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(rs, i);
        size_t count;
        const int *per = ktg_rule_per(r, &count);
        for (size_t k = 0; k < count && ktg_rule_status(r) != KTG_RULE_OFF; k++) {
            struct ktg_estimate e;
            ktg_estimate(r, per[k], rates, &e);
            each(arg, r, rates, &e);
        }
    }
}

static void show(void *arg, const struct ktg_rule *r, const struct ktg_rates *rates,
                 const struct ktg_estimate *e)
{
    put_row(arg, r, rates, e);
}

void ktg_rules_state_show(struct ktg_output *o, const struct ktg_ruleset *rs,
                          const struct ktg_rates *rates)
{
    static const struct ktg_column columns[] = {
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "per", .title = {"PER", "PER"}},
        {.key = "entries", .title = {"ENTRIES", "ENTRI"}, .kind = KTG_CELL_NUMBER},
        {.key = "entries_p99", .title = {"99 %", "99 %"}, .kind = KTG_CELL_NUMBER},
        {.key = "bytes", .title = {"BYTES", "BITA"}, .kind = KTG_CELL_NUMBER},
        {.key = "bytes_p99", .title = {"99 %", "99 %"}, .kind = KTG_CELL_NUMBER},
        {.key = "back", .title = {"LOOKING BACK", "MELIHAT KE BELAKANG"}},
        {.key = "whole", .kind = KTG_CELL_BOOL, .json_only = true},
        {.key = "own_bytes", .title = {"OWN", "MILIKNYA"}, .kind = KTG_CELL_NUMBER},
        {.key = "own_bytes_p99", .title = {"99 %", "99 %"}, .kind = KTG_CELL_NUMBER},
        {.key = "steps_p99", .kind = KTG_CELL_NUMBER, .json_only = true},
        {.key = "no_rate", .title = {"NO RATE", "TANPA ANGKA"}},
    };
    ktg_output_table(o, columns, KTG_COUNT(columns));
    each_estimate(rs, rates, o, show);
    ktg_output_end(o);
}

struct warning {
    struct ktg_call *call;
    size_t count;
};

static void warn(void *arg, const struct ktg_rule *r, const struct ktg_rates *rates,
                 const struct ktg_estimate *e)
{
    struct warning *w = arg;
    int line;
    const char *file = ktg_rule_file(r, &line);
    (void)rates;
    if (e->steps <= e->budget)
        return;
    w->count++;
    ktg_output_say(
        w->call->out,
        "%s:%d:1: warning: '%s' may use up its budget about one %s in a hundred: a year "
        "of %" PRId64 " entries takes up to %" PRId64 " million steps, an answer may "
        "take %" PRId64,
        "%s:%d:1: peringatan: '%s' dapat menghabiskan anggarannya atas satu dari seratus "
        "%s: setahun berisi %" PRId64 " entri perlu sampai %" PRId64 " juta langkah, "
        "satu jawaban boleh %" PRId64,
        file, line, ktg_rule_name(r), e->kind, (e->year.p99 + 999) / 1000,
        (e->steps + 999999) / 1000000, e->budget / 1000000);
}

size_t ktg_rules_state_warn(struct ktg_call *call, const struct ktg_ruleset *rs,
                            const struct ktg_rates *rates)
{
    struct warning w = {.call = call};
    each_estimate(rs, rates, &w, warn);
    return w.count;
}
