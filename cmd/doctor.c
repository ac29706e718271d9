/* cmd/doctor.c - doctor, reload: is this installation well, and tell it to read its texts again.
 *
 * Each check is a row: what, verdict (ok, warning, wrong), what was seen, what to do next.  Nothing is changed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/doctor_parts.h"
#include "cmd/phrase.h"
#include "cmd/shipped.h"
#include "cmd/texts.h"
#include "config/registry.h"
#include "rules/ruleset.h"
#include "runtime/lockfile.h"

static const char *const verdict_names[] = {"ok", "warning", "wrong"};

void ktg_doctor_say(struct ktg_doctor *c, const char *what, enum ktg_verdict v, const char *next,
                    const char *format, ...)
{
    char seen[KTG_PHRASE_TEXT];
    va_list ap;
    va_start(ap, format);
    vsnprintf(seen, sizeof seen, format, ap);
    va_end(ap);
    c->wrong = c->wrong || v == KTG_VERDICT_WRONG;
    enum ktg_lang lang = c->call->out->lang;
    char told[KTG_PHRASE_TEXT], step[KTG_PHRASE_TEXT];
    ktg_output_row(c->call->out, (const char *const[]){
                                     what, verdict_names[v], ktg_phrase(seen, lang, told),
                                     v == KTG_VERDICT_OK ? NULL : ktg_phrase(next, lang, step)});
}

static const char *text_of(const struct ktg_doctor *c, const struct ktg_err *err,
                           char to[static KTG_PHRASE_TEXT])
{
    return ktg_phrase_err(err, c->call->out->lang, to);
}

static void check_keys(struct ktg_doctor *c)
{
    char text[KTG_PHRASE_TEXT];
    const char *keys = ktg_settings_text(c->settings, KTG_SET_PATHS_KEYS);
    const char *own = ktg_settings_text(c->settings, KTG_SET_GATEWAY_KEY);
    struct ktg_agencies *agencies = NULL;
    struct ktg_registry *r = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    char secret[KTG_KEY_TEXT];
    int rc = ktg_installation_agencies(c->call, c->settings, &agencies);
    if (rc)
        ktg_doctor_say(c, "agencies", KTG_VERDICT_WRONG, "kentongan config check", "%s",
                       text_of(c, &c->call->err, text));
    if (!rc)
        rc = ktg_registry_load(keys, agencies, &r, &err);
    if (rc) {
        ktg_doctor_say(c, "keys", KTG_VERDICT_WRONG, "mend the file that is named", "%s",
                       text_of(c, &err, text));
    } else {
        size_t good = 0;
        for (size_t i = 0; i < ktg_registry_count(r); i++)
            good += ktg_registry_standing(ktg_registry_at(r, i), ktg_clock_now(&KTG_CLOCK_REAL)) ==
                    KTG_STANDING_GOOD;
        ktg_doctor_say(c, "keys", good ? KTG_VERDICT_OK : KTG_VERDICT_WARNING,
                       "kentongan keys gen NAME", "%zu enrolled, %zu good", ktg_registry_count(r),
                       good);
        if (ktg_registry_secret(keys, own, secret, &err))
            ktg_doctor_say(c, "gateway key", KTG_VERDICT_WRONG,
                           "kentongan keys gen gateway --role server --agency SYSTEM", "%s",
                           text_of(c, &err, text));
        else
            ktg_doctor_say(c, "gateway key", KTG_VERDICT_OK, NULL, "%s", own);
        memset(secret, 0, sizeof secret);
    }
    ktg_registry_free(r);
    ktg_agencies_free(agencies);
}

/* Is it what the journal has?  `draft` NULL: it could not be gathered. */
static void check_in_force(struct ktg_doctor *c, struct ktg_bytes in_force, uint64_t position,
                           const struct ktg_files *draft)
{
    struct ktg_buf which = KTG_BUF_INIT;
    size_t n = draft ? ktg_texts_differ(in_force, draft, &which) : 0;
    if (!draft)
        ktg_doctor_say(c, "in force", KTG_VERDICT_OK, NULL,
                       "the texts at position %" PRIu64 " of the journal", position);
    else if (n)
        ktg_doctor_say(c, "in force", KTG_VERDICT_WARNING,
                       "drafts: kentongan rules check, then kentongan reload puts them in force",
                       "the texts at position %" PRIu64 ", and %zu here differ: %s", position, n,
                       ktg_buf_text(&which));
    else
        ktg_doctor_say(c, "in force", KTG_VERDICT_OK, NULL,
                       "what lies here, since position %" PRIu64, position);
    ktg_buf_done(&which);
}

/* As a reload would take them now.  Own rules replace the shipped ones, which surprises whoever
 * wanted to add one. */
static void check_rules(struct ktg_doctor *c)
{
    char text[KTG_PHRASE_TEXT];
    const char *own = ktg_texts_folder(c->settings, KTG_SET_PATHS_RULES);
    const struct ktg_shipped_choice choice = {.rules = own ? &own : NULL,
                                              .rule_count = own ? 1 : 0};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_buf in_force = KTG_BUF_INIT;
    struct ktg_notes notes = {0};
    struct ktg_ruleset *rs = NULL;
    struct ktg_err err = KTG_ERR_INIT, none = KTG_ERR_INIT;
    uint64_t position = 0;
    int known = ktg_texts_in_force(c->settings, &in_force, &position, &none);
    int rc = ktg_texts_gather(c->settings, ktg_buf_view(&in_force), &files, &err);
    int gathered = rc;
    if (!rc)
        rc = ktg_ruleset_compile(files.at, files.count, &rs, &notes, &err);
    if (rc)
        ktg_doctor_say(c, "rules", KTG_VERDICT_WRONG,
                       err.fault ? err.fault->next
                                 : "kentongan rules check FOLDER tells file and line",
                       "%s", text_of(c, &err, text));
    else if (ktg_shipped_are_replaced(&choice))
        ktg_doctor_say(c, "rules", KTG_VERDICT_OK, NULL, "%zu of %s/, in place of the shipped ones",
                       ktg_ruleset_count(rs), own);
    else
        ktg_doctor_say(c, "rules", KTG_VERDICT_OK, NULL, "the %zu shipped ones",
                       ktg_ruleset_count(rs));
    if (!known)
        check_in_force(c, ktg_buf_view(&in_force), position, gathered ? NULL : &files);
    ktg_buf_done(&notes.text);
    ktg_buf_done(&in_force);
    ktg_ruleset_free(rs);
    ktg_files_done(&files);
}

static int run_doctor(struct ktg_call *call)
{
    static const struct ktg_column columns[] = {
        {.key = "check", .title = {"CHECK", "PERIKSA"}},
        {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
        {.key = "seen", .title = {"SEEN", "TERLIHAT"}},
        {.key = "next", .title = {"DO NEXT", "LANGKAH"}},
    };
    struct ktg_doctor c = {.call = call};
    int rc = ktg_installation_settings(call, &c.settings);
    if (rc)
        return rc;
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    ktg_doctor_say(&c, "settings", KTG_VERDICT_OK, NULL, "%s", "right");
    ktg_doctor_disks(&c);
    check_keys(&c);
    check_rules(&c);
    ktg_doctor_running(&c);
    ktg_output_end(call->out);
    ktg_settings_free(c.settings);
    call->negative = c.wrong;
    return KTG_OK;
}

/* The pid that a living station wrote into its lock; 0: none lives. */
static pid_t pid_of(const struct ktg_settings *s, const char *name)
{
    char path[320], text[32] = "";
    struct ktg_lockfile *lock = NULL;
    snprintf(path, sizeof path, "%s/%s.lock", ktg_settings_text(s, KTG_SET_PATHS_RUN), name);
    if (access(path, F_OK) || ktg_lockfile_open(path, &lock, NULL) != KTG_ECONFLICT) {
        ktg_lockfile_close(lock);
        return 0;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static int run_reload(struct ktg_call *call)
{
    static const char *const names[] = {"ingest", "gateway", "alerts"};
    struct ktg_settings *s = NULL;
    int rc = ktg_installation_settings(call, &s), told = 0;
    for (size_t i = 0; !rc && i < KTG_COUNT(names); i++) {
        pid_t pid = pid_of(s, names[i]);
        if (pid > 0 && kill(pid, SIGHUP) == 0)
            told++;
    }
    if (!rc && !told)
        rc = ktg_call_fail(call, KTG_CMD_NOT_RUNNING, ktg_settings_text(s, KTG_SET_PATHS_RUN), NULL,
                           NULL);
    if (!rc)
        ktg_output_say(
            call->out,
            "told: kentongan doctor, and the log of ingest, say whether the texts are right",
            "disampaikan: kentongan doctor, dan log ingest, menyatakan apakah teksnya "
            "benar");
    ktg_settings_free(s);
    return rc;
}

static const struct ktg_parameter options[] = {KTG_INSTALLATION_PARAMETERS, KTG_END_PARAMETERS};
static const struct ktg_example doctor_examples[] = {
    {"kentongan doctor", {"of ./kentongan.yaml", "menurut ./kentongan.yaml"}},
    {"kentongan doctor --json", {"for programs", "untuk program"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_doctor = {
    .path = "doctor",
    .summary = {"is this installation well?", "apakah pemasangan ini sehat?"},
    .detail = {"Settings, folders, disk, keys, stations, journals, sources; changes nothing.  Exit "
               "status "
               "1: something is wrong.",
               "Pengaturan, folder, disk, kunci, stasiun, jurnal, sumber; tidak mengubah apa pun.  "
               "Status "
               "keluar 1: ada yang salah."},
    .options = options,
    .examples = doctor_examples,
    .run = run_doctor,
};

static const struct ktg_example reload_examples[] = {
    {"kentongan reload",
     {"after a change of rules or lists", "setelah aturan atau daftar berubah"}},
    {"kentongan reload --config /etc/kentongan/kentongan.yaml",
     {"of another installation", "dari pemasangan lain"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_reload = {
    .path = "reload",
    .summary = {"make the running centre read rules, lists and keys again",
                "minta pusat yang berjalan membaca ulang aturan, daftar, dan kunci"},
    .detail = {"What lies in the folders is a draft until then, over a restart, too.  Texts that "
               "are wrong, or gone, are refused\n"
               "and the old ones stay in force.  What agency add, keys gen and keys revoke change "
               "needs no reload: a running\n"
               "centre sees it within a second.",
               "Sampai saat itu isi foldernya rancangan, juga setelah dijalankan ulang.  Teks yang "
               "salah atau hilang ditolak\n"
               "dan yang lama tetap berlaku.  Perubahan oleh agency add, keys gen, dan keys revoke "
               "tidak memerlukan reload:\n"
               "pusat yang berjalan melihatnya dalam satu detik."},
    .options = options,
    .examples = reload_examples,
    .run = run_reload,
};
