/* config/registry.c - see registry.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/registry.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/faults.h"
#include "config/registry_key.h"
#include "config/textfile.h"
#include "runtime/mem.h"

struct ktg_registry {
    struct ktg_arena arena;
    struct ktg_registry_key *keys; /* in order of their names */
    size_t count, cap;
    const struct ktg_registry_key **by_public; /* in order of their public keys */
};

bool ktg_role_may_publish(enum ktg_role role)
{
    return role & KTG_ROLE_PRODUCER;
}

bool ktg_role_may_subscribe(enum ktg_role role)
{
    return role & (KTG_ROLE_SUBSCRIBER | KTG_ROLE_OFFICER);
}

bool ktg_role_may_act(enum ktg_role role)
{
    return role & KTG_ROLE_OFFICER;
}

enum ktg_standing ktg_registry_standing(const struct ktg_registry_key *k, ktg_time now)
{
    if (k->revoked)
        return KTG_STANDING_REVOKED;
    if (now < k->not_before)
        return KTG_STANDING_EARLY;
    return now > k->not_after ? KTG_STANDING_EXPIRED : KTG_STANDING_GOOD;
}

const char *ktg_standing_name(enum ktg_standing s)
{
    static const char *const names[] = {"good", "revoked", "not-yet-valid", "expired"};
    return names[s];
}

bool ktg_registry_matches(const char *pattern, struct ktg_bytes text)
{
    size_t n = strlen(pattern);
    if (n == 0 || pattern[n - 1] != '*')
        return ktg_bytes_is(text, pattern);
    return text.size > n - 1 && memcmp(text.data, pattern, n - 1) == 0;
}

static bool matches_any(const char *const *patterns, struct ktg_bytes text)
{
    for (; *patterns; patterns++)
        if (ktg_registry_matches(*patterns, text))
            return true;
    return false;
}

bool ktg_registry_may_speak(const struct ktg_registry_key *k, struct ktg_bytes source)
{
    return ktg_role_may_publish(k->role) && matches_any(k->sources, source);
}

bool ktg_registry_may_send(const struct ktg_registry_key *k, struct ktg_bytes source,
                           struct ktg_bytes type)
{
    return ktg_registry_may_speak(k, source) && matches_any(k->types, type);
}

struct loading {
    struct ktg_registry *r;
    const struct ktg_agencies *agencies;
    char folder[PATH_MAX];
};

static int check_place(const struct loading *l, const struct ktg_registry_key *k, const char *file,
                       const char *path, struct ktg_err *err)
{
    size_t n = strlen(k->name);
    if (strncmp(file, k->name, n) != 0 || strcmp(file + n, ".yaml") != 0)
        return ktg_config_fail(err, KTG_CONFIG_KEY_WRONG, path, k->name,
                               "the name that the file has");
    if (l->agencies && !ktg_agencies_find(l->agencies, ktg_bytes_str(k->agency))) {
        const char *nearest = ktg_agencies_nearest(l->agencies, k->agency);
        char want[64] = "";
        if (nearest)
            snprintf(want, sizeof want, "%s", nearest);
        return ktg_config_fail(err, KTG_CONFIG_AGENCY_UNKNOWN, path, k->agency, want);
    }
    return KTG_OK;
}

static int load_file(void *arg, const char *file, struct ktg_err *err)
{
    struct loading *l = arg;
    struct ktg_registry *r = l->r;
    char path[PATH_MAX];
    struct ktg_buf text = KTG_BUF_INIT;
    if (snprintf(path, sizeof path, "%s/%s", l->folder, file) >= (int)sizeof path)
        return ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", l->folder);
    int rc = ktg_textfile_read(path, KTG_REGISTRY_FILE, &text, err);
    if (!rc && ktg_grow(&r->keys, &r->cap, r->count + 1, sizeof *r->keys))
        rc = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path);
    if (!rc)
        rc = ktg_registry_key_parse(ktg_buf_view(&text), path, &r->arena, &r->keys[r->count], err);
    if (!rc)
        rc = check_place(l, &r->keys[r->count], file, path, err);
    if (!rc)
        r->count++;
    ktg_buf_done(&text);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct ktg_registry_key *)a)->name,
                  ((const struct ktg_registry_key *)b)->name);
}

static int by_public(const void *a, const void *b)
{
    return strcmp((*(const struct ktg_registry_key *const *)a)->public_key,
                  (*(const struct ktg_registry_key *const *)b)->public_key);
}

static int index_keys(struct ktg_registry *r, struct ktg_err *err)
{
    r->by_public = ktg_calloc(r->count + 1, sizeof *r->by_public);
    if (!r->by_public)
        return ktg_err_set(err, KTG_ENOMEM, "key registry: no memory");
    if (r->count) /* file names sort otherwise: "A.B.yaml" before "A.yaml" */
        qsort(r->keys, r->count, sizeof *r->keys, by_name);
    for (size_t i = 0; i < r->count; i++)
        r->by_public[i] = &r->keys[i];
    if (r->count)
        qsort(r->by_public, r->count, sizeof *r->by_public, by_public);
    for (size_t i = 1; i < r->count; i++)
        if (by_public(&r->by_public[i - 1], &r->by_public[i]) == 0) {
            char got[96];
            snprintf(got, sizeof got, "%.40s and %.40s", r->by_public[i - 1]->name,
                     r->by_public[i]->name);
            return ktg_config_fail(err, KTG_CONFIG_KEY_TWICE, "key registry", got, NULL);
        }
    return KTG_OK;
}

/* What was loaded without a failure, in order; else nothing. */
static int finish(struct loading *l, int rc, struct ktg_registry **ret_r, struct ktg_err *err)
{
    if (!rc)
        rc = index_keys(l->r, err);
    if (rc)
        ktg_registry_free(l->r);
    else
        *ret_r = l->r;
    return rc;
}

int ktg_registry_load(const char *keys_folder, const struct ktg_agencies *agencies,
                      struct ktg_registry **ret_r, struct ktg_err *err)
{
    struct loading l = {.agencies = agencies};
    if (snprintf(l.folder, sizeof l.folder, "%s/registry", keys_folder) >= (int)sizeof l.folder)
        return ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", keys_folder);
    l.r = ktg_zalloc(sizeof *l.r);
    if (!l.r)
        return ktg_err_set(err, KTG_ENOMEM, "key registry: no memory");
    struct ktg_err inner = KTG_ERR_INIT;
    int rc = ktg_textfile_each(l.folder, ".yaml", KTG_REGISTRY_KEYS, load_file, &l, &inner);
    if (rc == KTG_ENOTFOUND && l.r->count == 0)
        rc = KTG_OK; /* nobody was enrolled yet */
    if (rc && err)
        *err = inner;
    return finish(&l, rc, ret_r, err);
}

static bool is_same_key(const struct ktg_registry_key *a, const struct ktg_registry_key *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->agency, b->agency) == 0 &&
           strcmp(a->public_key, b->public_key) == 0;
}

/* The key as its file has it, else as it was; of one that is gone nothing. */
static int narrow_key(const struct loading *l, const struct ktg_registry_key *old,
                      struct ktg_err *err)
{
    struct ktg_registry *r = l->r;
    struct ktg_registry_key *to = &r->keys[r->count];
    struct ktg_buf text = KTG_BUF_INIT;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s.yaml", l->folder, old->name) >= (int)sizeof path)
        return ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", l->folder);
    int rc = ktg_textfile_read(path, KTG_REGISTRY_FILE, &text, NULL);
    bool gone = rc == KTG_ENOTFOUND;
    if (!rc)
        rc = ktg_registry_key_parse(ktg_buf_view(&text), path, &r->arena, to, NULL);
    if (gone || (!rc && !is_same_key(to, old))) {
        ktg_buf_done(&text);
        return KTG_OK;
    }
    if (rc) { /* it cannot be read: as it was */
        ktg_buf_clear(&text);
        ktg_registry_key_format(old, &text);
        rc = ktg_buf_check(&text)
                 ? ktg_err_set(err, KTG_ENOMEM, "key registry: no memory")
                 : ktg_registry_key_parse(ktg_buf_view(&text), path, &r->arena, to, err);
    }
    r->count += !rc;
    ktg_buf_done(&text);
    return rc;
}

int ktg_registry_narrow(const struct ktg_registry *old, const char *keys_folder,
                        struct ktg_registry **ret_r, struct ktg_err *err)
{
    struct loading l = {.r = ktg_zalloc(sizeof *l.r)};
    if (!l.r || ktg_grow(&l.r->keys, &l.r->cap, old->count + 1, sizeof *l.r->keys)) {
        ktg_registry_free(l.r);
        return ktg_err_set(err, KTG_ENOMEM, "key registry: no memory");
    }
    int rc = snprintf(l.folder, sizeof l.folder, "%s/registry", keys_folder) >= (int)sizeof l.folder
                 ? ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", keys_folder)
                 : KTG_OK;
    for (size_t i = 0; !rc && i < old->count; i++)
        rc = narrow_key(&l, &old->keys[i], err);
    return finish(&l, rc, ret_r, err);
}

struct ktg_registry *ktg_registry_free(struct ktg_registry *r)
{
    if (!r)
        return NULL;
    ktg_free(r->keys);
    ktg_free(r->by_public);
    ktg_arena_done(&r->arena);
    ktg_free(r);
    return NULL;
}

size_t ktg_registry_count(const struct ktg_registry *r)
{
    return r->count;
}

const struct ktg_registry_key *ktg_registry_at(const struct ktg_registry *r, size_t i)
{
    return &r->keys[i];
}

const struct ktg_registry_key *ktg_registry_named(const struct ktg_registry *r, const char *name)
{
    struct ktg_registry_key wanted = {.name = name};
    return r->count ? bsearch(&wanted, r->keys, r->count, sizeof *r->keys, by_name) : NULL;
}

const struct ktg_registry_key *ktg_registry_holder(const struct ktg_registry *r,
                                                   const char *public_key)
{
    struct ktg_registry_key wanted = {.public_key = public_key};
    const struct ktg_registry_key *p = &wanted;
    const struct ktg_registry_key *const *found =
        r->count ? bsearch(&p, r->by_public, r->count, sizeof *r->by_public, by_public) : NULL;
    return found ? *found : NULL;
}
