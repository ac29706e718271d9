/* cmd/config.c - config check, config show.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "cmd/installation.h"
#include "config/registry.h"

/* ---- check ---- */

static const struct ktg_parameter check_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example check_examples[] = {
    {"kentongan config check", {"of ./kentongan.yaml", "dari ./kentongan.yaml"}},
    {"kentongan config check --config /etc/kentongan/kentongan.yaml --json",
     {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};

static int run_check(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_agencies *a = NULL;
    struct ktg_registry *r = NULL;
    int rc = ktg_installation_settings(call, &s);
    if (!rc)
        rc = ktg_installation_agencies(call, s, &a);
    if (!rc)
        rc = ktg_registry_load(ktg_settings_text(s, KTG_SET_PATHS_KEYS), a, &r, &call->err);
    if (!rc) {
        static const struct ktg_column columns[] = {
            {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
            {.key = "settings", .title = {"SETTINGS", "PENGATURAN"}, .kind = KTG_CELL_NUMBER},
            {.key = "agencies", .title = {"AGENCIES", "INSTANSI"}, .kind = KTG_CELL_NUMBER},
            {.key = "keys", .title = {"KEYS", "KUNCI"}, .kind = KTG_CELL_NUMBER},
        };
        char n[3][24];
        snprintf(n[0], sizeof n[0], "%d", KTG_SET_COUNT);
        snprintf(n[1], sizeof n[1], "%zu", ktg_agencies_count(a));
        snprintf(n[2], sizeof n[2], "%zu", ktg_registry_count(r));
        ktg_output_table(call->out, columns, KTG_COUNT(columns));
        ktg_output_row(call->out, (const char *const[]){"ok", n[0], n[1], n[2]});
        ktg_output_end(call->out);
    }
    ktg_registry_free(r);
    ktg_agencies_free(a);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_config_check = {
    .path = "config check",
    .summary = {"are settings, agencies and keys right?",
                "apakah pengaturan, instansi, dan kunci benar?"},
    .options = check_options,
    .examples = check_examples,
    .run = run_check,
};

/* ---- show ---- */

static const struct ktg_parameter show_options[] = {
    KTG_INSTALLATION_PARAMETERS,
    {.name = "effective",
     .help = {"all settings, not only those that differ from their default",
              "semua pengaturan, bukan hanya yang berbeda dari bawaannya"}},
    {.name = "yaml",
     .help = {"all settings as a file that means the same",
              "semua pengaturan sebagai berkas yang sama artinya"}},
    {.name = "reference",
     .help = {"the page of all settings, in Markdown", "halaman semua pengaturan, dalam Markdown"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example show_examples[] = {
    {"kentongan config show",
     {"what differs from the defaults, and where it was said",
      "apa yang berbeda dari bawaan, dan di mana disebut"}},
    {"kentongan config show --effective --json",
     {"every value with its origin", "setiap nilai dengan asalnya"}},
    {"kentongan config show --yaml > kentongan.yaml",
     {"a file to begin with", "berkas untuk memulai"}},
    KTG_END_EXAMPLES,
};

static void show_rows(struct ktg_output *o, const struct ktg_settings *s, bool all)
{
    static const struct ktg_column columns[] = {
        {.key = "name", .title = {"SETTING", "PENGATURAN"}},
        {.key = "value", .title = {"VALUE", "NILAI"}},
        {.key = "origin", .title = {"SAID IN", "DISEBUT DI"}},
        {.key = "station", .title = {"STATION", "STASIUN"}},
        {.key = "help", .title = {"MEANS", "ARTINYA"}},
    };
    ktg_output_table(o, columns, KTG_COUNT(columns));
    for (enum ktg_setting i = 0; i < KTG_SET_COUNT; i++) {
        const struct ktg_setting_row *row = &ktg_setting_rows[i];
        const char *origin = ktg_settings_origin(s, i);
        if (!all && strcmp(origin, "default") == 0)
            continue;
        const char *help = ktg_label_text((struct ktg_label){row->help, row->bantuan}, o->lang);
        ktg_output_row(o, (const char *const[]){row->name, ktg_settings_text(s, i), origin,
                                                row->station, help});
    }
    ktg_output_end(o);
}

static int run_show(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    struct ktg_buf b = KTG_BUF_INIT;
    int rc = ktg_installation_settings(call, &s);
    if (rc)
        return rc;
    if (ktg_call_flag(call, "reference"))
        ktg_settings_reference(&b);
    else if (ktg_call_flag(call, "yaml"))
        ktg_settings_show(s, &b);
    else
        show_rows(call->out, s, ktg_call_flag(call, "effective"));
    rc = ktg_buf_check(&b);
    if (!rc && b.size)
        fwrite(b.data, 1, b.size, call->out->out);
    ktg_buf_done(&b);
    ktg_settings_free(s);
    return rc;
}

const struct ktg_command ktg_cmd_config_show = {
    .path = "config show",
    .summary = {"the settings in force, and where each was said",
                "pengaturan yang berlaku, dan di mana masing-masing disebut"},
    .options = show_options,
    .examples = show_examples,
    .run = run_show,
};
