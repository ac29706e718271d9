/* cmd/shipped.c - see shipped.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/shipped.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/command.h"

/* Areas of a bundle, and where a text belongs that stands in none of them. */
enum area { EVENTS, CODES, RULES, LISTS, AREAS };
static const char *const areas[AREAS] = {"events/", "codes/", "rules/", "lists/"};

static bool starts(struct ktg_bytes name, const char *prefix)
{
    size_t n = strlen(prefix);
    return name.size >= n && memcmp(name.data, prefix, n) == 0;
}

static bool has_area(struct ktg_bytes name)
{
    for (size_t i = 0; i < AREAS; i++)
        if (starts(name, areas[i]))
            return true;
    return ktg_bytes_is(name, "settings.yaml") || ktg_bytes_is(name, "local.yaml");
}

static bool holds(const struct ktg_files *files, struct ktg_bytes name)
{
    for (size_t i = 0; i < files->count; i++)
        if (ktg_bytes_eq(files->at[i].name, name))
            return true;
    return false;
}

static bool holds_area(const struct ktg_files *files, enum area area)
{
    for (size_t i = 0; i < files->count; i++)
        if (starts(files->at[i].name, areas[area]))
            return true;
    return false;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What lies at `path`, a file or a folder; texts that stand in no area go to `home`. */
static int take(struct ktg_files *files, const char *path, const char *home, struct ktg_err *err)
{
    struct ktg_files found = KTG_FILES_INIT;
    struct stat st;
    char name[1200];
    int rc;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        rc = ktg_files_read(&found, path, "", err);
        if (!rc && found.count == 0)
            rc = ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_NO_TEXTS], path, NULL, NULL);
    } else {
        rc = ktg_files_read_one(&found, path, base_of(path), err);
    }
    for (size_t i = 0; !rc && i < found.count; i++) {
        struct ktg_bytes n = found.at[i].name;
        if (ktg_bytes_is(n, KTG_SHIPPED_RATES))
            continue; /* no rule */
        snprintf(name, sizeof name, "%s%.*s",
                 has_area(n)                     ? ""
                 : ktg_bytes_is(n, "lists.yaml") ? areas[LISTS]
                                                 : home,
                 (int)n.size, (const char *)n.data);
        rc = ktg_files_put_as(files, name, &found.at[i], err);
    }
    ktg_files_done(&found);
    return rc;
}

bool ktg_shipped_are_replaced(const struct ktg_shipped_choice *choice)
{
    struct ktg_files files = KTG_FILES_INIT;
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < choice->rule_count; i++)
        rc = take(&files, choice->rules[i], areas[RULES], NULL);
    bool are = rc || holds_area(&files, RULES);
    ktg_files_done(&files);
    return are;
}

int ktg_shipped_gather(const struct ktg_shipped_choice *choice, struct ktg_files *files,
                       struct ktg_err *err)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < choice->rule_count; i++)
        rc = take(files, choice->rules[i], areas[RULES], err);
    if (!rc && choice->schema)
        rc = take(files, choice->schema, areas[EVENTS], err);
    if (!rc && choice->lists)
        rc = take(files, choice->lists, areas[LISTS], err);
    if (!rc && choice->settings)
        rc = ktg_files_read_one(files, choice->settings, "settings.yaml", err);
    bool own_rules = holds_area(files, RULES), own_lists = holds_area(files, LISTS);
    for (size_t i = 0; !rc && i < ktg_shipped_count; i++) {
        struct ktg_bytes name = ktg_shipped[i].name;
        char text[256];
        if ((own_rules && starts(name, areas[RULES])) ||
            (own_lists && starts(name, areas[LISTS])) || !has_area(name) || holds(files, name))
            continue;
        snprintf(text, sizeof text, "%.*s", (int)name.size, (const char *)name.data);
        rc = ktg_files_put(files, text, ktg_shipped[i].text, err);
    }
    return rc;
}

int ktg_shipped_catalogue(const struct ktg_file *files, size_t count, struct ktg_catalogue **ret_c,
                          struct ktg_err *err)
{
    struct ktg_file *of_schema = ktg_calloc(count + 1, sizeof *of_schema);
    size_t n = 0;
    if (!of_schema)
        return KTG_ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (starts(files[i].name, areas[EVENTS]) || starts(files[i].name, areas[CODES]))
            of_schema[n++] = files[i];
    int rc = ktg_catalogue_load(of_schema, n, ret_c, err);
    ktg_free(of_schema);
    return rc;
}
