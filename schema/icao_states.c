/* schema/icao_states.c - writes the code list icao-states from the iso-codes package, while building.
 *
 *   ktg-icao-states iso_3166-1.json iso_3166-1.mo > icao-states.yaml
 *
 * The second file, a GNU gettext catalogue, has the Indonesian names; where it or a name in it is
 * missing, the English one stands in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "runtime/bytes.h"
#include "runtime/mem.h"

static struct ktg_bytes read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return KTG_BYTES_NONE;
    enum { LARGEST = 4 << 20 };
    uint8_t *data = ktg_alloc(LARGEST);
    size_t size = data ? fread(data, 1, LARGEST, f) : 0;
    fclose(f);
    return ktg_bytes(data, size);
}

/* Layout: magic, revision, count, offset of originals, offset of translations; tables of {length,
 * offset} (GNU gettext manual, "The Format of GNU MO Files").  NULL when there is none. */
static const char *translate(struct ktg_bytes mo, const char *text)
{
    if (mo.size < 20 || ktg_get_le32(mo.data) != 0x950412de)
        return NULL;
    uint32_t count = ktg_get_le32(mo.data + 8), from = ktg_get_le32(mo.data + 12),
             to = ktg_get_le32(mo.data + 16);
    if ((uint64_t)from + 8 * (uint64_t)count > mo.size ||
        (uint64_t)to + 8 * (uint64_t)count > mo.size)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = ktg_get_le32(mo.data + from + 8 * i),
                 at = ktg_get_le32(mo.data + from + 8 * i + 4);
        uint32_t size2 = ktg_get_le32(mo.data + to + 8 * i),
                 at2 = ktg_get_le32(mo.data + to + 8 * i + 4);
        if ((uint64_t)at + size >= mo.size || (uint64_t)at2 + size2 >= mo.size ||
            mo.data[at2 + size2] != 0)
            return NULL;
        if (size2 && ktg_bytes_is(ktg_bytes(mo.data + at, size), text))
            return (const char *)mo.data + at2;
    }
    return NULL;
}

static void put_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

int main(int argc, char **argv)
{
    json_error_t problem;
    json_t *root = argc > 1 ? json_load_file(argv[1], JSON_REJECT_DUPLICATES, &problem) : NULL;
    json_t *states = json_object_get(root, "3166-1");
    if (!json_is_array(states) || json_array_size(states) == 0) {
        fprintf(stderr, "icao-states: no list of states in %s: install iso-codes\n",
                argc > 1 ? argv[1] : "(no file)");
        return 1;
    }
    struct ktg_bytes mo = argc > 2 ? read_whole(argv[2]) : KTG_BYTES_NONE;
    puts("# Made from the iso-codes package while building: ISO 3166-1 alpha-3.\n"
         "# SPDX-License-Identifier: Apache-2.0\n"
         "codes: icao-states\n"
         "title: {id: Kode negara ICAO 9303, en: ICAO 9303 state codes}\n"
         "entries:");
    size_t i;
    json_t *state;
    json_array_foreach(states, i, state)
    {
        const char *code = json_string_value(json_object_get(state, "alpha_3"));
        const char *en = json_string_value(json_object_get(state, "common_name"));
        const char *name = json_string_value(json_object_get(state, "name"));
        if (!code || !name)
            continue;
        if (!en)
            en = name;
        const char *id = translate(mo, en);
        printf("  - {code: %s, id: ", code);
        put_quoted(id ? id : en);
        printf(", en: ");
        put_quoted(en);
        puts("}");
    }
    json_decref(root);
    ktg_free((void *)(uintptr_t)mo.data);
    return fflush(stdout) ? 1 : 0;
}
