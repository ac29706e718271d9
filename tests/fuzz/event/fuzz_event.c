/* tests/fuzz/event/fuzz_event.c - strangers' events, against the shipped catalogue.
 *
 * What is taken at a glance, the three checks take; and the view is the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "schema/event.h"
#include "schema/files.h"

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
    struct ktg_bytes blob = ktg_bytes(data, size);
    struct ktg_event seen, read;
    struct ktg_err err = KTG_ERR_INIT;
    if (!ktg_event_glance(c, blob, &seen))
        return 0;
    must(!ktg_wire_check(blob, &KTG_WIRE_LIMITS, &err) && !ktg_event_read(c, blob, &read, &err) &&
         !ktg_event_check(c, &read, &err));
    must(seen.type == read.type && seen.id == read.id && seen.v == read.v &&
         seen.occurred_at == read.occurred_at && seen.offset_min == read.offset_min &&
         seen.supersedes == read.supersedes && seen.retracts == read.retracts);
    must(ktg_bytes_eq(seen.data, read.data) && ktg_bytes_eq(seen.source, read.source) &&
         ktg_bytes_eq(seen.agency, read.agency));
    return 0;
}
