/* cmd/demo_site.c - the picture and the numbered invariants are in demo_site.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/demo_site.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/textfile.h"
#include "runtime/lockfile.h"
#include "runtime/log.h"
#include "runtime/path.h"

enum { KEEPS_TRYING = 100, TRY_MS = 100 };

/* ---- removal ---------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    (void)remove(path); /* what could not be removed is seen in the next round */
    return 0;
}

/* In a process of its own, deaf to Ctrl-C: waits for the end of the one that holds the other end of `line`. */
static void tidy_up(const char *dir, int line)
{
    char byte;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (int fd = 0; fd < 3 && nothing >= 0; fd++)
        dup2(nothing, fd); /* nobody waits for our end of his pipe */
    while (read(line, &byte, 1) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < KEEPS_TRYING; i++) { /* stations that die with the demo may still write */
        nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        if (access(dir, F_OK) && errno == ENOENT)
            break;
        nanosleep(&(struct timespec){.tv_nsec = TRY_MS * 1000000L}, NULL);
    }
    _exit(0);
}

static int hire_janitor(struct ktg_demo_site *s, struct ktg_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return ktg_err_set(err, KTG_EIO, "demo: no pipe: %s", strerror(errno));
    fflush(NULL); /* or both would write it */
    s->janitor = fork();
    if (s->janitor == 0) {
        close(ends[1]);
        tidy_up(s->dir, ends[0]);
    }
    close(ends[0]);
    s->line = ends[1];
    if (s->janitor > 0)
        return KTG_OK;
    close(s->line);
    s->janitor = 0;
    return ktg_err_set(err, KTG_EAGAIN, "demo: no process: %s", strerror(errno));
}

/* ---- the folder -------------------------------------------------------------------------------------------------- */

static int make_temporary(struct ktg_demo_site *s, struct ktg_err *err)
{
    static const char form[] = "%s/kentongan-XXXXXX";
    const char *tmp = getenv("TMPDIR");
    /* The path of a socket has at most 107 bytes, and run/ in the settings at most 60. */
    if (!tmp || tmp[0] != '/' || strlen(tmp) > 36)
        tmp = "/tmp";
    snprintf(s->dir, sizeof s->dir, form, tmp);
    if (!mkdtemp(s->dir))
        return ktg_path_fail(err, tmp, errno, "a temporary folder in it");
    int rc = hire_janitor(s, err);
    if (rc)
        rmdir(s->dir);
    return rc;
}

static int use_folder(struct ktg_demo_site *s, const char *folder, struct ktg_err *err)
{
    char whole[4096];
    bool made = mkdir(folder, 0700) == 0;
    if ((!made && errno != EEXIST) || !realpath(folder, whole))
        return ktg_path_fail(err, folder, errno, "a folder that can be made");
    if (strlen(whole) > 52)
        return ktg_path_fail(err, whole, ENAMETOOLONG, "at most 52 bytes");
    if (!made && rmdir(whole)) /* only an empty one goes */
        return ktg_path_fail(err, whole, ENOTEMPTY, "a new folder");
    if (!made && mkdir(whole, 0700))
        return ktg_path_fail(err, whole, errno, "a folder that can be made");
    snprintf(s->dir, sizeof s->dir, "%s", whole);
    return KTG_OK;
}

int ktg_demo_site_open(const char *keep, struct ktg_demo_site *ret_site, struct ktg_err *err)
{
    struct ktg_demo_site s = {.line = -1};
    int rc = keep ? use_folder(&s, keep, err) : make_temporary(&s, err);
    if (rc)
        return rc;
    snprintf(s.config, sizeof s.config, "%s/kentongan.yaml", s.dir);
    *ret_site = s;
    return KTG_OK;
}

void ktg_demo_site_close(struct ktg_demo_site *s)
{
    if (s->janitor) {
        close(s->line);
        while (waitpid(s->janitor, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    s->janitor = 0;
}

void ktg_demo_site_path(const struct ktg_demo_site *s, const char *name,
                        char to[static KTG_DEMO_PATH + 64])
{
    snprintf(to, KTG_DEMO_PATH + 64, "%s/%s", s->dir, name);
}

/* ---- keys and settings --------------------------------------------------------------------------------------------- */

static int generate(void *arg, char public_key[static KTG_KEY_TEXT],
                    char secret_key[static KTG_KEY_TEXT], struct ktg_err *err)
{
    struct ktg_curve_pair *pair = arg;
    int rc = ktg_curve_generate(pair, err);
    if (rc)
        return rc;
    ktg_curve_format(&pair->public_key, public_key);
    ktg_curve_format(&pair->secret_key, secret_key);
    return KTG_OK;
}

int ktg_demo_site_enrol(const struct ktg_demo_site *s, const char *name, const char *agency,
                        enum ktg_role role, const char *pattern, struct ktg_curve_pair *ret_pair,
                        struct ktg_err *err)
{
    char folder[KTG_DEMO_PATH + 64];
    const char *sources[] = {pattern, NULL}, *types[] = {"*", NULL};
    const struct ktg_registry_key key = {.name = name,
                                         .agency = agency,
                                         .role = role,
                                         .sources = sources,
                                         .types = types,
                                         .rate = 100000,
                                         .burst = 100000,
                                         .not_before = KTG_LONG_AGO,
                                         .not_after = KTG_NEVER,
                                         .revoked_reason = "",
                                         .note = "of a demo"};
    ktg_demo_site_path(s, "keys", folder);
    return ktg_registry_make(folder, &key, generate, ret_pair, NULL, err);
}

/* A day passes in seconds and nobody sits at the desks: only what is critical is escalated, else every alert would be.
 * Five minutes are half a second, less than a busy machine may owe a heartbeat: a source is silent after half a day. */
static int put_duty_hours(const struct ktg_demo_site *s, struct ktg_err *err)
{
    char path[KTG_DEMO_PATH + 64];
    ktg_demo_site_path(s, "rules", path);
    int rc = ktg_rundir_prepare(path, 0750, err);
    ktg_demo_site_path(s, "rules/local.yaml", path);
    return rc ? rc
              : ktg_textfile_write(path,
                                   KTG_LIT("settings: {sla.high: 400d, sla.medium: 400d, "
                                           "producer.silent: 12h}\n"),
                                   0600, false, err);
}

int ktg_demo_site_configure(const struct ktg_demo_site *s, const char *endpoint, const char *desk,
                            struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    ktg_buf_printf(
        &text,
        "# A demo of kentongan: synthetic data only.\n"
        "paths: {data: \"%s/data\", run: \"%s/run\", keys: \"%s/keys\", rules: \"%s/rules\",\n"
        "        lists: \"%s/lists\", schema: \"%s/schema\", agencies: \"%s/agencies.yaml\"}\n"
        "gateway: {listen: \"tcp://127.0.0.1:0\"}\n"
        "journal: {segment: 16 MiB}\n"
        "state: {map: 1 GiB}\n"
        "casebook: {map: 1 GiB}\n"
        "log: {level: warning}\n"
        "clock: {file: \"%s/run/clock\"}\n"
        "skew: {ahead: 24h} # history is sent up to a day ahead of the clock\n"
        "agent: {key: %s, outbox: \"%s/outbox/terminal\"%s%s%s}\n",
        s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, desk, s->dir,
        endpoint ? ", gateway: \"" : "", endpoint ? endpoint : "", endpoint ? "\"" : "");
    int rc = ktg_buf_check(&text);
    if (!rc)
        rc = ktg_textfile_write(s->config, ktg_buf_view(&text), 0600, false, err);
    ktg_buf_done(&text);
    return rc ? rc : put_duty_hours(s, err);
}

bool ktg_demo_site_endpoint(const struct ktg_demo_site *s, char to[static 128])
{
    char path[KTG_DEMO_PATH + 64];
    struct ktg_buf text = KTG_BUF_INIT;
    ktg_demo_site_path(s, "run/gateway.endpoint", path);
    bool there = !ktg_textfile_read(path, 120, &text, NULL) && text.size;
    if (there)
        snprintf(to, 128, "%.*s", (int)text.size, (const char *)text.data);
    to[there ? strcspn(to, "\r\n") : 0] = 0;
    ktg_buf_done(&text);
    return there && to[0];
}
