/* tests/fuzz/rules/made.c - see made.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/fuzz/rules/made.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/json.h"

#define DEPTH_MOST 4

static uint32_t next(uint64_t *seed, uint32_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)((*seed >> 33) % below);
}

static void put_object(struct ktg_buf *to, const struct ktg_shape *shape, uint64_t *seed,
                       int depth);

static void put_code(struct ktg_buf *to, const struct ktg_field *f, uint64_t *seed)
{
    size_t n = 0;
    while (f->codes && f->codes[n])
        n++;
    if (n)
        ktg_json_put_text(to, ktg_bytes_str(f->codes[next(seed, (uint32_t)n)]));
    else if (f->code_list && f->code_list->count)
        ktg_json_put_text(
            to,
            ktg_bytes_str(f->code_list->entries[next(seed, f->code_list->count > 3 ? 3 : 1)].code));
    else
        ktg_buf_printf(to, "\"A%u\"", next(seed, 2) + 1);
}

static void put_one(struct ktg_buf *to, const struct ktg_field *f, uint64_t *seed, int depth)
{
    static const char *const numbers[] = {"0", "1", "2", "5", "30", "100000000"};
    switch (f->type) {
    case KTG_F_CODE:
        put_code(to, f, seed);
        break;
    case KTG_F_STRING:
    case KTG_F_TEXT:
        if (f->code_list || !strcmp(f->name, "issuer"))
            put_code(to, f, seed);
        else if (!strcmp(f->name, "lat") || !strcmp(f->name, "lon"))
            ktg_buf_printf(to, "\"%u.5\"", next(seed, 3));
        else
            ktg_buf_printf(to, "\"P%u\"", next(seed, 2) + 1);
        break;
    case KTG_F_PHONE:
        ktg_buf_printf(to, "\"+6200011122%u\"", next(seed, 2));
        break;
    case KTG_F_EMAIL:
        ktg_buf_printf(to, "\"p%u@example.org\"", next(seed, 2));
        break;
    case KTG_F_INT:
    case KTG_F_MONEY:
        ktg_buf_put_str(to, numbers[next(seed, KTG_COUNT(numbers))]);
        break;
    case KTG_F_BOOL:
        ktg_buf_put_str(to, next(seed, 2) ? "true" : "false");
        break;
    case KTG_F_DATE:
        ktg_buf_printf(to, "\"20%02u-0%u-1%u\"", 24 + next(seed, 4), next(seed, 9) + 1,
                       next(seed, 3));
        break;
    case KTG_F_INSTANT:
        ktg_buf_printf(to, "\"2026-03-%02uT09:00:00+07:00\"", next(seed, 28) + 1);
        break;
    case KTG_F_UUID:
        ktg_buf_printf(to, "\"00000000-0000-7000-8000-00000000000%u\"", next(seed, 9));
        break;
    case KTG_F_OBJECT:
        put_object(to, f->shape, seed, depth + 1);
        break;
    }
}

/* The required fields, and most of the others. */
static void put_object(struct ktg_buf *to, const struct ktg_shape *shape, uint64_t *seed, int depth)
{
    bool any = false;
    ktg_buf_put_u8(to, '{');
    for (size_t i = 0; shape && i < shape->count; i++) {
        const struct ktg_field *f = &shape->fields[i];
        if (!f->required && (depth == DEPTH_MOST || next(seed, 4) == 0))
            continue;
        ktg_buf_put_str(to, any ? "," : "");
        ktg_json_put_text(to, ktg_bytes_str(f->name));
        ktg_buf_put_str(to, f->list ? ":[" : ":");
        for (uint32_t n = f->list ? next(seed, 3) + 1 : 1; n > 0; n--) {
            put_one(to, f, seed, depth);
            ktg_buf_put_str(to, n > 1 ? "," : "");
        }
        ktg_buf_put_str(to, f->list ? "]" : "");
        any = true;
    }
    ktg_buf_put_u8(to, '}');
}

static struct ktg_bytes made(const struct ktg_catalogue *c, const struct ktg_type *type,
                             unsigned number, uint64_t *seed)
{
    static struct ktg_arena kept;
    struct ktg_buf line = KTG_BUF_INIT, blob = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_buf_printf(&line,
                   "{\"id\":\"00000000-0000-7000-8000-%012x\",\"type\":\"%s\",\"source\":"
                   "\"IMI.A.%u\",\"occurred_at\":\"2026-03-%02uT%02u:00:00+07:00\",\"data\":",
                   number + 1, type->name, number % 2, next(seed, 28) + 1, next(seed, 24));
    put_object(&line, type->data, seed, 0);
    ktg_buf_put_u8(&line, '}');
    if (ktg_json_decode(c, ktg_buf_view(&line), &blob, NULL, &err)) {
        fprintf(stderr, "%s: %s\n%.*s\n", type->name, err.text, (int)line.size, line.data);
        abort();
    }
    struct ktg_bytes view =
        ktg_bytes(ktg_arena_strndup(&kept, (const char *)blob.data, blob.size), blob.size);
    ktg_buf_done(&line);
    ktg_buf_done(&blob);
    return view;
}

const struct ktg_bytes *made_events(const struct ktg_catalogue *c)
{
    static struct ktg_bytes *all;
    size_t n = ktg_catalogue_type_count(c) * MADE_PER_TYPE;
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    if (all)
        return all;
    all = ktg_calloc(n, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        const struct ktg_type *type = ktg_catalogue_type_at(c, (int)(i / MADE_PER_TYPE));
        all[i] = made(c, type, (unsigned)i, &seed);
    }
    return all;
}
