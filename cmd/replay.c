/* cmd/replay.c - replay: the engine offline, for checking.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/replay.h"

#include <string.h>

#include "cmd/installation.h"
#include "cmd/lines.h"
#include "cmd/rules.h"
#include "schema/json.h"

#define MOST_PATHS 256

static const struct ktg_parameter replay_options[] = {
    {.name = "rules",
     .letter = 'r',
     .kind = KTG_VALUE_FILE,
     .repeat = true,
     .help = {"a folder or file of rules; none: the shipped ones",
              "folder atau berkas aturan; kosong: bawaan"}},
    {.name = "events",
     .letter = 'e',
     .kind = KTG_VALUE_FILE,
     .required = true,
     .help = {"events, one JSON object a line, in order of arrival; - is standard input",
              "kejadian, satu objek JSON per baris, menurut kedatangan; - adalah masukan baku"}},
    {.name = "until",
     .kind = KTG_VALUE_INSTANT,
     .help = {"let the clock go on to here; later lines are not read",
              "jam berjalan sampai saat ini; baris sesudahnya tidak dibaca"}},
    {.name = "batch",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 65536,
     .fallback = "1",
     .help = {"lines read ahead; the output does not depend on it",
              "baris yang dibaca di muka; keluaran tidak bergantung padanya"}},
    KTG_RULES_PARAMETERS,
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example replay_examples[] = {
    {"kentongan replay --events week.ndjson",
     {"the shipped rules over a file", "aturan bawaan atas sebuah berkas"}},
    {"kentongan replay --rules my-rules/ --events week.ndjson --until 2026-05-01T00:00:00+07:00",
     {"own rules, and the clock goes on to May", "aturan sendiri, dan jam berjalan sampai Mei"}},
    {"kentongan simulate | kentongan replay --events - --table",
     {"a synthetic country, for people", "negeri buatan, untuk orang"}},
    {"kentongan replay --schema my-types/ --rules my-rules/ --events -",
     {"an agency's own event type, without rebuilding anything",
      "jenis kejadian milik instansi, tanpa membangun ulang"}},
    KTG_END_EXAMPLES,
};

struct run {
    struct ktg_call *call;
    struct ktg_lines lines;
    struct ktg_buf text;
};

static int next_line(void *arg, struct ktg_bytes *ret_line)
{
    struct run *r = arg;
    return ktg_lines_next(&r->lines, ret_line, &r->call->err);
}

static void complain(void *arg, size_t line, const char *text)
{
    struct run *r = arg;
    ktg_lines_say_wrong(&r->lines, r->call->out, line, text);
}

/* A text or an instant of the finding, for a table. */
static const char *word(struct ktg_bytes map, const char *key, char *to, size_t size)
{
    struct ktg_wire_value v, ms, offset;
    if (!ktg_wire_get(map, key, &v))
        return NULL;
    struct ktg_wire w = ktg_wire_inside(&v);
    if (v.kind == KTG_WIRE_STR) {
        snprintf(to, size, "%.*s", (int)v.bytes.size, (const char *)v.bytes.data);
    } else if (v.kind == KTG_WIRE_ARRAY && !ktg_wire_next(&w, &ms) && !ktg_wire_next(&w, &offset)) {
        char instant[KTG_INSTANT_TEXT];
        ktg_instant_format(ms.integer, (int)offset.integer, instant);
        snprintf(to, size, "%s", instant);
    } else {
        return NULL;
    }
    return to;
}

static int print_op(void *arg, const struct ktg_op *op)
{
    struct run *r = arg;
    struct ktg_output *o = r->call->out;
    if (!o->table) {
        ktg_buf_clear(&r->text);
        int rc = ktg_op_print(op, &r->text);
        if (!rc)
            ktg_output_line(o, ktg_buf_view(&r->text));
        return rc;
    }
    static const char *const keys[] = {"at",      "op",    "level", "rule",
                                       "subject", "state", "from",  "until"};
    char texts[KTG_COUNT(keys)][128];
    const char *cells[KTG_COUNT(keys)];
    for (size_t i = 0; i < KTG_COUNT(keys); i++)
        cells[i] = word(op->payload, keys[i], texts[i], sizeof texts[i]);
    ktg_output_row(o, cells);
    return KTG_OK;
}

static int play(struct run *r, const struct ktg_files *files)
{
    struct ktg_call *call = r->call;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_replay_counts n = {0};
    struct ktg_replay_options options = {
        .arg = r,
        .line = next_line,
        .out = print_op,
        .complain = complain,
        .until = ktg_call_instant(call, "until", KTG_LONG_AGO),
        .batch = (size_t)ktg_call_number(call, "batch", 1),
    };
    int rc = ktg_bundle_encode(files->at, files->count, &bundle);
    if (!rc)
        rc =
            ktg_lines_open(&r->lines, ktg_call_text(call, "events"), KTG_JSON_LINE_MAX, &call->err);
    if (!rc) {
        options.clocked = ktg_lines_find(&r->lines, "\"clock\"", ktg_replay_is_clock);
        rc = ktg_replay(ktg_buf_view(&bundle), &options, &n, &call->err);
    }
    if (!rc)
        ktg_output_say(
            call->out,
            "%zu events, %zu findings told; passed over: %zu twice, %zu in conflict, %zu wrong",
            "%zu kejadian, %zu temuan disampaikan; dilewati: %zu ganda, %zu bertentangan, %zu "
            "salah",
            n.events, n.ops, n.duplicates, n.conflicts, n.refused);
    if (!rc)
        rc = ktg_lines_verdict(&r->lines, n.conflicts + n.refused, &call->err);
    ktg_buf_done(&bundle);
    return rc;
}

static int run_replay(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "at", .title = {"AT", "PADA"}},
        {.key = "op", .title = {"OP", "OP"}},
        {.key = "level", .title = {"LEVEL", "TINGKAT"}, .kind = KTG_CELL_LEVEL},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "subject", .title = {"SUBJECT", "SUBJEK"}},
        {.key = "state", .title = {"STATE", "KEADAAN"}},
        {.key = "from", .title = {"FROM", "DARI"}},
        {.key = "until", .title = {"UNTIL", "SAMPAI"}},
    };
    const char *paths[MOST_PATHS];
    size_t count = 0;
    for (const char *p; count < MOST_PATHS && (p = ktg_call_nth(call, "rules", count)); count++)
        paths[count] = p;
    struct run r = {.call = call};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_ruleset *rs = NULL;
    struct ktg_notes notes = {0};
    int rc = ktg_call_text(call, "until") ? ktg_installation_zone(call) : KTG_OK;
    if (!rc)
        rc = ktg_rules_gather(call, paths, count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, false, &rs, &notes);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        rc = play(&r, &files);
        ktg_output_end(call->out);
    }
    ktg_lines_close(&r.lines);
    ktg_buf_done(&r.text);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    ktg_files_done(&files);
    return rc;
}

const struct ktg_command ktg_cmd_replay = {
    .path = "replay",
    .summary = {"answer rules over a file of events", "jawab aturan atas sebuah berkas kejadian"},
    .detail =
        {"The engine offline: the same lines and rules give the same bytes, on every machine.  "
         "recorded_at of a\n"
         "line is optional (then it is occurred_at); {\"clock\": ...} lines step the clock.  "
         "Without --until the\n"
         "clock stops with the last line.  What cannot be read, or bears the id of "
         "another event, is told\n"
         "on stderr and passed over: what the other lines say is whole, and the exit status is 3.",
         "Mesin secara luring: baris dan aturan yang sama memberi bita yang sama, di setiap mesin. "
         " recorded_at\n"
         "boleh tidak ada (lalu sama dengan occurred_at); baris {\"clock\": ...} memajukan jam.  "
         "Tanpa --until jam\n"
         "berhenti pada baris terakhir.  Yang tidak terbaca, atau memakai id kejadian "
         "lain, disebut di\n"
         "stderr dan dilewati: yang dikatakan baris lainnya lengkap, dan status keluarnya 3."},
    .options = replay_options,
    .examples = replay_examples,
    .run = run_replay,
};
