/* tests/fuzz/rules/fuzz_rules.c - any text as a rule file, over a small catalogue; what compiles answers a fixed timeline.
 *
 * A refusal has a message; an answer is the same when asked again, and its wake lies ahead.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/ruleset.h"
#include "schema/files.h"
#include "schema/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"_common", "border.crossing", "permit.status",
                                    "lodging.checkin", "sponsor.link"};
#define DOC "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"P1\"}"
#define EVENT(n, type, at, data)                                            \
    "{\"id\":\"00000000-0000-7000-8000-00000000000" n "\",\"type\":\"" type \
    "\",\"source\":\"IMI.A.1\",\"occurred_at\":\"" at "\",\"data\":{" DOC "," data "}}"
static const char *const lines[] = {
    EVENT("1", "border.crossing", "2026-03-01T09:00:00+07:00",
          "\"direction\":\"entry\",\"permitted_until\":\"2026-03-31\",\"visa_index\":\"B1\""),
    EVENT("2", "lodging.checkin", "2026-03-01T20:00:00+07:00", "\"property\":\"H1\""),
    EVENT("3", "permit.status", "2026-03-25T09:00:00+07:00",
          "\"action\":\"extended\",\"until\":\"2026-04-30\""),
    EVENT("4", "border.crossing", "2026-05-02T09:00:00+07:00", "\"direction\":\"exit\""),
    EVENT("5", "border.crossing", "2026-05-02T09:00:00+07:00", "\"direction\":\"entry\""),
};

static struct ktg_files catalogue;

static void answer(const struct ktg_ruleset *rs, struct ktg_arena *arena)
{
    struct ktg_entry entries[KTG_COUNT(lines)];
    struct ktg_event events[KTG_COUNT(lines)];
    struct ktg_buf blobs[KTG_COUNT(lines)];
    struct ktg_err err = KTG_ERR_INIT;
    memset(entries, 0, sizeof entries);
    memset(blobs, 0, sizeof blobs);
    for (size_t i = 0; i < KTG_COUNT(lines); i++) {
        int rc = ktg_json_decode(ktg_ruleset_catalogue(rs), ktg_bytes_str(lines[i]), &blobs[i],
                                 NULL, &err);
        if (!rc)
            rc = ktg_event_read(ktg_ruleset_catalogue(rs), ktg_buf_view(&blobs[i]), &events[i],
                                &err);
        if (rc)
            abort();
        entries[i].at = events[i].occurred_at;
        entries[i].pos = i + 1;
        entries[i].event = &events[i];
        entries[i].person = KTG_LIT("doc:UTO:P1");
        memcpy(entries[i].id + 1, events[i].id, 16);
    }
    struct ktg_timeline t = {.kind =
                                 ktg_catalogue_kind(ktg_ruleset_catalogue(rs), KTG_LIT("person")),
                             .subject = KTG_LIT("doc:UTO:P1"),
                             .entries = entries,
                             .count = KTG_COUNT(lines)};
    ktg_time now = events[4].occurred_at + KTG_DAY_MS;
    for (size_t i = 0; i < ktg_ruleset_count(rs); i++) {
        const struct ktg_finding *f[2];
        size_t count[2];
        ktg_time wake[2];
        int rc[2];
        for (int k = 0; k < 2; k++) {
            rc[k] = ktg_answer(rs, ktg_ruleset_rule(rs, i), &t, now, NULL, arena, &f[k], &count[k],
                               &wake[k]);
            assert(rc[k] == KTG_OK || rc[k] == KTG_EFULL);
        }
        assert(rc[0] == rc[1]);
        if (rc[0])
            continue;
        assert(count[0] == count[1] && wake[0] == wake[1] && wake[0] > now);
        for (size_t k = 0; k < count[0]; k++)
            assert(f[0][k].from <= now && f[0][k].from < f[0][k].until &&
                   ktg_bytes_eq(f[0][k].values, f[1][k].values));
    }
    for (size_t i = 0; i < KTG_COUNT(lines); i++)
        ktg_buf_done(&blobs[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (!catalogue.count)
        for (size_t i = 0; i < KTG_COUNT(types); i++) {
            char path[200], name[80];
            snprintf(path, sizeof path, "schema/events/%s.yaml", types[i]);
            snprintf(name, sizeof name, "events/%s.yaml", types[i]);
            if (ktg_files_read_one(&catalogue, path, name, &err))
                abort();
        }
    struct ktg_file files[KTG_COUNT(types) + 1];
    memcpy(files, catalogue.at, sizeof *files * catalogue.count);
    files[catalogue.count] =
        (struct ktg_file){.name = KTG_LIT("rules/fuzz.yaml"), .text = ktg_bytes(data, size)};
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    int rc = ktg_ruleset_compile(files, catalogue.count + 1, &rs, &notes, &err);
    assert((rc == KTG_OK) == (notes.errors == 0));
    assert(rc == KTG_OK || (rc == KTG_EINVALID && notes.text.size));
    if (!rc) {
        struct ktg_arena arena = KTG_ARENA_INIT;
        answer(rs, &arena);
        ktg_arena_done(&arena);
    }
    ktg_ruleset_free(rs);
    ktg_buf_done(&notes.text);
    return 0;
}
