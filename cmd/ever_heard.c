/* cmd/ever_heard.c - the picture and the numbered invariants are in ever_heard.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/ever_heard.h"

#include <stdio.h>
#include <string.h>

#include "brokers/correlation/checkpoint.h"
#include "brokers/ingest/roll.h"
#include "rules/engine/engine.h"
#include "rules/engine/heard.h"

enum { PATH = 1024 };

/* Does what was answered up to the mark lie in this journal? */
static bool agrees(const char *journal, const struct ktg_checkpoint_mark *m)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_hash chain;
    uint8_t id[16];
    if (!m->position || m->engine != KTG_ENGINE_VERSION ||
        ktg_journal_reader_open(journal, NULL, &r, NULL))
        return false;
    ktg_journal_reader_id(r, id);
    bool does = memcmp(id, m->journal, sizeof id) == 0 &&
                !ktg_journal_reader_chain_at(r, m->position, &chain, NULL) &&
                memcmp(chain.b, m->chain.b, sizeof chain.b) == 0;
    ktg_journal_reader_close(r);
    return does;
}

/* The position up to which the state answers, 0: it does not; *ret_heard is its answer. */
static uint64_t ask_state(const char *data, const char *journal, uint64_t map_size,
                          const char *source, bool *ret_heard)
{
    char path[PATH];
    struct ktg_checkpoint *c = NULL;
    struct ktg_checkpoint_mark mark = {0};
    struct ktg_state *state = NULL;
    struct ktg_heard *heard = NULL;
    snprintf(path, sizeof path, "%s/state", data);
    bool is = !ktg_checkpoint_look(path, map_size, &c, NULL) &&
              !ktg_checkpoint_mark(c, &mark, NULL) && agrees(journal, &mark) &&
              !ktg_state_new(ktg_checkpoint_records(c), &state) && !ktg_heard_new(state, &heard);
    if (is)
        *ret_heard = ktg_heard_runs(heard, ktg_bytes_str(source)) != NULL;
    ktg_heard_free(heard);
    ktg_state_free(state);
    ktg_checkpoint_close(c);
    return is ? mark.position : 0;
}

int ktg_ever_heard(const char *data, int64_t map_size, const char *source, bool *ret_heard,
                   struct ktg_err *err)
{
    char journal[PATH];
    bool heard = false;
    snprintf(journal, sizeof journal, "%s/journal", data);
    uint64_t upto = ask_state(data, journal, (uint64_t)map_size, source, &heard);
    int rc = heard ? KTG_OK : ktg_roll_look_for(journal, upto, ktg_bytes_str(source), &heard, err);
    if (!rc)
        *ret_heard = heard;
    return rc;
}
