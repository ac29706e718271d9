/* tests/reference/replay_main.c - ktg_replay() as a filter, for the model that it is compared with.
 *
 *     replay_main RULES UNTIL BATCH recent|whole|short [LOCAL [LATER]] <events.ndjson >findings.ndjson
 *         short: of every timeline only the end is asked again where that is enough, however short it is
 *         LOCAL: lists and settings (local.yaml); LATER: those that take their place when all has come
 *     replay_main words <pairs of words >what each is worth: the points of one token against another, 0: not alike
 *     replay_main forms                                  the engine's own tables, which the model has to cover
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/replay.h"
#include "rules/names/names.h"
#include "rules/states/asof.h"
#include "schema/files.h"

static int line(void *arg, struct ktg_bytes *ret_line)
{
    static char *text;
    static size_t cap;
    (void)arg;
    ssize_t n = getline(&text, &cap, stdin);
    if (n < 0) {
        free(text); /* getline's own */
        text = NULL;
        return KTG_ENOTFOUND;
    }
    *ret_line = ktg_bytes(text, (size_t)n - (n > 0 && text[n - 1] == '\n'));
    return KTG_OK;
}

static int out(void *arg, const struct ktg_op *op)
{
    struct ktg_buf *b = arg;
    ktg_buf_clear(b);
    int rc = ktg_op_print(op, b);
    puts(ktg_buf_text(b));
    return rc;
}

static void complain(void *arg, size_t number, const char *text)
{
    (void)arg;
    fprintf(stderr, "line %zu: %s\n", number, text);
}

static int print_forms(void)
{
    for (size_t i = 0; ktg_form_at(i); i++)
        printf("form %s\n", ktg_form_at(i)->key);
    for (size_t i = 0; ktg_asof_form_at(i); i++) {
        const struct ktg_asof_form *f = ktg_asof_form_at(i);
        printf("state %s%s%s%s\n", f->name, f->key == KTG_KEY_MAY ? " KEY" : "",
               f->window ? " within" : "", f->intervals ? " until from past" : "");
    }
    return 0;
}

static int print_words(void)
{
    struct ktg_normaliser *n;
    struct ktg_arena arena = KTG_ARENA_INIT;
    char word[2][KTG_NAME_BYTES];
    int rc = ktg_normaliser_new(&n);
    while (!rc && scanf("%1023s %1023s", word[0], word[1]) == 2) {
        struct ktg_tokens name[2];
        struct ktg_likeness like;
        for (int i = 0; !rc && i < 2; i++) /* born the same day, so that one token is enough */
            rc = ktg_name_read(n,
                               &(struct ktg_name_text){ktg_bytes_str(word[i]), KTG_BYTES_NONE,
                                                       KTG_LIT("1970-01-01")},
                               &arena, &name[i]);
        if (!rc) {
            ktg_name_score(&name[0], &name[1], &like);
            printf("%d\n", name[0].count == 1 && name[1].count == 1 && like.count
                               ? like.pairs[0].points
                               : 0);
        }
        ktg_arena_reset(&arena);
    }
    ktg_arena_done(&arena);
    if (!rc)
        ktg_normaliser_free(n);
    return rc != 0;
}

static int bundle_of(const char *rules, const char *local, struct ktg_buf *to, struct ktg_err *err)
{
    struct ktg_files f = {.at = NULL};
    int rc = ktg_files_read(&f, KTG_SOURCE_DIR "/schema", "", err);
    if (!rc)
        rc = ktg_files_read_one(&f, rules, "rules/reference.yaml", err);
    if (!rc && local)
        rc = ktg_files_read_one(&f, local, "local.yaml", err);
    if (!rc)
        rc = ktg_bundle_encode(f.at, f.count, to);
    ktg_files_done(&f);
    return rc;
}

static struct ktg_buf later = KTG_BUF_INIT; /* the bundle that comes last; empty: none */

static int change(void *arg, struct ktg_engine *e)
{
    struct ktg_err err = KTG_ERR_INIT;
    (void)arg;
    int rc = later.size
                 ? ktg_engine_ruleset(e, ktg_engine_position(e) + 1, ktg_buf_view(&later), &err)
                 : KTG_OK;
    if (rc)
        fprintf(stderr, "%s\n", err.text);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "forms"))
        return print_forms();
    if (argc == 2 && !strcmp(argv[1], "words"))
        return print_words();
    struct ktg_buf bundle = KTG_BUF_INIT, text = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_replay_options o = {
        .arg = &text, .line = line, .out = out, .ask = change, .complain = complain};
    int unused;
    if (argc < 5 || argc > 7 ||
        ktg_instant_parse(ktg_bytes_str(argv[2]), true, &o.until, &unused)) {
        fprintf(stderr, "replay_main RULES UNTIL BATCH recent|whole|short [LOCAL [LATER]]\n");
        return 2;
    }
    o.batch = strtoul(argv[3], NULL, 10);
    o.answers = !strcmp(argv[4], "whole")   ? KTG_ANSWERS_WHOLE
                : !strcmp(argv[4], "short") ? KTG_ANSWERS_SHORT
                                            : KTG_ANSWERS_RECENT;
    int rc = bundle_of(argv[1], argc > 5 ? argv[5] : NULL, &bundle, &err);
    if (!rc && argc > 6)
        rc = bundle_of(argv[1], argv[6], &later, &err);
    if (!rc)
        rc = ktg_replay(ktg_buf_view(&bundle), &o, NULL, &err);
    if (rc)
        fprintf(stderr, "%s\n", err.text);
    ktg_buf_done(&bundle);
    ktg_buf_done(&text);
    ktg_buf_done(&later);
    return rc != 0;
}
