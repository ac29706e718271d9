/* rules/bundle.c - a bundle of named texts as one canonical wire value, {NAME: text, ...}, and back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/ruleset.h"

enum { MAX_FILES = 4096, MAX_BYTES = 64 << 20 };

static int by_name(const void *a, const void *b)
{
    return ktg_bytes_cmp((*(const struct ktg_file *const *)a)->name,
                         (*(const struct ktg_file *const *)b)->name);
}

int ktg_bundle_encode(const struct ktg_file *files, size_t count, struct ktg_buf *to)
{
    if (count > MAX_FILES)
        return KTG_EFULL;
    const struct ktg_file **sorted = ktg_calloc(count, sizeof *sorted);
    if (!sorted)
        return KTG_ENOMEM;
    int rc = KTG_OK;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &files[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    ktg_wire_put_map(to, (uint32_t)count);
    for (size_t i = 0; i < count && !rc; i++) {
        if (i > 0 && ktg_bytes_eq(sorted[i - 1]->name, sorted[i]->name))
            rc = KTG_EINVALID;
        ktg_wire_put_str(to, sorted[i]->name);
        ktg_wire_put_bin(to, sorted[i]->text); /* as it stands, whatever it holds */
    }
    ktg_free(sorted);
    return rc ? rc : ktg_buf_check(to);
}

int ktg_bundle_decode(struct ktg_bytes bytes, struct ktg_arena *arena,
                      const struct ktg_file **ret_files, size_t *ret_count, struct ktg_err *err)
{
    struct ktg_wire_limits limits = {MAX_BYTES, 2 * MAX_FILES + 1, 2, MAX_BYTES};
    struct ktg_wire w = ktg_wire_open(bytes);
    struct ktg_wire_value map, key, text;
    int rc = ktg_wire_check(bytes, &limits, err);
    if (rc)
        return ktg_err_wrap(err, rc, "bundle");
    if (ktg_wire_next(&w, &map) || map.kind != KTG_WIRE_MAP)
        return ktg_err_set(err, KTG_EINVALID, "bundle: no map of texts");
    struct ktg_file *files = ktg_arena_zalloc(arena, sizeof *files * (map.count + 1));
    if (!files)
        return ktg_err_set(err, KTG_ENOMEM, "bundle: out of memory");
    struct ktg_wire in = ktg_wire_inside(&map);
    for (uint32_t i = 0; i < map.count; i++) {
        if (ktg_wire_next(&in, &key) || ktg_wire_next(&in, &text) || text.kind != KTG_WIRE_BIN)
            return ktg_err_set(err, KTG_EINVALID, "bundle: file %u is no text", i);
        files[i] = (struct ktg_file){.name = key.bytes, .text = text.bytes};
    }
    *ret_files = files;
    *ret_count = map.count;
    return KTG_OK;
}
