/* schema/files.c - see files.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/path.h"

static int no_memory(struct ktg_err *err)
{
    return ktg_err_set(err, KTG_ENOMEM, "files: out of memory");
}

/* Where `name` stands or would stand. */
static size_t place_of(const struct ktg_files *f, const char *name, bool *ret_there)
{
    size_t i = 0;
    int c = 1;
    while (i < f->count && (c = ktg_bytes_cmp(f->at[i].name, ktg_bytes_str(name))) < 0)
        i++;
    *ret_there = i < f->count && c == 0;
    return i;
}

/* Text and path live in the arena already. */
static int add(struct ktg_files *f, const char *name, struct ktg_bytes text, struct ktg_bytes path,
               struct ktg_err *err)
{
    bool there;
    size_t i = place_of(f, name, &there);
    if (there)
        return ktg_err_set(err, KTG_EINVALID, "%s: this file is there twice",
                           path.size ? (const char *)path.data : name);
    if (f->count == KTG_FILES_MAX)
        return ktg_err_set(err, KTG_EINVALID, "%s: more than %d files", name, KTG_FILES_MAX);
    char *copy = ktg_arena_strndup(&f->arena, name, strlen(name));
    if (!copy || ktg_grow(&f->at, &f->cap, f->count + 1, sizeof *f->at))
        return no_memory(err);
    memmove(f->at + i + 1, f->at + i, (f->count - i) * sizeof *f->at);
    f->at[i] = (struct ktg_file){ktg_bytes_str(copy), text, path};
    f->count++;
    return KTG_OK;
}

int ktg_files_put(struct ktg_files *f, const char *name, struct ktg_bytes text, struct ktg_err *err)
{
    char *copy = ktg_arena_strndup(
        &f->arena, (const char *)(text.data ? text.data : (const uint8_t *)""), text.size);
    return copy ? add(f, name, ktg_bytes(copy, text.size), KTG_BYTES_NONE, err) : no_memory(err);
}

/* A copy of `path` in the arena, ended by NUL; empty: no memory. */
static struct ktg_bytes keep_path(struct ktg_files *f, struct ktg_bytes path)
{
    char *copy = ktg_arena_strndup(&f->arena, (const char *)path.data, path.size);
    return copy ? ktg_bytes(copy, path.size) : KTG_BYTES_NONE;
}

int ktg_files_put_as(struct ktg_files *f, const char *name, const struct ktg_file *file,
                     struct ktg_err *err)
{
    struct ktg_bytes shown = ktg_file_shown(file), path = keep_path(f, shown);
    char *copy = ktg_arena_strndup(
        &f->arena, (const char *)(file->text.data ? file->text.data : (const uint8_t *)""),
        file->text.size);
    return copy && path.size ? add(f, name, ktg_bytes(copy, file->text.size), path, err)
                             : no_memory(err);
}

int ktg_files_read_one(struct ktg_files *f, const char *path, const char *name, struct ktg_err *err)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        return ktg_path_fail(err, path, errno, NULL);
    int rc = KTG_OK;
    struct stat st;
    if (fstat(fileno(in), &st) || !S_ISREG(st.st_mode)) {
        rc = ktg_err_fault(err, &ktg_runtime_faults[KTG_RUNTIME_PATH_NO_FILE], path, NULL, NULL);
        goto out;
    }
    if (st.st_size > KTG_FILE_MAX) {
        rc = ktg_err_set(err, KTG_EINVALID, "%s: larger than %u bytes", path, KTG_FILE_MAX);
        goto out;
    }
    size_t size = (size_t)st.st_size;
    char *text = ktg_arena_alloc(&f->arena, size + 1);
    struct ktg_bytes kept = keep_path(f, ktg_bytes_str(path));
    if (!text || !kept.size) {
        rc = no_memory(err);
        goto out;
    }
    size_t got = fread(text, 1, size, in);
    text[got] = 0;
    rc = ferror(in) ? ktg_path_fail(err, path, errno, NULL)
                    : add(f, name, ktg_bytes(text, got), kept, err);
out:
    fclose(in);
    return rc;
}

static bool is_yaml(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".yaml") == 0;
}

static int read_folder(struct ktg_files *f, const char *folder, const char *prefix, int levels,
                       struct ktg_err *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return ktg_path_fail(err, folder, errno, NULL);
    int rc = KTG_OK;
    for (struct dirent *e; !rc && (e = readdir(dir));) {
        char path[4096], name[1024];
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        size_t folder_size = strlen(folder);
        const char *slash = folder_size && folder[folder_size - 1] == '/' ? "" : "/";
        if ((size_t)snprintf(path, sizeof path, "%s%s%s", folder, slash, e->d_name) >=
                sizeof path ||
            (size_t)snprintf(name, sizeof name, "%s%s", prefix, e->d_name) >= sizeof name - 2) {
            rc = ktg_err_set(err, KTG_EINVALID, "%s: the path is too long", folder);
        } else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            size_t n = strlen(name);
            name[n] = '/';
            name[n + 1] = 0;
            if (levels > 0)
                rc = read_folder(f, path, name, levels - 1, err);
        } else if (is_yaml(e->d_name)) {
            rc = ktg_files_read_one(f, path, name, err);
        }
    }
    closedir(dir);
    return rc;
}

int ktg_files_read(struct ktg_files *f, const char *folder, const char *prefix, struct ktg_err *err)
{
    return read_folder(f, folder, prefix, 1, err);
}

void ktg_files_done(struct ktg_files *f)
{
    ktg_arena_done(&f->arena);
    ktg_free(f->at);
    *f = (struct ktg_files)KTG_FILES_INIT;
}
