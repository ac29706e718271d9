/* cmd/centre.c - see centre.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/centre.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/texts.h"
#include "rules/ruleset.h"
#include "runtime/link/link.h"
#include "runtime/lockfile.h"

#define ALERTS_STATION "SYSTEM.ALERTS"

/* ---- who may do what -------------------------------------------------------------------------------------------------- */

static bool registry_changed(void *arg)
{
    struct ktg_centre *c = arg;
    return ktg_members_look(&c->members, false);
}

static void look_again(void *arg) /* SIGHUP */
{
    struct ktg_centre *c = arg;
    (void)ktg_members_look(&c->members, true);
}

static void describe(const struct ktg_registry_key *k, struct ktg_gateway_user *to)
{
    *to = (struct ktg_gateway_user){.publishes = ktg_role_may_publish(k->role),
                                    .subscribes = ktg_role_may_subscribe(k->role),
                                    .rate = k->rate,
                                    .burst = k->burst};
    snprintf(to->name, sizeof to->name, "%s", k->name);
}

static int user_of_key(void *arg, const char *public_key, struct ktg_gateway_user *ret_user,
                       const char **ret_reason)
{
    struct ktg_centre *c = arg;
    const struct ktg_registry_key *k = ktg_members_holder(&c->members, public_key);
    enum ktg_standing standing = k ? ktg_members_standing(k) : KTG_STANDING_GOOD;
    if (!k || standing != KTG_STANDING_GOOD) {
        *ret_reason = k ? ktg_standing_name(standing) : "unknown key";
        return KTG_EDENIED;
    }
    describe(k, ret_user);
    return KTG_OK;
}

static int user_named(void *arg, const char *name, struct ktg_gateway_user *ret_user)
{
    struct ktg_centre *c = arg;
    const struct ktg_registry_key *k = ktg_members_named(&c->members, ktg_bytes_str(name));
    if (!k)
        return KTG_ENOTFOUND;
    describe(k, ret_user);
    return KTG_OK;
}

static int alerts_user(void *arg, struct ktg_bytes name, struct ktg_alerts_user *ret_user)
{
    struct ktg_centre *c = arg;
    const struct ktg_registry_key *k = ktg_members_named(&c->members, name);
    if (!k)
        return KTG_ENOTFOUND;
    *ret_user = (struct ktg_alerts_user){.subscribes = ktg_role_may_subscribe(k->role),
                                         .acts = ktg_role_may_act(k->role)};
    snprintf(ret_user->agency, sizeof ret_user->agency, "%s", k->agency);
    return KTG_OK;
}

static bool key_may_send(void *arg, struct ktg_bytes type)
{
    const struct ktg_registry_key *k = arg;
    for (const char *const *p = k->types; *p; p++)
        if (ktg_registry_matches(*p, type))
            return true;
    return false;
}

static bool key_may_speak(void *arg, struct ktg_bytes source)
{
    return ktg_registry_may_speak(arg, source);
}

static bool station_may_send(void *arg, struct ktg_bytes type)
{
    (void)arg;
    return ktg_registry_matches("alert.*", type);
}

static bool station_may_speak(void *arg, struct ktg_bytes source)
{
    (void)arg;
    return ktg_registry_matches("SYSTEM.*", source);
}

static int rights_of(void *arg, struct ktg_bytes producer, struct ktg_rights *ret_rights)
{
    struct ktg_centre *c = arg;
    if (ktg_bytes_is(producer, ALERTS_STATION)) {
        *ret_rights = (struct ktg_rights){c, station_may_send, station_may_speak};
        return KTG_OK;
    }
    const struct ktg_registry_key *k = ktg_members_named(&c->members, producer);
    if (!k || !ktg_role_may_publish(k->role))
        return KTG_ENOTFOUND;
    *ret_rights = (struct ktg_rights){(void *)(uintptr_t)k, key_may_send, key_may_speak};
    return KTG_OK;
}

static void look_round(void *arg)
{
    struct ktg_centre *c = arg;
    ktg_members_look_now_and_then(&c->members);
}

static int fresh_agencies(void *arg, struct ktg_buf *to, struct ktg_err *err)
{
    struct ktg_centre *c = arg;
    return ktg_members_fresh_agencies(&c->members, to, err);
}

static int source_words(void *arg, bool again,
                        int (*each)(void *to, const struct ktg_retirement *w), void *to,
                        struct ktg_err *err)
{
    struct ktg_centre *c = arg;
    return ktg_source_look(&c->sources, ktg_settings_text(c->settings, KTG_SET_PATHS_SOURCES),
                           again, each, to, err);
}

/* ---- texts ------------------------------------------------------------------------------------------------------------ */

static int load_bundle(void *arg, struct ktg_bytes in_force, struct ktg_buf *to,
                       struct ktg_err *err)
{
    struct ktg_centre *c = arg;
    struct ktg_files files = KTG_FILES_INIT;
    int rc = ktg_texts_gather(c->settings, in_force, &files, err);
    if (!rc)
        rc = ktg_bundle_encode(files.at, files.count, to);
    ktg_files_done(&files);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------ */

static int make_folder(struct ktg_centre *c, const char *name, char to[static 256])
{
    const char *data = ktg_settings_text(c->settings, KTG_SET_PATHS_DATA);
    snprintf(to, 256, "%s%s%s", data, name[0] ? "/" : "", name);
    if (mkdir(to, 0700) && errno != EEXIST)
        return ktg_err_fault(&c->call->err,
                             errno == ENOSPC ? &ktg_cmd_faults[KTG_CMD_FOLDER_FULL]
                                             : &ktg_cmd_faults[KTG_CMD_FOLDER_DENIED],
                             to, strerror(errno), "a folder, rights 0700");
    return KTG_OK;
}

int ktg_centre_open(struct ktg_centre *c, struct ktg_call *call)
{
    char data[256];
    c->call = call;
    int rc = ktg_installation_settings(call, &c->settings);
    if (!rc)
        rc = ktg_installation_clock(call, c->settings, &c->clock, &c->clock_file);
    if (!rc)
        rc = ktg_members_open(&c->members, call, c->settings);
    if (!rc)
        rc = make_folder(c, "", data);
    if (!rc)
        rc = make_folder(c, "journal", c->journal);
    if (!rc)
        rc = make_folder(c, "findings", c->findings);
    if (rc)
        return rc;
    snprintf(c->state, sizeof c->state, "%s/state", data);
    snprintf(c->casebook, sizeof c->casebook, "%s/casebook", data);
    snprintf(c->endpoint, sizeof c->endpoint, "%s/gateway.endpoint",
             ktg_settings_text(c->settings, KTG_SET_PATHS_RUN));
    return KTG_OK;
}

/* A folder that is still to be made: may it be? */
static int check_folder(struct ktg_call *call, const char *folder)
{
    char above[256];
    if (access(folder, F_OK) == 0)
        return KTG_OK; /* what a station cannot write there it says itself, and `up` tries again */
    snprintf(above, sizeof above, "%s", folder);
    char *slash = strrchr(above, '/');
    if (slash)
        slash[slash == above] = 0;
    return access(slash ? above : ".", W_OK | X_OK)
               ? ktg_call_fail(call, KTG_CMD_FOLDER_DENIED, folder, strerror(errno),
                               "a folder, rights 0700")
               : KTG_OK;
}

static int check_folders(struct ktg_centre *c)
{
    static const char *const names[] = {"journal", "findings", "state", "casebook"};
    const char *data = ktg_settings_text(c->settings, KTG_SET_PATHS_DATA);
    int rc = check_folder(c->call, ktg_settings_text(c->settings, KTG_SET_PATHS_RUN));
    if (!rc)
        rc = check_folder(c->call, data);
    for (size_t i = 0; !rc && i < KTG_COUNT(names) && access(data, F_OK) == 0; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", data, names[i]);
        rc = check_folder(c->call, path);
    }
    return rc;
}

int ktg_centre_check(struct ktg_call *call)
{
    struct ktg_centre c = {.call = call};
    struct ktg_gateway_options o;
    int rc = ktg_installation_settings(call, &c.settings);
    if (!rc)
        rc = ktg_installation_clock(call, c.settings, &c.clock, &c.clock_file);
    if (!rc)
        rc = ktg_members_open(&c.members, call, c.settings);
    if (!rc)
        rc = ktg_centre_gateway(&c, &o);
    if (!rc)
        rc = check_folders(&c);
    if (!rc)
        rc = ktg_endpoint_check_free(o.listen, false, &call->err);
    if (!rc && o.plain[0])
        rc = ktg_endpoint_check_free(o.plain, true, &call->err);
    explicit_bzero(&o, sizeof o);
    ktg_centre_done(&c);
    return rc;
}

void ktg_centre_done(struct ktg_centre *c)
{
    ktg_members_done(&c->members);
    ktg_settings_free(c->settings);
    ktg_clockfile_close(c->clock_file);
    *c = (struct ktg_centre){0};
}

/* ---- options ------------------------------------------------------------------------------------------------------------- */

static enum ktg_log_level level_of(const struct ktg_centre *c)
{
    return (enum ktg_log_level)ktg_settings_int(c->settings, KTG_SET_LOG_LEVEL);
}

static struct ktg_journal_options journal_of(const struct ktg_centre *c)
{
    const struct ktg_settings *s = c->settings;
    return (struct ktg_journal_options){
        .segment_size = (uint64_t)ktg_settings_int(s, KTG_SET_JOURNAL_SEGMENT),
        .batch_records = (uint32_t)ktg_settings_int(s, KTG_SET_INGEST_BATCH_EVENTS),
        .batch_bytes = (uint32_t)ktg_settings_int(s, KTG_SET_INGEST_BATCH_BYTES),
        .disk_warn_percent = (uint8_t)ktg_settings_int(s, KTG_SET_DISK_WARN),
        .disk_stop_percent = (uint8_t)ktg_settings_int(s, KTG_SET_DISK_STOP),
    };
}

enum { SOME_ANSWERS = 1024 }; /* beside one for each event that a client may have in flight */

int ktg_centre_gateway(struct ktg_centre *c, struct ktg_gateway_options *ret_o)
{
    const struct ktg_settings *s = c->settings;
    char secret[KTG_KEY_TEXT];
    struct ktg_err *err = &c->call->err;
    struct ktg_gateway_options o = {
        .run_dir = ktg_settings_text(s, KTG_SET_PATHS_RUN),
        .listen = ktg_settings_text(s, KTG_SET_GATEWAY_LISTEN),
        .endpoint_file = c->endpoint,
        .plain = ktg_settings_text(s, KTG_SET_GATEWAY_PLAIN),
        .plain_user = ktg_settings_text(s, KTG_SET_GATEWAY_PLAIN_USER),
        .clock = c->clock,
        .log_level = level_of(c),
        .max_sessions = (uint32_t)ktg_settings_int(s, KTG_SET_GATEWAY_SESSIONS),
        .max_frame = (uint32_t)ktg_settings_int(s, KTG_SET_GATEWAY_FRAME),
        .answers = (uint32_t)ktg_settings_int(s, KTG_SET_GATEWAY_CREDIT_EVENTS) + SOME_ANSWERS,
        .handshake = ktg_settings_int(s, KTG_SET_GATEWAY_HANDSHAKE),
        .heartbeat = ktg_settings_int(s, KTG_SET_GATEWAY_HEARTBEAT),
        .registry_poll = ktg_settings_int(s, KTG_SET_GATEWAY_REGISTRY_POLL),
        .memory = (uint64_t)ktg_settings_int(s, KTG_SET_GATEWAY_MEMORY),
        .arg = c,
        .user_of_key = user_of_key,
        .user_named = user_named,
        .registry_changed = registry_changed,
        .on_reload = look_again,
    };
    const char *key = ktg_settings_text(s, KTG_SET_GATEWAY_KEY);
    int rc = ktg_registry_secret(ktg_settings_text(s, KTG_SET_PATHS_KEYS), key, secret, err);
    if (!rc)
        rc = ktg_curve_parse(ktg_bytes_str(secret), &o.keys.secret_key, err);
    if (!rc)
        rc = ktg_curve_derive(&o.keys.secret_key, &o.keys.public_key, err);
    memset(secret, 0, sizeof secret);
    if (rc == KTG_ENOTFOUND)
        return ktg_call_fail(c->call, KTG_CMD_NO_GATEWAY_KEY,
                             ktg_settings_text(s, KTG_SET_PATHS_KEYS), NULL, key);
    if (!rc)
        *ret_o = o;
    return rc;
}

void ktg_centre_ingest(struct ktg_centre *c, struct ktg_ingest_options *ret_o)
{
    const struct ktg_settings *s = c->settings;
    *ret_o = (struct ktg_ingest_options){
        .run_dir = ktg_settings_text(s, KTG_SET_PATHS_RUN),
        .journal_dir = c->journal,
        .clock = c->clock,
        .log_level = level_of(c),
        .journal = journal_of(c),
        .clock_period = ktg_settings_int(s, KTG_SET_CLOCK_PERIOD),
        .skew_ahead = ktg_settings_int(s, KTG_SET_SKEW_AHEAD),
        .credit_events = (uint64_t)ktg_settings_int(s, KTG_SET_GATEWAY_CREDIT_EVENTS),
        .credit_bytes = (uint64_t)ktg_settings_int(s, KTG_SET_GATEWAY_CREDIT_BYTES),
        .max_sessions = (uint32_t)ktg_settings_int(s, KTG_SET_GATEWAY_SESSIONS),
        .queue_bytes = (uint64_t)ktg_settings_int(s, KTG_SET_INGEST_QUEUE_BYTES),
        .arg = c,
        .rights_of = rights_of,
        .load_bundle = load_bundle,
        .look_round = look_round,
        .fresh_agencies = fresh_agencies,
        .source_words = source_words,
        .on_reload = look_again,
    };
}

void ktg_centre_correlation(struct ktg_centre *c, struct ktg_correlation_options *ret_o)
{
    const struct ktg_settings *s = c->settings;
    struct ktg_journal_options findings = journal_of(c);
    findings.batch_records = 0; /* its batches are as large as answers are */
    findings.batch_bytes = 0;
    *ret_o = (struct ktg_correlation_options){
        .run_dir = ktg_settings_text(s, KTG_SET_PATHS_RUN),
        .journal_dir = c->journal,
        .findings_dir = c->findings,
        .state_dir = c->state,
        .clock = c->clock,
        .log_level = level_of(c),
        .findings = findings,
        .map_size = (uint64_t)ktg_settings_int(s, KTG_SET_STATE_MAP),
        .checkpoint_ms = ktg_settings_int(s, KTG_SET_STATE_CHECKPOINT_TIME),
        .checkpoint_bytes = (uint64_t)ktg_settings_int(s, KTG_SET_STATE_CHECKPOINT_BYTES),
        .memory = (uint64_t)ktg_settings_int(s, KTG_SET_STATE_MEMORY),
        .poll = ktg_settings_int(s, KTG_SET_JOURNAL_POLL),
    };
}

void ktg_centre_alerts(struct ktg_centre *c, struct ktg_alerts_options *ret_o)
{
    const struct ktg_settings *s = c->settings;
    *ret_o = (struct ktg_alerts_options){
        .run_dir = ktg_settings_text(s, KTG_SET_PATHS_RUN),
        .journal_dir = c->journal,
        .findings_dir = c->findings,
        .casebook_dir = c->casebook,
        .clock = c->clock,
        .log_level = level_of(c),
        .map_size = (uint64_t)ktg_settings_int(s, KTG_SET_CASEBOOK_MAP),
        .window = (uint32_t)ktg_settings_int(s, KTG_SET_ALERTS_WINDOW),
        .subscriptions = (uint32_t)ktg_settings_int(s, KTG_SET_ALERTS_SUBSCRIPTIONS),
        .poll = ktg_settings_int(s, KTG_SET_JOURNAL_POLL),
        .retry_min = ktg_settings_int(s, KTG_SET_ALERTS_RETRY_MIN),
        .retry_max = ktg_settings_int(s, KTG_SET_ALERTS_RETRY_MAX),
        .max_sessions = (uint32_t)ktg_settings_int(s, KTG_SET_GATEWAY_SESSIONS),
        .arg = c,
        .user_named = alerts_user,
        .on_reload = look_again,
    };
}
