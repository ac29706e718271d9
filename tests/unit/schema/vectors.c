/* tests/unit/schema/vectors.c - see vectors.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/schema/vectors.h"

#include <stdio.h>
#include <stdlib.h>

struct ktg_catalogue *vectors_catalogue(void)
{
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_catalogue *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_files_read(&f, KTG_SCHEMA_DIR, "", &err) ||
        ktg_catalogue_load(f.at, f.count, &c, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    ktg_files_done(&f); /* the catalogue keeps what it needs */
    return c;
}

json_t *vectors_load(const char *name)
{
    char path[1024];
    json_error_t problem;
    snprintf(path, sizeof path, "%s/tests/vectors/%s", KTG_SOURCE_DIR, name);
    json_t *rows = json_load_file(path, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_array(rows) || json_array_size(rows) == 0) {
        fprintf(stderr, "%s: %s\n", path, problem.text);
        abort();
    }
    return rows;
}

const char *vectors_text(json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    if (!text) {
        fprintf(stderr, "a vector without %s\n", key);
        abort();
    }
    return text;
}
