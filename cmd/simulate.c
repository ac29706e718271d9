/* cmd/simulate.c - simulate: a synthetic country as a file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/simulate.h"

#include <errno.h>
#include <string.h>

#include "cmd/command.h"
#include "runtime/path.h"

static const char *const scenarios[] = {"borneo-week", NULL};
static const char *const manners[] = {"clean", "late", "corrected", "misspelt", "misread", NULL};
static const struct ktg_parameter simulate_options[] = {
    {.name = "scenario",
     .kind = KTG_VALUE_CHOICE,
     .choices = scenarios,
     .fallback = "borneo-week",
     .help = {"which story", "cerita yang mana"}},
    {.name = "seed",
     .kind = KTG_VALUE_NUMBER,
     .fallback = "1",
     .help = {"the same seed gives the same bytes", "benih yang sama memberi bita yang sama"}},
    {.name = "percent",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 10000,
     .fallback = "100",
     .help = {"of the ordinary population; planted cases stay",
              "dari penduduk biasa; kasus yang ditanam tetap"}},
    {.name = "planted",
     .kind = KTG_VALUE_CHOICE,
     .choices = manners,
     .fallback = "clean",
     .help = {"how the planted cases come to the centre",
              "bagaimana kasus yang ditanam sampai ke pusat"}},
    {.name = "truth",
     .kind = KTG_VALUE_FILE,
     .help = {"write here what the rules must find, one object a line",
              "tulis di sini apa yang harus ditemukan aturan"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example simulate_examples[] = {
    {"kentongan simulate > week.ndjson",
     {"twelve weeks of history and a live one",
      "dua belas minggu riwayat dan satu minggu berjalan"}},
    {"kentongan simulate --seed 7 --truth truth.ndjson > week.ndjson",
     {"with what the rules must find", "dengan apa yang harus ditemukan aturan"}},
    {"kentongan simulate --percent 1000 | tail -n 1",
     {"ten times as many ordinary lives", "sepuluh kali lebih banyak kehidupan biasa"}},
    KTG_END_EXAMPLES,
};

static int write_truth(const struct ktg_simulate *s, const char *path, struct ktg_err *err)
{
    static const struct ktg_column columns[] = {
        {.key = "rule"}, {.key = "subject"}, {.key = "state"}, {.key = "verdict"}, {.key = "story"},
    };
    FILE *f = fopen(path, "w");
    if (!f)
        return ktg_path_fail(err, path, errno, NULL);
    struct ktg_output o;
    ktg_output_init(&o, f, stderr, &(struct ktg_output_world){0});
    ktg_output_table(&o, columns, KTG_COUNT(columns));
    for (size_t i = 0; i < ktg_simulate_truth_count(s); i++) {
        const struct ktg_simulate_truth *t = ktg_simulate_truth(s, i);
        ktg_output_row(&o,
                       (const char *const[]){t->rule, t->subject, ktg_simulate_state_name(t->state),
                                             t->mistaken ? "mistaken" : "right", t->story});
    }
    ktg_output_end(&o);
    int rc = ktg_output_flush(&o, err);
    ktg_output_done(&o);
    if (fclose(f) && !rc)
        rc = ktg_path_fail(err, path, errno, NULL);
    return rc;
}

static enum ktg_simulate_manner manner_of(const char *text)
{
    size_t i = 0;
    while (manners[i] && text && strcmp(manners[i], text) != 0)
        i++;
    return text && manners[i] ? (enum ktg_simulate_manner)i : KTG_SIMULATE_CLEAN;
}

static int run_simulate(struct ktg_call *call)
{
    struct ktg_simulate *s = NULL;
    struct ktg_simulate_event e;
    struct ktg_buf line = KTG_BUF_INIT;
    const struct ktg_simulate_options options = {
        .scenario = ktg_call_text(call, "scenario"),
        .seed = (uint64_t)ktg_call_number(call, "seed", 1),
        .percent = (int)ktg_call_number(call, "percent", 100),
        .manner = manner_of(ktg_call_text(call, "planted")),
    };
    int rc = ktg_simulate_new(&options, &s, &call->err);
    const char *truth = rc ? NULL : ktg_call_text(call, "truth");
    if (truth)
        rc = write_truth(s, truth, &call->err);
    while (!rc && ktg_simulate_next(s, &e)) {
        ktg_buf_clear(&line);
        ktg_simulate_print(&e, true, &line);
        rc = ktg_buf_check(&line);
        ktg_output_line(call->out, ktg_buf_view(&line));
        if (ferror(call->out->out))
            break; /* said when the output is flushed */
    }
    if (!rc)
        ktg_output_say(call->out, "%zu events of %zu sources", "%zu kejadian dari %zu sumber",
                       ktg_simulate_count(s), ktg_simulate_source_count(s));
    ktg_buf_done(&line);
    ktg_simulate_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_simulate = {
    .path = "simulate",
    .summary = {"a synthetic country, as events one a line",
                "negeri buatan, sebagai kejadian satu per baris"},
    .detail =
        {"All data is made up.  Lines are in the order of arrival; recorded_at is given where it "
         "differs from\n"
         "occurred_at.  One post is offline for two days of the live week, and its events come "
         "late.",
         "Semua data rekaan.  Baris terurut menurut kedatangan; recorded_at ada bila berbeda dari\n"
         "occurred_at.  Satu pos luring dua hari pada minggu berjalan, kejadiannya datang "
         "terlambat."},
    .options = simulate_options,
    .examples = simulate_examples,
    .run = run_simulate,
};
