/* cmd/members.c - the picture and the numbered invariants are in members.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/members.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/textfile.h"
#include "runtime/log.h"

static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "cmd/messages.def"
#undef X
};
enum {
#define X(symbol, id, level, text, action) MESSAGE_##symbol,
#include "cmd/messages.def"
#undef X
};

enum {
    LOOK_MS = 250,
    AGAIN_MS = 1000, /* what was wrong may have been mended in place */
    TICK_MS = 50     /* no clock of a file system is coarser */
};

/* ---- the disk ------------------------------------------------------------------------------------------------------- */

static const char *keys_folder(const struct ktg_members *m)
{
    return ktg_settings_text(m->settings, KTG_SET_PATHS_KEYS);
}

static int64_t ns_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static int64_t folder_now(const struct ktg_members *m)
{
    char path[4096];
    struct stat st;
    snprintf(path, sizeof path, "%s/registry", keys_folder(m));
    return stat(path, &st) == 0 ? ns_of(&st) : 0;
}

static struct ktg_members_stamp stamp_now(const struct ktg_members *m)
{
    struct ktg_members_stamp s = {.folder = folder_now(m)};
    struct stat st;
    if (stat(ktg_settings_text(m->settings, KTG_SET_PATHS_AGENCIES), &st) == 0) {
        s.agencies = ns_of(&st);
        s.inode = (int64_t)st.st_ino;
        s.size = st.st_size;
    }
    return s;
}

static bool same(const struct ktg_members_stamp *a, const struct ktg_members_stamp *b)
{
    return a->folder == b->folder && a->agencies == b->agencies && a->inode == b->inode &&
           a->size == b->size;
}

/* Another change may still come under this stamp. */
static bool is_early(const struct ktg_members_stamp *s)
{
    int64_t newest = s->folder > s->agencies ? s->folder : s->agencies;
    int64_t age = ktg_clock_now(&KTG_CLOCK_REAL) - newest / 1000000;
    return age < TICK_MS && age > -TICK_MS;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static int load(const struct ktg_members *m, struct ktg_agencies **ret_a,
                struct ktg_registry **ret_r, struct ktg_err *err)
{
    const char *path = ktg_settings_text(m->settings, KTG_SET_PATHS_AGENCIES);
    if (m->read.agencies && access(path, F_OK)) /* they were: the shipped ones are others */
        return ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_AGENCIES_GONE], path, "nothing", NULL);
    int rc = access(path, F_OK) == 0 ? ktg_agencies_load(path, ret_a, err)
                                     : ktg_agencies_parse(ktg_installation_shipped_agencies(),
                                                          "agencies.yaml (shipped)", ret_a, err);
    if (rc)
        return rc;
    rc = ktg_registry_load(keys_folder(m), *ret_a, ret_r, err);
    if (rc)
        *ret_a = ktg_agencies_free(*ret_a);
    return rc;
}

static void take(struct ktg_members *m, const struct ktg_members_stamp *now,
                 struct ktg_agencies *agencies, struct ktg_registry *registry)
{
    bool own = now->agencies || m->read.agencies; /* the shipped ones do not change */
    bool other = own && (now->agencies != m->read.agencies || now->inode != m->read.inode ||
                         now->size != m->read.size || m->early);
    m->agencies_fresh = m->agencies_fresh || (m->registry && other);
    if (m->registry && !same(now, &m->read))
        ktg_log(&messages[MESSAGE_MEMBERS_READ], "agencies=%zu keys=%zu",
                ktg_agencies_count(agencies), ktg_registry_count(registry));
    ktg_agencies_free(m->agencies);
    ktg_registry_free(m->registry);
    m->agencies = agencies;
    m->registry = registry;
    m->read = *now;
    m->refused = (struct ktg_members_stamp){0};
}

/* What was in force goes on, without the keys that were taken away. */
static bool refuse(struct ktg_members *m, const struct ktg_members_stamp *now,
                   const struct ktg_err *why)
{
    struct ktg_registry *less = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (!same(now, &m->refused))
        ktg_log(&messages[MESSAGE_MEMBERS_REFUSED], "why=\"%s\"", why->text);
    m->refused = *now;
    if (ktg_registry_narrow(m->registry, keys_folder(m), &less, &err))
        return false; /* no memory: tried again */
    ktg_registry_free(m->registry);
    m->registry = less;
    return true;
}

bool ktg_members_look(struct ktg_members *m, bool anyway)
{
    struct ktg_members_stamp now = stamp_now(m);
    struct ktg_agencies *agencies = NULL;
    struct ktg_registry *registry = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    bool early = is_early(&now), mended = same(&now, &m->read);
    if (!anyway && mended && !m->refused.folder && !m->refused.agencies && (!m->early || early))
        return false;
    if (!anyway && same(&now, &m->refused) && !early && ktg_mono_ms() - m->tried < AGAIN_MS)
        return false;
    m->tried = ktg_mono_ms();
    if (load(m, &agencies, &registry, &err))
        return refuse(m, &now, &err);
    take(m, &now, agencies, registry);
    m->early = early;
    return true;
}

void ktg_members_look_now_and_then(struct ktg_members *m)
{
    int64_t now = ktg_mono_ms();
    if (now - m->looked < LOOK_MS)
        return;
    m->looked = now;
    (void)ktg_members_look(m, false);
}

int ktg_members_open(struct ktg_members *m, struct ktg_call *call,
                     const struct ktg_settings *settings)
{
    struct ktg_agencies *agencies = NULL;
    struct ktg_registry *registry = NULL;
    m->call = call;
    m->settings = settings;
    struct ktg_members_stamp now = stamp_now(m); /* before: a change meanwhile is seen next time */
    bool early = is_early(&now);
    int rc = load(m, &agencies, &registry, &call->err);
    if (!rc) {
        take(m, &now, agencies, registry);
        m->early = early;
        m->agencies_fresh = now.agencies != 0; /* they may have come while nobody looked */
    }
    return rc;
}

void ktg_members_done(struct ktg_members *m)
{
    ktg_registry_free(m->registry);
    ktg_agencies_free(m->agencies);
    *m = (struct ktg_members){0};
}

/* ---- asking --------------------------------------------------------------------------------------------------------- */

enum ktg_standing ktg_members_standing(const struct ktg_registry_key *k)
{
    return ktg_registry_standing(k, ktg_clock_now(&KTG_CLOCK_REAL));
}

static const struct ktg_registry_key *good_key(const struct ktg_members *m, const char *name)
{
    const struct ktg_registry_key *k = ktg_registry_named(m->registry, name);
    return k && ktg_members_standing(k) == KTG_STANDING_GOOD ? k : NULL;
}

const struct ktg_registry_key *ktg_members_named(struct ktg_members *m, struct ktg_bytes name)
{
    char text[KTG_REGISTRY_NAME];
    if (name.size >= sizeof text)
        return NULL;
    memcpy(text, name.data, name.size);
    text[name.size] = 0;
    int64_t folder = folder_now(m);
    if (m->early || (folder != m->read.folder && folder != m->refused.folder))
        (void)ktg_members_look(m, false); /* a key that was just revoked has no message more */
    else
        ktg_members_look_now_and_then(m);
    const struct ktg_registry_key *k = good_key(m, text);
    if (!k && ktg_members_look(m, false)) /* enrolled a moment ago */
        k = good_key(m, text);
    return k;
}

const struct ktg_registry_key *ktg_members_holder(struct ktg_members *m, const char *public_key)
{
    (void)ktg_members_look(
        m, false); /* at every handshake: a revoked one does not get in for a moment */
    return ktg_registry_holder(m->registry, public_key);
}

int ktg_members_fresh_agencies(struct ktg_members *m, struct ktg_buf *to, struct ktg_err *err)
{
    const char *path = ktg_settings_text(m->settings, KTG_SET_PATHS_AGENCIES);
    struct ktg_agencies *read = NULL;
    int rc = KTG_OK;
    if (!m->agencies_fresh)
        return KTG_ENOTFOUND;
    if (access(path, F_OK) == 0)
        rc = ktg_textfile_read(path, 4u << 20, to, err);
    else
        ktg_buf_put_bytes(to, ktg_installation_shipped_agencies());
    if (!rc)
        rc = ktg_agencies_parse(ktg_buf_view(to), path, &read, err);
    ktg_agencies_free(read); /* it is still right: that is all we wanted */
    m->agencies_fresh = rc != KTG_OK;
    return rc == KTG_ENOTFOUND ? KTG_EIO : rc;
}
