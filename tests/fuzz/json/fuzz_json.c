/* tests/fuzz/json/fuzz_json.c - strangers' event lines, against the shipped catalogue.
 *
 * A line that is taken gives canonical bytes; written as JSON and read again it gives the same; check, subjects and
 * ties survive whatever it holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "schema/files.h"
#include "schema/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static const struct ktg_catalogue *catalogue(void)
{
    static struct ktg_catalogue *c; /* once for all inputs */
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    if (!c && (ktg_files_read(&f, KTG_SCHEMA_DIR, "", &err) ||
               ktg_catalogue_load(f.at, f.count, &c, &err))) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    ktg_files_done(&f);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ktg_catalogue *c = catalogue();
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf blob = KTG_BUF_INIT, line = KTG_BUF_INIT, again = KTG_BUF_INIT;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_event e;
    const struct ktg_subject *s;
    const struct ktg_tie *t;
    size_t count;
    if (ktg_json_decode(c, ktg_bytes(data, size), &blob, NULL, &err) == KTG_OK) {
        must(ktg_wire_check(ktg_buf_view(&blob), &KTG_WIRE_LIMITS, &err) == KTG_OK);
        must(ktg_event_read(c, ktg_buf_view(&blob), &e, &err) == KTG_OK);
        (void)!ktg_event_check(c, &e, &err);
        must(ktg_event_subjects(c, &e, &arena, &s, &count) == KTG_OK);
        must(ktg_event_ties(c, &e, &arena, &t, &count) == KTG_OK);
        must(ktg_json_encode(&e, NULL, &line) == KTG_OK);
        must(ktg_json_decode(c, ktg_buf_view(&line), &again, NULL, &err) == KTG_OK);
        must(ktg_bytes_eq(ktg_buf_view(&blob), ktg_buf_view(&again)));
    } else {
        must(err.fault != NULL);
    }
    ktg_arena_done(&arena);
    ktg_buf_done(&blob);
    ktg_buf_done(&line);
    ktg_buf_done(&again);
    return 0;
}
