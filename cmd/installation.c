/* cmd/installation.c - see installation.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/installation.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/registry.h"

#define HERE "kentongan.yaml"

const char *ktg_installation_settings_file(const struct ktg_call *call)
{
    const char *file = ktg_call_text(call, "config");
    return file ? file : HERE;
}

int ktg_installation_settings(struct ktg_call *call, struct ktg_settings **ret_s)
{
    const char *file = ktg_call_text(call, "config");
    return ktg_installation_settings_of(call, file || access(HERE, F_OK) ? file : HERE, ret_s);
}

int ktg_installation_settings_of(struct ktg_call *call, const char *file,
                                 struct ktg_settings **ret_s)
{
    struct ktg_settings *s = NULL;
    const char *assignment;
    int rc = ktg_settings_new(&s, &call->err);
    if (!rc && file)
        rc = ktg_settings_load(s, file, &call->err);
    for (size_t i = 0; !rc && (assignment = ktg_call_nth(call, "set", i)); i++)
        rc = ktg_settings_set(s, assignment, &call->err);
    if (rc) {
        ktg_settings_free(s);
        return rc;
    }
    call->out->zone = (int)ktg_settings_int(s, KTG_SET_TIME_ZONE);
    ktg_installation_today(call, s);
    *ret_s = s;
    return KTG_OK;
}

int ktg_installation_zone(struct ktg_call *call)
{
    struct ktg_settings *s = NULL;
    int rc = ktg_installation_settings(call, &s);
    ktg_settings_free(s);
    return rc;
}

void ktg_installation_today(struct ktg_call *call, const struct ktg_settings *s)
{
    struct ktg_clock clock;
    struct ktg_clockfile *file = NULL;
    if (!call->out->now || ktg_installation_clock(call, s, &clock, &file))
        return; /* no terminal; or a demo whose clock is gone, of which others speak */
    call->out->now = ktg_clock_now(&clock);
    ktg_clockfile_close(file);
}

static const char *folder_if_there(const struct ktg_settings *s, enum ktg_setting which)
{
    const char *path = ktg_settings_text(s, which);
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

void ktg_installation_texts(const struct ktg_settings *s, struct ktg_installation_texts *ret_texts)
{
    ret_texts->rules = folder_if_there(s, KTG_SET_PATHS_RULES);
    ret_texts->choice = (struct ktg_shipped_choice){
        .rules = ret_texts->rules ? &ret_texts->rules : NULL,
        .rule_count = ret_texts->rules ? 1 : 0,
        .schema = folder_if_there(s, KTG_SET_PATHS_SCHEMA),
        .lists = folder_if_there(s, KTG_SET_PATHS_LISTS),
    };
}

struct ktg_bytes ktg_installation_shipped_agencies(void)
{
    for (size_t i = 0; i < ktg_shipped_count; i++)
        if (ktg_bytes_is(ktg_shipped[i].name, "agencies.yaml"))
            return ktg_shipped[i].text;
    return KTG_BYTES_NONE;
}

int ktg_installation_agencies(struct ktg_call *call, const struct ktg_settings *s,
                              struct ktg_agencies **ret_a)
{
    const char *path = ktg_settings_text(s, KTG_SET_PATHS_AGENCIES);
    if (access(path, F_OK) == 0)
        return ktg_agencies_load(path, ret_a, &call->err);
    return ktg_agencies_parse(ktg_installation_shipped_agencies(), "agencies.yaml (shipped)", ret_a,
                              &call->err);
}

/* What the setting says, else what the registry knows of the gateway's key. */
static int server_key(struct ktg_call *call, const struct ktg_settings *s,
                      struct ktg_curve_key *ret_key)
{
    const char *text = ktg_settings_text(s, KTG_SET_AGENT_SERVER_KEY);
    const char *name = ktg_settings_text(s, KTG_SET_GATEWAY_KEY),
               *keys = ktg_settings_text(s, KTG_SET_PATHS_KEYS);
    struct ktg_registry *registry = NULL;
    int rc = KTG_OK;
    if (!text[0]) {
        rc = ktg_registry_load(keys, NULL, &registry, &call->err);
        const struct ktg_registry_key *k = rc ? NULL : ktg_registry_named(registry, name);
        if (!rc && !k)
            rc = ktg_call_fail(call, KTG_CMD_NO_CENTRE_KEY, keys, NULL, name);
        text = k ? k->public_key : "";
    }
    if (!rc)
        rc = ktg_curve_parse(ktg_bytes_str(text), ret_key, &call->err);
    ktg_registry_free(registry);
    return rc;
}

/* The file that is missing is not what a person looks for: the key is. */
static int no_secret(struct ktg_call *call, const char *keys, const char *name)
{
    char want[256];
    snprintf(want, sizeof want, "%s/private/%s.secret", keys, name);
    return ktg_err_fault(&call->err, &ktg_cmd_faults[KTG_CMD_NO_SECRET], "--key", name, want);
}

int ktg_installation_caller(struct ktg_call *call, const struct ktg_settings *s,
                            struct ktg_installation_caller *ret_caller)
{
    char secret[KTG_KEY_TEXT];
    struct ktg_installation_caller c = {.name = ktg_call_text(call, "key"),
                                        .endpoint = ktg_call_text(call, "gateway")};
    c.name = c.name ? c.name : ktg_settings_text(s, KTG_SET_AGENT_KEY);
    c.endpoint = c.endpoint ? c.endpoint : ktg_settings_text(s, KTG_SET_AGENT_GATEWAY);
    if (!c.name[0])
        return ktg_call_fail(call, KTG_CMD_NO_CALLER, call->command->path, NULL, "--key NAME");
    int rc =
        ktg_registry_secret(ktg_settings_text(s, KTG_SET_PATHS_KEYS), c.name, secret, &call->err);
    if (rc == KTG_ENOTFOUND)
        rc = no_secret(call, ktg_settings_text(s, KTG_SET_PATHS_KEYS), c.name);
    if (!rc)
        rc = ktg_curve_parse(ktg_bytes_str(secret), &c.keys.secret_key, &call->err);
    explicit_bzero(secret, sizeof secret);
    if (!rc)
        rc = ktg_curve_derive(&c.keys.secret_key, &c.keys.public_key, &call->err);
    if (!rc)
        rc = server_key(call, s, &c.server_key);
    if (!rc)
        *ret_caller = c;
    ktg_curve_forget(&c.keys);
    return rc;
}

const char *ktg_installation_folder(const struct ktg_call *call, const struct ktg_settings *s,
                                    const char *option, const char *name,
                                    char room[static KTG_INSTALLATION_PATH])
{
    const char *given = ktg_call_text(call, option);
    if (given)
        return given;
    snprintf(room, KTG_INSTALLATION_PATH, "%s/%s", ktg_settings_text(s, KTG_SET_PATHS_DATA), name);
    return room;
}

int ktg_installation_clock(struct ktg_call *call, const struct ktg_settings *s,
                           struct ktg_clock *ret_clock, struct ktg_clockfile **ret_file)
{
    const char *path = ktg_settings_text(s, KTG_SET_CLOCK_FILE);
    struct ktg_clock clock = ktg_settings_clock(s);
    struct ktg_clockfile *file = NULL;
    int rc = path[0] ? ktg_clockfile_open(path, &file, &call->err) : KTG_OK;
    if (rc)
        return rc;
    clock.file = file;
    *ret_clock = clock;
    *ret_file = file;
    return KTG_OK;
}
