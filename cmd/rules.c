/* cmd/rules.c - rules check, rules show: what is asked of every timeline.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/rules.h"

#include <string.h>
#include <sys/stat.h>

#include "cmd/installation.h"
#include "cmd/shipped.h"
#include "cmd/texts.h"
#include "rules/rates.h"
#include "rules/tests_model.h"

#define MOST_PATHS 256

const char *ktg_rules_status(const struct ktg_rule *r)
{
    static const char *const names[] = {[KTG_RULE_LIVE] = "live",
                                        [KTG_RULE_SHADOW] = "shadow",
                                        [KTG_RULE_OFF] = "off",
                                        [KTG_RULE_INTERNAL] = "internal"};
    return names[ktg_rule_status(r)];
}

const struct ktg_parameter ktg_rules_operands[] = {
    {.name = "PATH",
     .kind = KTG_VALUE_FILE,
     .repeat = true,
     .help = {"rule files and folders; none: the shipped rules",
              "berkas dan folder aturan; kosong: aturan bawaan"}},
    KTG_END_PARAMETERS,
};

int ktg_rules_gather(struct ktg_call *call, const char *const *paths, size_t count,
                     struct ktg_files *files)
{
    const struct ktg_shipped_choice choice = {
        .rules = paths,
        .rule_count = count,
        .schema = ktg_call_text(call, "schema"),
        .lists = ktg_call_text(call, "lists"),
        .settings = ktg_call_text(call, "settings"),
    };
    return ktg_shipped_gather(&choice, files, &call->err);
}

static int wrong_rules(struct ktg_call *call, size_t errors)
{
    char got[48];
    snprintf(got, sizeof got, "errors: %zu", errors);
    return ktg_call_fail(call, KTG_CMD_RULES_WRONG, NULL, got, NULL);
}

int ktg_rules_compile(struct ktg_call *call, const struct ktg_files *files, bool warnings,
                      struct ktg_ruleset **ret_rs, struct ktg_notes *notes)
{
    int rc = ktg_ruleset_compile(files->at, files->count, ret_rs, notes, &call->err);
    if (notes->text.size && (notes->errors || (warnings && !call->out->quiet)))
        fputs(ktg_buf_text(&notes->text), call->out->messages);
    if (rc && notes->errors)
        rc = wrong_rules(call, notes->errors);
    return rc;
}

void ktg_rules_say_shipped(const struct ktg_call *call)
{
    if (!call->operand_count)
        ktg_output_say(call->out, "the shipped rules", "aturan bawaan");
}

int ktg_rules_gather_to_show(struct ktg_call *call, const char *const *paths, size_t count,
                             struct ktg_files *files)
{
    struct ktg_settings *s = NULL;
    struct ktg_installation_texts texts;
    uint64_t position = 0;
    if (count)
        return ktg_rules_gather(call, paths, count, files);
    int rc = ktg_installation_settings(call, &s);
    if (rc)
        return rc;
    const char *schema = ktg_call_text(call, "schema"), *lists = ktg_call_text(call, "lists"),
               *settings = ktg_call_text(call, "settings");
    ktg_installation_texts(s, &texts);
    if (schema)
        texts.choice.schema = schema;
    if (lists)
        texts.choice.lists = lists;
    texts.choice.settings = settings;
    if (schema || lists || settings) /* what would it be with these? */
        rc = ktg_shipped_gather(&texts.choice, files, &call->err);
    else
        rc = ktg_texts_that_hold(s, files, &position, &call->err);
    if (!rc && position)
        ktg_output_say(call->out, "the rules in force, as the journal has them",
                       "aturan yang berlaku, menurut jurnal");
    else if (!rc && ktg_shipped_are_replaced(&texts.choice))
        ktg_output_say(call->out, "the rules of %s/, in place of the shipped ones",
                       "aturan dalam %s/, menggantikan aturan bawaan", texts.rules);
    else if (!rc)
        ktg_output_say(call->out, "the shipped rules", "aturan bawaan");
    ktg_settings_free(s);
    return rc;
}

int ktg_rules_operands_compile(struct ktg_call *call, bool warnings, struct ktg_ruleset **ret_rs,
                               struct ktg_notes *notes)
{
    struct ktg_files files = KTG_FILES_INIT;
    int rc = ktg_rules_gather(call, call->operands, call->operand_count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, warnings, ret_rs, notes);
    ktg_files_done(&files);
    return rc;
}

/* ---- check ---- */

static const struct ktg_example check_examples[] = {
    {"kentongan rules check", {"the shipped rules", "aturan bawaan"}},
    {"kentongan rules check my-rules/ --strict",
     {"nothing goes live untested", "tidak ada yang berlaku tanpa uji"}},
    {"kentongan rules check my-rules/ --schema my-types/",
     {"own rules over own event types", "aturan sendiri atas jenis kejadian sendiri"}},
    KTG_END_EXAMPLES,
};

/* Alerts for an agency that does not exist reach nobody. */
static int check_agencies(struct ktg_call *call, const struct ktg_ruleset *rs)
{
    struct ktg_settings *settings = NULL;
    struct ktg_agencies *agencies = NULL;
    size_t wrong = 0;
    int rc = ktg_installation_settings(call, &settings), line, column, unused;
    if (!rc)
        rc = ktg_installation_agencies(call, settings, &agencies);
    for (size_t i = 0; !rc && i < ktg_ruleset_count(rs); i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(rs, i);
        struct ktg_bytes code;
        for (size_t n = 0; ktg_rule_agency(r, n, &code, &line, &column); n++) {
            char text[64];
            if (ktg_agencies_find(agencies, code))
                continue;
            snprintf(text, sizeof text, "%.*s", (int)code.size, (const char *)code.data);
            const char *near = ktg_agencies_nearest(agencies, text);
            fprintf(call->out->messages, "%s:%d:%d: error: there is no agency '%s'%s%s%s\n",
                    ktg_rule_file(r, &unused), line, column, text, near ? " - did you mean '" : "",
                    near ? near : "; see kentongan agency ls", near ? "'?" : "");
            wrong++;
        }
    }
    ktg_agencies_free(agencies);
    ktg_settings_free(settings);
    return !rc && wrong ? wrong_rules(call, wrong) : rc;
}

static int run_check(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
        {.key = "rules", .title = {"RULES", "ATURAN"}, .kind = KTG_CELL_NUMBER},
        {.key = "warnings", .title = {"WARNINGS", "PERINGATAN"}, .kind = KTG_CELL_NUMBER},
        {.key = "hash", .title = {"RULE SET", "KUMPULAN ATURAN"}},
    };
    struct ktg_ruleset *rs = NULL;
    struct ktg_rates *rates = NULL;
    struct ktg_notes notes = {0};
    ktg_rules_say_shipped(call);
    int rc = ktg_rules_operands_compile(call, true, &rs, &notes);
    if (!rc)
        rc = check_agencies(call, rs);
    if (!rc)
        rc = ktg_rules_rates(call, &rates);
    if (!rc) {
        size_t untested = 0;
        notes.warnings += ktg_rules_state_warn(call, rs, rates);
        for (size_t i = 0; i < ktg_ruleset_count(rs); i++)
            untested += ktg_rule_is_untested(ktg_ruleset_rule(rs, i));
        call->negative = untested && ktg_call_flag(call, "strict");
        char rules[24], warnings[24], hash[65];
        struct ktg_hash h = ktg_ruleset_hash(rs);
        snprintf(rules, sizeof rules, "%zu", ktg_ruleset_count(rs));
        snprintf(warnings, sizeof warnings, "%zu", notes.warnings);
        ktg_hex(h.b, sizeof h.b, hash);
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        ktg_output_row(call->out, (const char *const[]){call->negative ? "FAIL" : "ok", rules,
                                                        warnings, hash});
        ktg_output_end(call->out);
        if (call->negative)
            ktg_output_say(call->out, "%zu live rules lack a test that fires or one that is silent",
                           "%zu aturan tanpa uji yang berbunyi atau uji yang diam", untested);
        ktg_rules_state_show(call->out, rs, rates);
    }
    ktg_buf_done(&notes.text);
    ktg_rates_free(rates);
    ktg_ruleset_free(rs);
    return rc;
}

static const struct ktg_parameter check_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_RULES_PARAMETERS,
    {.name = "strict",
     .help = {"a live rule without a test that fires and one that is silent fails the check",
              "aturan tanpa uji yang berbunyi dan uji yang diam menggagalkan pemeriksaan"}},
    {.name = "rates",
     .kind = KTG_VALUE_FILE,
     .help = {"what is usual on timelines, as rules rates writes it; else as shipped",
              "yang lazim pada garis waktu, dari rules rates; jika tidak, bawaan"}},
    KTG_END_PARAMETERS,
};

const struct ktg_command ktg_cmd_rules_check = {
    .path = "rules check",
    .summary = {"are the rules right?", "apakah aturan benar?"},
    .detail =
        {"Types, names, forbidden fields, agencies, tests that fire and that stay silent.  "
         "Messages name file, line\n"
         "and column; one wrong rule refuses them all.\n"
         "A row for each rule and kind of subject follows: the state that one subject is expected "
         "to "
         "have.  Entries and\n"
         "bytes of the timeline are shared by all rules, OWN is the rule's; each as a mean, and "
         "what 99 "
         "in 100 do not exceed.",
         "Jenis, nama, isian terlarang, instansi, uji yang berbunyi dan yang diam.  Pesan "
         "menyebut berkas, baris,\n"
         "dan kolom; satu aturan yang salah menolak semuanya.\n"
         "Lalu satu baris untuk tiap aturan dan macam subjek: keadaan yang diperkirakan bagi satu "
         "subjek.  Entri dan bita\n"
         "garis waktu dipakai bersama semua aturan, MILIKNYA milik aturan itu; rata-rata, dan yang "
         "tidak dilampaui 99 dari 100."},
    .options = check_options,
    .operands = ktg_rules_operands,
    .examples = check_examples,
    .run = run_check,
};

/* ---- show ---- */

static const struct ktg_parameter show_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_RULES_PARAMETERS,
    {.name = "rules",
     .kind = KTG_VALUE_FILE,
     .repeat = true,
     .help = {"a folder or file of rules; none: those in force here, else the shipped ones",
              "folder atau berkas aturan; kosong: yang berlaku di sini, jika tidak, bawaan"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter show_operands[] = {
    {.name = "RULE", .kind = KTG_VALUE_TEXT, .required = true, .help = {"its name", "namanya"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example show_examples[] = {
    {"kentongan rules show overstay-fee",
     {"what it asks, and on what ground", "apa yang ditanyakan, dan atas dasar apa"}},
    {"kentongan rules show overstay-fee --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static int no_such_rule(struct ktg_call *call, const struct ktg_ruleset *rs, const char *name)
{
    const char **names = ktg_calloc(ktg_ruleset_count(rs) + 1, sizeof *names);
    for (size_t i = 0; names && i < ktg_ruleset_count(rs); i++)
        names[i] = ktg_rule_name(ktg_ruleset_rule(rs, i));
    const char *near = names ? ktg_yaml_nearest(name, names) : NULL;
    char want[80];
    snprintf(want, sizeof want, "perhaps '%s'", near ? near : "");
    int rc = ktg_call_fail(call, KTG_CMD_NO_RULE, "rules show", name, near ? want : NULL);
    ktg_free(names);
    return rc;
}

static void show_texts(struct ktg_output *o, const struct ktg_rule *r)
{
    static const char *const parts[] = {"title.id",        "title.en",       "form",
                                        "level",           "legal",          "disproved_by.id",
                                        "disproved_by.en", "falsepositives", "file"};
    static const struct ktg_column columns[] = {
        {.key = "part", .title = {"PART", "BAGIAN"}},
        {.key = "text", .title = {"TEXT", "TEKS"}},
    };
    ktg_output_table(o, columns, KTG_COUNT(columns));
    ktg_output_row(o, (const char *const[]){"rule", ktg_rule_name(r)});
    ktg_output_row(o, (const char *const[]){"status", ktg_rules_status(r)});
    for (size_t i = 0; i < KTG_COUNT(parts); i++)
        if (ktg_rule_text(r, parts[i]))
            ktg_output_row(o, (const char *const[]){parts[i], ktg_rule_text(r, parts[i])});
    size_t count;
    const struct ktg_rule_test *tests = ktg_rule_tests(r, &count);
    for (size_t i = 0; i < count; i++)
        ktg_output_row(o, (const char *const[]){"test", tests[i].name});
    ktg_output_end(o);
}

static int run_show(struct ktg_call *call)
{
    const char *paths[MOST_PATHS];
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_ruleset *rs = NULL;
    struct ktg_notes notes = {0};
    size_t count = 0;
    for (const char *p; count < MOST_PATHS && (p = ktg_call_nth(call, "rules", count)); count++)
        paths[count] = p;
    int rc = ktg_rules_gather_to_show(call, paths, count, &files);
    if (!rc)
        rc = ktg_rules_compile(call, &files, false, &rs, &notes);
    if (!rc) {
        const struct ktg_rule *r = ktg_ruleset_find(rs, ktg_bytes_str(ktg_call_operand(call, 0)));
        if (r)
            show_texts(call->out, r);
        else
            rc = no_such_rule(call, rs, ktg_call_operand(call, 0));
    }
    ktg_files_done(&files);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    return rc;
}

const struct ktg_command ktg_cmd_rules_show = {
    .path = "rules show",
    .summary = {"one rule: title, ground, tests", "satu aturan: judul, dasar, uji"},
    .options = show_options,
    .operands = show_operands,
    .examples = show_examples,
    .run = run_show,
};
