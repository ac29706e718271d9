/* cmd/agency.c - agency add, agency ls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>
#include <unistd.h>

#include "cmd/installation.h"
#include "config/textfile.h"

#define MOST_DISTRICTS 64

/* ---- ls ---- */

static const struct ktg_parameter ls_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example ls_examples[] = {
    {"kentongan agency ls",
     {"who reports and who is told", "siapa yang melapor dan siapa yang diberi tahu"}},
    {"kentongan agency ls --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static void show_agency(struct ktg_output *o, const struct ktg_agency *a)
{
    char districts[512] = "";
    size_t n = 0;
    for (size_t i = 0; i < a->district_count && n < sizeof districts; i++)
        n += (size_t)snprintf(districts + n, sizeof districts - n, "%s%s", i ? " " : "",
                              a->districts[i]);
    ktg_output_row(o,
                   (const char *const[]){
                       a->code, ktg_label_text((struct ktg_label){a->name_en, a->name_id}, o->lang),
                       ktg_tier_name(a->tier), districts, a->superior ? a->superior : ""});
}

static int run_ls(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "code", .title = {"CODE", "KODE"}},
        {.key = "name", .title = {"NAME", "NAMA"}},
        {.key = "tier", .title = {"TIER", "TINGKAT"}},
        {.key = "districts", .title = {"DISTRICTS", "KABUPATEN/KOTA"}},
        {.key = "superior", .title = {"SUPERIOR", "ATASAN"}},
    };
    struct ktg_settings *s = NULL;
    struct ktg_agencies *a = NULL;
    int rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = ktg_installation_agencies(call, s, &a);
    if (!rc) {
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        for (size_t i = 0; i < ktg_agencies_count(a); i++)
            show_agency(call->out, ktg_agencies_at(a, i));
        ktg_output_end(call->out);
    }
    ktg_agencies_free(a);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_agency_ls = {
    .path = "agency ls",
    .summary = {"the agencies", "instansi-instansi"},
    .options = ls_options,
    .examples = ls_examples,
    .run = run_ls,
};

/* ---- add ---- */

static const char *const tiers[] = {"central",     "province", "district",
                                    "subdistrict", "system",   NULL};
static const struct ktg_parameter add_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "name-id",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"its name in Indonesian", "namanya dalam bahasa Indonesia"}},
    {.name = "name-en",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"its name in English", "namanya dalam bahasa Inggris"}},
    {.name = "tier",
     .kind = KTG_VALUE_CHOICE,
     .choices = tiers,
     .fallback = "district",
     .help = {"its level", "tingkatnya"}},
    {.name = "district",
     .kind = KTG_VALUE_TEXT,
     .repeat = true,
     .stands_for = "BPS",
     .help = {"kabupaten or kota it answers for; none: all",
              "kabupaten atau kota tanggung jawabnya; kosong: semua"}},
    {.name = "superior",
     .kind = KTG_VALUE_TEXT,
     .stands_for = "CODE",
     .help = {"who is told when it has not acted",
              "siapa yang diberi tahu bila ia tidak bertindak"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_parameter add_operands[] = {
    {.name = "CODE",
     .kind = KTG_VALUE_TEXT,
     .required = true,
     .help = {"2 to 8 capitals and digits", "2 sampai 8 huruf besar dan angka"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example add_examples[] = {
    {"kentongan agency add BKSDA --name-id 'BKSDA' --name-en 'Conservation'",
     {"for every district", "untuk semua kabupaten dan kota"}},
    {"kentongan agency add DIS2 --name-id 'Dinas' --name-en 'Office' --district 6105 --district "
     "6109",
     {"for two districts", "untuk dua kabupaten"}},
    KTG_END_EXAMPLES,
};

static enum ktg_tier tier_of(const char *name)
{
    enum ktg_tier t = KTG_TIER_CENTRAL;
    while (t < KTG_TIER_SYSTEM && strcmp(ktg_tier_name(t), name) != 0)
        t++;
    return t;
}

static int run_add(struct ktg_call *call)
{
    const char *districts[MOST_DISTRICTS + 1] = {"*", NULL}, *d;
    size_t count = 0;
    while ((d = ktg_call_nth(call, "district", count)) && count < MOST_DISTRICTS)
        districts[count++] = d;
    if (count == MOST_DISTRICTS && ktg_call_nth(call, "district", count))
        return ktg_call_too_many(&call->err, "agency add --district", MOST_DISTRICTS);
    count = count ? count : 1;
    districts[count] = NULL;
    struct ktg_agency a = {
        .code = ktg_call_operand(call, 0),
        .name_id = ktg_call_text(call, "name-id"),
        .name_en = ktg_call_text(call, "name-en"),
        .tier = tier_of(ktg_call_text(call, "tier")),
        .districts = districts,
        .district_count = count,
        .superior = ktg_call_text(call, "superior"),
    };
    struct ktg_settings *s = NULL;
    int rc = ktg_installation_settings(call, &s);
    if (rc)
        return rc;
    const char *path = ktg_settings_text(s, KTG_SET_PATHS_AGENCIES);
    if (access(path, F_OK) != 0) /* from now on the installation has its own list */
        rc = ktg_textfile_write(path, ktg_installation_shipped_agencies(), 0644, true, &call->err);
    if (!rc)
        rc = ktg_agencies_add(path, &a, &call->err);
    if (!rc)
        ktg_output_say(call->out, "%s is in %s", "%s ada di %s", a.code, path);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_agency_add = {
    .path = "agency add",
    .summary = {"add an agency", "tambah instansi"},
    .detail =
        {"A running centre takes it without a restart; from its record in the journal on it is "
         "told what rules say it is to be told.",
         "Pusat yang berjalan menerimanya tanpa dijalankan ulang; sejak catatannya di jurnal, "
         "ia diberi tahu menurut aturan."},
    .options = add_options,
    .operands = add_operands,
    .examples = add_examples,
    .run = run_add,
};
