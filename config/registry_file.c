/* config/registry_file.c - enrolling, making and revoking keys: the part of registry.h that writes.
 *
 * Order: the secret is on the disk before the registry knows its public half, so a crash leaves at
 * worst a secret that opens nothing. SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/faults.h"
#include "config/registry.h"
#include "config/registry_key.h"
#include "config/textfile.h"
#include "runtime/mem.h"

static int make_folder(const char *path, mode_t mode, struct ktg_err *err)
{
    if (mkdir(path, mode) == 0 || errno == EEXIST)
        return KTG_OK;
    return ktg_config_fail(err, KTG_CONFIG_FILE_DENIED, path, strerrordesc_np(errno), NULL);
}

static int path_of(const char *keys, const char *folder, const char *name, const char *suffix,
                   char to[static PATH_MAX], struct ktg_err *err)
{
    if (!ktg_registry_key_name_ok(name)) /* before it becomes a part of a path */
        return ktg_config_fail(err, KTG_CONFIG_KEY_NAME, keys, name, NULL);
    if (snprintf(to, PATH_MAX, "%s/%s/%s%s", keys, folder, name, suffix) >= PATH_MAX)
        return ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", keys);
    return KTG_OK;
}

static int make_folders(const char *keys, const char *folder, mode_t mode, struct ktg_err *err)
{
    char path[PATH_MAX];
    int r = make_folder(keys, 0755, err);
    if (!r && snprintf(path, sizeof path, "%s/%s", keys, folder) >= (int)sizeof path)
        r = ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", keys);
    return r ? r : make_folder(path, mode, err);
}

static int check_free(const char *keys, const struct ktg_registry_key *key, const char *public_key,
                      struct ktg_err *err)
{
    struct ktg_registry *registry = NULL;
    int r = ktg_registry_load(keys, NULL, &registry, err);
    if (!r && ktg_registry_named(registry, key->name))
        r = ktg_config_fail(err, KTG_CONFIG_KEY_TWICE, keys, key->name, NULL);
    const struct ktg_registry_key *holder =
        r || !public_key ? NULL : ktg_registry_holder(registry, public_key);
    if (holder)
        r = ktg_config_fail(err, KTG_CONFIG_KEY_TWICE, keys, holder->name, NULL);
    ktg_registry_free(registry);
    return r;
}

/* Write the file after making sure that it can be read again. */
static int write_key(const char *path, const struct ktg_registry_key *key, bool fresh,
                     struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_registry_key again;
    ktg_registry_key_format(key, &text);
    int r = ktg_buf_check(&text) ? ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path) : KTG_OK;
    if (!r)
        r = ktg_registry_key_parse(ktg_buf_view(&text), path, &arena, &again, err);
    if (!r)
        r = ktg_textfile_write(path, ktg_buf_view(&text), 0644, fresh, err);
    if (r == KTG_ECONFLICT)
        r = ktg_config_fail(err, KTG_CONFIG_KEY_TWICE, path, key->name, NULL);
    ktg_arena_done(&arena);
    ktg_buf_done(&text);
    return r;
}

int ktg_registry_enrol(const char *keys_folder, const struct ktg_registry_key *key,
                       struct ktg_err *err)
{
    char path[PATH_MAX];
    int r = path_of(keys_folder, "registry", key->name, ".yaml", path, err);
    if (!r && !ktg_registry_key_text_ok(key->public_key))
        r = ktg_config_fail(err, KTG_CONFIG_KEY_TEXT, path, NULL, "40 characters of Z85");
    if (!r)
        r = make_folders(keys_folder, "registry", 0755, err);
    if (!r)
        r = check_free(keys_folder, key, key->public_key, err);
    return r ? r : write_key(path, key, true, err);
}

int ktg_registry_make(const char *keys_folder, const struct ktg_registry_key *key,
                      ktg_registry_generate *generate, void *arg, char *ret_public,
                      struct ktg_err *err)
{
    char path[PATH_MAX], public_key[KTG_KEY_TEXT] = "", secret[KTG_KEY_TEXT + 1] = "";
    struct ktg_registry_key made = *key;
    int r = path_of(keys_folder, "private", key->name, ".secret", path, err);
    if (!r)
        r = make_folders(keys_folder, "private", 0700, err);
    if (!r)
        r = check_free(keys_folder, key, NULL, err);
    if (!r)
        r = generate(arg, public_key, secret, err);
    if (r)
        return r;
    size_t n = strlen(secret);
    secret[n] = '\n';
    r = ktg_textfile_write(path, ktg_bytes(secret, n + 1), 0400, true, err);
    explicit_bzero(secret, sizeof secret);
    if (r)
        return r;
    made.public_key = public_key;
    r = ktg_registry_enrol(keys_folder, &made, err);
    if (r) {
        unlink(path); /* it opens nothing */
        return r;
    }
    if (ret_public)
        memcpy(ret_public, public_key, sizeof public_key);
    return KTG_OK;
}

int ktg_registry_revoke(const char *keys_folder, const char *name, ktg_time now, const char *reason,
                        struct ktg_err *err)
{
    char path[PATH_MAX];
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_registry_key key;
    int r = path_of(keys_folder, "registry", name, ".yaml", path, err);
    if (!r)
        r = ktg_textfile_read(path, KTG_REGISTRY_FILE, &text, err);
    if (r == KTG_ENOTFOUND)
        r = ktg_config_fail(err, KTG_CONFIG_KEY_UNKNOWN, path, name, NULL);
    if (!r)
        r = ktg_registry_key_parse(ktg_buf_view(&text), path, &arena, &key, err);
    if (!r && key.revoked)
        r = ktg_config_fail(err, KTG_CONFIG_KEY_REVOKED, path, name, NULL);
    if (!r) {
        key.revoked = true;
        key.revoked_at = now;
        key.revoked_reason = reason ? reason : "";
        r = write_key(path, &key, false, err);
    }
    ktg_arena_done(&arena);
    ktg_buf_done(&text);
    return r;
}

int ktg_registry_secret(const char *keys_folder, const char *name, char to[static KTG_KEY_TEXT],
                        struct ktg_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    struct ktg_buf text = KTG_BUF_INIT;
    int r = path_of(keys_folder, "private", name, ".secret", path, err);
    if (!r && stat(path, &st) == 0 && (st.st_mode & 0077)) {
        char got[16];
        snprintf(got, sizeof got, "mode %04o", (unsigned)st.st_mode & 07777);
        r = ktg_config_fail(err, KTG_CONFIG_SECRET_OPEN, path, got, "mode 0400");
    }
    if (!r)
        r = ktg_textfile_read(path, 256, &text, err);
    if (!r) {
        const char *s = ktg_buf_text(&text);
        size_t n = strcspn(s, "\r\n");
        char secret[KTG_KEY_TEXT] = "";
        if (n == KTG_KEY_TEXT - 1 && s[n + strspn(s + n, "\r\n")] == '\0')
            memcpy(secret, s, n);
        if (ktg_registry_key_text_ok(secret))
            memcpy(to, secret, sizeof secret);
        else
            r = ktg_config_fail(err, KTG_CONFIG_SECRET_WRONG, path, NULL, "40 characters of Z85");
        explicit_bzero(secret, sizeof secret);
    }
    if (text.data)
        explicit_bzero(text.data, text.size);
    ktg_buf_done(&text);
    return r;
}
