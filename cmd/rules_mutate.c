/* cmd/rules_mutate.c - see rules_mutate.h.
 *
 *     the plan ── next case ──> worker threads, one per core ── verdict, count ──> main thread: progress, then the rows
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/rules_mutate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/progress.h"
#include "rules/testing/mutation.h"

enum { THREADS_MOST = 64 };

struct crowd {
    struct ktg_mutation *plan;
    _Atomic size_t next;
    _Atomic int code;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t done, working; /* under the lock */
};

static void *work(void *arg)
{
    struct crowd *c = arg;
    struct ktg_mutation_worker w;
    int rc = ktg_mutation_worker_init(&w, c->plan);
    for (size_t i; !rc && !c->code && (i = atomic_fetch_add(&c->next, 1)) < c->plan->count;) {
        struct ktg_mutation_case *x = &c->plan->cases[i];
        rc = ktg_mutation_try(&w, x, &x->verdict);
        pthread_mutex_lock(&c->lock);
        c->done++;
        pthread_cond_signal(&c->changed);
        pthread_mutex_unlock(&c->lock);
    }
    if (rc)
        c->code = rc;
    ktg_mutation_worker_done(&w);
    pthread_mutex_lock(&c->lock);
    c->working--;
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static int try_all(struct ktg_call *call, struct ktg_mutation *plan)
{
    struct crowd c = {.plan = plan};
    struct ktg_progress progress;
    pthread_t threads[THREADS_MOST];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t want = cores > 1 ? (size_t)cores : 1, started = 0;
    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.changed, NULL);
    ktg_progress_begin(&progress, call->out, (struct ktg_label){"mutants", "mutan"}, plan->count);
    pthread_mutex_lock(&c.lock);
    for (; started < want && started < THREADS_MOST; started++) {
        if (pthread_create(&threads[started], NULL, work, &c))
            break;
        c.working++;
    }
    while (c.working) {
        pthread_cond_wait(&c.changed, &c.lock);
        ktg_progress_at(&progress, c.done);
    }
    pthread_mutex_unlock(&c.lock);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    ktg_progress_end(&progress);
    pthread_cond_destroy(&c.changed);
    pthread_mutex_destroy(&c.lock);
    return !started ? ktg_err_set(&call->err, KTG_EIO, "no thread can be started")
           : c.code ? ktg_err_set(&call->err, c.code, "rules test: no memory for the mutants")
                    : KTG_OK;
}

static const char *const verdict_words[] = {
    [KTG_MUTANT_UNTRIED] = "untried",     [KTG_MUTANT_REFUSED] = "refused",
    [KTG_MUTANT_NOTICED] = "noticed",     [KTG_MUTANT_ALIVE] = "ALIVE",
    [KTG_MUTANT_EXPLAINED] = "explained", [KTG_MUTANT_STALE] = "STALE"};

static void show(struct ktg_call *call, const struct ktg_mutation_case *x)
{
    char line[24];
    int unused;
    struct ktg_buf before = KTG_BUF_INIT, after = KTG_BUF_INIT;
    snprintf(line, sizeof line, "%d", x->mutant.line);
    ktg_buf_put_bytes(&before, x->mutant.before);
    ktg_buf_put_bytes(&after, x->mutant.after);
    const char *file = ktg_rule_file(x->rule, &unused);
    ktg_output_row(call->out, (const char *const[]){
                                  verdict_words[x->verdict], ktg_rule_name(x->rule), x->mutant.name,
                                  file, line, ktg_buf_text(&before), ktg_buf_text(&after)});
    if (call->out->table && x->verdict == KTG_MUTANT_ALIVE)
        fprintf(call->out->messages, "%s:%d: %s: no test notices\n  - %s\n  + %s\n", file,
                x->mutant.line, ktg_rule_name(x->rule), ktg_buf_text(&before),
                ktg_buf_text(&after));
    ktg_buf_done(&before);
    ktg_buf_done(&after);
}

/* Reasons given for mutants that there are none of. */
static size_t show_nameless(struct ktg_call *call, const struct ktg_mutation *plan)
{
    const struct ktg_survivor *s;
    const struct ktg_rule *rule;
    size_t n = 0;
    for (; (s = ktg_mutation_nameless(plan, n, &rule)); n++) {
        char line[24];
        int unused;
        snprintf(line, sizeof line, "%d", s->line);
        ktg_output_row(call->out,
                       (const char *const[]){"STALE", ktg_rule_name(rule), s->mutation,
                                             ktg_rule_file(rule, &unused), line, NULL, NULL});
    }
    return n;
}

static void show_all(struct ktg_call *call, const struct ktg_mutation *plan)
{
    static const struct ktg_column columns[] = {
        {.key = "verdict", .title = {"VERDICT", "HASIL"}, .kind = KTG_CELL_LEVEL},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "mutation", .title = {"MUTATION", "MUTASI"}},
        {.key = "file", .title = {"FILE", "BERKAS"}},
        {.key = "line", .title = {"LINE", "BARIS"}, .kind = KTG_CELL_NUMBER},
        {.key = "before", .title = {"BEFORE", "SEBELUM"}, .json_only = true},
        {.key = "after", .title = {"AFTER", "SESUDAH"}, .json_only = true},
    };
    size_t counts[KTG_COUNT(verdict_words)] = {0};
    ktg_output_table(call->out, columns, KTG_COUNT(columns));
    for (size_t i = 0; i < plan->count; i++) {
        enum ktg_mutation_verdict v = plan->cases[i].verdict;
        counts[v]++;
        if (v >= KTG_MUTANT_ALIVE)
            show(call, &plan->cases[i]);
    }
    counts[KTG_MUTANT_STALE] += show_nameless(call, plan);
    ktg_output_end(call->out);
    ktg_output_say(call->out,
                   "%zu mutants: %zu noticed, %zu alive, %zu explained, %zu explanations stale; "
                   "%zu were no rules",
                   "%zu mutan: %zu ketahuan, %zu hidup, %zu dijelaskan, %zu penjelasan usang; %zu "
                   "bukan aturan lagi",
                   plan->count, counts[KTG_MUTANT_NOTICED], counts[KTG_MUTANT_ALIVE],
                   counts[KTG_MUTANT_EXPLAINED], counts[KTG_MUTANT_STALE],
                   counts[KTG_MUTANT_REFUSED]);
    call->negative = counts[KTG_MUTANT_ALIVE] || counts[KTG_MUTANT_STALE];
}

int ktg_rules_mutate(struct ktg_call *call, const struct ktg_files *files,
                     const struct ktg_ruleset *rs, struct ktg_bytes rule)
{
    struct ktg_mutation plan = {.files = NULL};
    int rc = ktg_mutation_plan(files->at, files->count, rs, rule, &plan, &call->err);
    if (!rc)
        rc = try_all(call, &plan);
    if (!rc)
        show_all(call, &plan);
    ktg_mutation_done(&plan);
    return rc;
}
