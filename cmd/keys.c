/* cmd/keys.c - keys gen, keys ls, keys revoke: who may speak and listen.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/installation.h"
#include "config/faults.h"
#include "config/registry.h"
#include "runtime/civil.h"
#include "runtime/link/curve.h"

#define MOST_PATTERNS 64

static const struct ktg_parameter name_operands[] = {
    {.name = "NAME",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"of the key, as IMI.ENTIKONG.1", "nama kunci, seperti IMI.ENTIKONG.1"}},
    KTG_END_PARAMETERS,
};

/* ---- gen ---- */

static const char *const roles[] = {"producer", "subscriber", "both", "officer", "server", NULL};
static const struct ktg_parameter gen_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "agency",
     .kind = KTG_VALUE_TEXT,
     .stands_for = "CODE",
     .help = {"whose it is; else the first part of the name",
              "milik siapa; jika tidak, bagian pertama nama"}},
    {.name = "role",
     .kind = KTG_VALUE_CHOICE,
     .choices = roles,
     .fallback = "producer",
     .help = {"what it may do", "apa yang boleh dilakukannya"}},
    {.name = "source",
     .kind = KTG_VALUE_TEXT,
     .repeat = true,
     .stands_for = "PATTERN",
     .help = {"sources it may speak for; else its own name",
              "sumber yang boleh diwakilinya; jika tidak, namanya sendiri"}},
    {.name = "type",
     .kind = KTG_VALUE_TEXT,
     .repeat = true,
     .stands_for = "PATTERN",
     .help = {"event types it may send; else all of its agency",
              "jenis kejadian yang boleh dikirim; jika tidak, semua milik instansinya"}},
    {.name = "rate",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 1000000,
     .fallback = "1000",
     .help = {"events a second", "kejadian per detik"}},
    {.name = "burst",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 10000000,
     .fallback = "10000",
     .help = {"events at once", "kejadian sekaligus"}},
    {.name = "until",
     .kind = KTG_VALUE_INSTANT,
     .help = {"last instant it is good; else for ever",
              "saat terakhir berlaku; jika tidak, selamanya"}},
    {.name = "public",
     .kind = KTG_VALUE_TEXT,
     .stands_for = "KEY",
     .help = {"enrol this public key; its secret stays with its maker",
              "daftarkan kunci publik ini; rahasianya tetap pada pembuatnya"}},
    {.name = "note", .kind = KTG_VALUE_TEXT, .help = {"a line for people", "catatan untuk orang"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example gen_examples[] = {
    {"kentongan keys gen IMI.ENTIKONG.1",
     {"a producer of its own events", "produsen kejadiannya sendiri"}},
    {"kentongan keys gen APOA.SANGGAU --source 'APOA.SANGGAU.*' --type 'lodging.*'",
     {"one installation for all hotels of a town", "satu pemasangan untuk semua hotel satu kota"}},
    {"kentongan keys gen POL.DESK --role officer",
     {"a duty desk of the police", "meja piket kepolisian"}},
    KTG_END_EXAMPLES,
};

static int generate(void *arg, char public_key[static KTG_KEY_TEXT],
                    char secret_key[static KTG_KEY_TEXT], struct ktg_err *err)
{
    (void)arg;
    struct ktg_curve_pair pair;
    int rc = ktg_curve_generate(&pair, err);
    if (rc)
        return rc;
    ktg_curve_format(&pair.public_key, public_key);
    ktg_curve_format(&pair.secret_key, secret_key);
    ktg_curve_forget(&pair);
    return KTG_OK;
}

static int gather(struct ktg_call *call, const char *option, const char *otherwise,
                  const char *to[MOST_PATTERNS + 1])
{
    size_t n = 0;
    for (const char *p; (p = ktg_call_nth(call, option, n)); n++) {
        if (n == MOST_PATTERNS)
            return ktg_call_too_many(&call->err, option, MOST_PATTERNS);
        to[n] = p;
    }
    if (n == 0)
        to[n++] = otherwise;
    to[n] = NULL;
    return KTG_OK;
}

static int run_gen(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "name", .title = {"NAME", "NAMA"}},
        {.key = "agency", .title = {"AGENCY", "INSTANSI"}},
        {.key = "role", .title = {"ROLE", "PERAN"}},
        {.key = "public_key", .title = {"PUBLIC KEY", "KUNCI PUBLIK"}},
    };
    const char *name = ktg_call_operand(call, 0), *sources[MOST_PATTERNS + 1],
               *types[MOST_PATTERNS + 1];
    const char *given = ktg_call_text(call, "public");
    char agency[KTG_REGISTRY_NAME], public_key[KTG_KEY_TEXT] = "";
    snprintf(agency, sizeof agency, "%.*s", (int)strcspn(name, "."), name);
    struct ktg_registry_key key = {
        .name = name,
        .agency = ktg_call_text(call, "agency") ? ktg_call_text(call, "agency") : agency,
        .public_key = given,
        .sources = sources,
        .types = types,
        .rate = ktg_call_number(call, "rate", 0),
        .burst = ktg_call_number(call, "burst", 0),
        .not_before = KTG_LONG_AGO,
        .revoked_reason = "",
        .note = ktg_call_text(call, "note") ? ktg_call_text(call, "note") : "",
    };
    struct ktg_settings *s = NULL;
    struct ktg_agencies *a = NULL;
    int rc = gather(call, "source", name, sources);
    if (!rc)
        rc = gather(call, "type", "*", types);
    if (!rc)
        rc = ktg_role_parse(ktg_bytes_str(ktg_call_text(call, "role")), &key.role);
    if (!rc)
        rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = ktg_installation_agencies(call, s, &a);
    key.not_after = ktg_call_instant(call, "until", KTG_NEVER);
    if (!rc && !ktg_agencies_find(a, ktg_bytes_str(key.agency))) {
        const char *near = ktg_agencies_nearest(a, key.agency);
        char want[80];
        snprintf(want, sizeof want, "perhaps '%s'", near ? near : "");
        rc = ktg_config_fail(&call->err, KTG_CONFIG_AGENCY_UNKNOWN, "keys gen", key.agency,
                             near ? want : "a code of kentongan agency ls");
    }
    if (!rc) {
        const char *folder = ktg_settings_text(s, KTG_SET_PATHS_KEYS);
        rc = given ? ktg_registry_enrol(folder, &key, &call->err)
                   : ktg_registry_make(folder, &key, generate, NULL, public_key, &call->err);
    }
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        ktg_output_row(call->out, (const char *const[]){name, key.agency, ktg_role_name(key.role),
                                                        given ? given : public_key});
        ktg_output_end(call->out);
    }
    ktg_agencies_free(a);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_keys_gen = {
    .path = "keys gen",
    .summary = {"make a key pair and enrol it", "buat pasangan kunci dan daftarkan"},
    .detail = {"The secret half is written to keys/private/NAME.secret, for its owner alone, and "
               "never printed.\n"
               "A running centre takes the key without a restart.",
               "Bagian rahasia ditulis ke keys/private/NAME.secret, hanya untuk pemiliknya, dan "
               "tidak pernah dicetak.\n"
               "Pusat yang berjalan menerima kunci itu tanpa dijalankan ulang."},
    .options = gen_options,
    .operands = name_operands,
    .examples = gen_examples,
    .run = run_gen,
};

/* ---- ls ---- */

static const struct ktg_parameter ls_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example ls_examples[] = {
    {"kentongan keys ls", {"every key and its standing", "setiap kunci dan keadaannya"}},
    {"kentongan keys ls --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static void join(const char *const *words, char *to, size_t size)
{
    size_t n = 0;
    to[0] = 0;
    for (; *words && n < size; words++)
        n += (size_t)snprintf(to + n, size - n, "%s%s", n ? " " : "", *words);
}

static void show_key(struct ktg_output *o, const struct ktg_registry_key *k, ktg_time now)
{
    char sources[256], types[256], rate[24];
    join(k->sources, sources, sizeof sources);
    join(k->types, types, sizeof types);
    snprintf(rate, sizeof rate, "%lld", (long long)k->rate);
    ktg_output_row(o, (const char *const[]){k->name, k->agency, ktg_role_name(k->role),
                                            ktg_standing_name(ktg_registry_standing(k, now)), rate,
                                            sources, types, k->public_key,
                                            k->revoked_reason[0] ? k->revoked_reason : NULL,
                                            k->note[0] ? k->note : NULL});
}

static int run_ls(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "name", .title = {"NAME", "NAMA"}},
        {.key = "agency", .title = {"AGENCY", "INSTANSI"}},
        {.key = "role", .title = {"ROLE", "PERAN"}},
        {.key = "standing", .title = {"STANDING", "KEADAAN"}},
        {.key = "rate", .title = {"RATE", "LAJU"}, .kind = KTG_CELL_NUMBER},
        {.key = "sources", .title = {"SOURCES", "SUMBER"}},
        {.key = "types", .title = {"TYPES", "JENIS"}},
        {.key = "public_key", .title = {"PUBLIC KEY", "KUNCI PUBLIK"}},
        {.key = "revoked_reason", .title = {"REASON", "ALASAN"}, .json_only = true},
        {.key = "note", .title = {"NOTE", "CATATAN"}, .json_only = true},
    };
    struct ktg_settings *s = NULL;
    struct ktg_registry *r = NULL;
    struct ktg_clock clock = KTG_CLOCK_REAL;
    int rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = ktg_registry_load(ktg_settings_text(s, KTG_SET_PATHS_KEYS), NULL, &r, &call->err);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        for (size_t i = 0; i < ktg_registry_count(r); i++)
            show_key(call->out, ktg_registry_at(r, i), ktg_clock_now(&clock));
        ktg_output_end(call->out);
    }
    ktg_registry_free(r);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_keys_ls = {
    .path = "keys ls",
    .summary = {"the keys of the registry", "kunci-kunci dalam daftar"},
    .options = ls_options,
    .examples = ls_examples,
    .run = run_ls,
};

/* ---- revoke ---- */

static const struct ktg_parameter revoke_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "reason",
     .letter = 'm',
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"why, for those who look later", "alasan, untuk yang melihat kemudian"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example revoke_examples[] = {
    {"kentongan keys revoke IMI.ENTIKONG.1 -m 'laptop lost'",
     {"it is cut off within a second", "diputus dalam satu detik"}},
    {"kentongan keys revoke APOA.SANGGAU --reason 'new key'",
     {"after a new one is in use", "setelah kunci baru dipakai"}},
    KTG_END_EXAMPLES,
};

static int run_revoke(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_clock clock = KTG_CLOCK_REAL;
    const char *name = ktg_call_operand(call, 0);
    int rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = ktg_registry_revoke(ktg_settings_text(s, KTG_SET_PATHS_KEYS), name,
                                 ktg_clock_now(&clock), ktg_call_text(call, "reason"), &call->err);
    if (!rc)
        ktg_output_say(call->out, "%s is revoked", "%s dicabut", name);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_keys_revoke = {
    .path = "keys revoke",
    .summary = {"take a key's rights away, for good", "cabut hak sebuah kunci, untuk selamanya"},
    .detail = {"A running centre ends its connections within a second and lets it in no more, also "
               "while other keys are wrong.",
               "Pusat yang berjalan memutus sambungannya dalam satu detik dan tidak menerimanya "
               "lagi, juga bila kunci lain salah."},
    .options = revoke_options,
    .operands = name_operands,
    .examples = revoke_examples,
    .run = run_revoke,
};
