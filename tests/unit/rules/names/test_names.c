/* tests/unit/rules/names/test_names.c - writings to tokens, and what pairs of names are worth.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/names/names.h"
#include "tests/support/cmocka.h"

struct world {
    struct ktg_normaliser *n;
    struct ktg_arena arena;
};

static int open_world(void **state)
{
    static struct world w;
    w = (struct world){0};
    *state = &w;
    return ktg_normaliser_new(&w.n);
}
static int close_world(void **state)
{
    struct world *w = *state;
    ktg_arena_done(&w->arena);
    w->n = ktg_normaliser_free(w->n);
    return 0;
}

/* "SURNAME, GIVEN; 1974-08-12; UTO" */
static struct ktg_tokens read(struct world *w, const char *text)
{
    struct ktg_tokens n;
    size_t comma = strcspn(text, ",;"), semi = strcspn(text, ";");
    struct ktg_name_text t = {.surname = ktg_bytes(text, comma)};
    if (comma < semi)
        t.given = ktg_bytes(text + comma + 1, semi - comma - 1);
    const char *born = text[semi] ? text + semi + 2 : "";
    t.born = ktg_bytes(born, strlen(born) < 10 ? strlen(born) : 10);
    assert_int_equal(ktg_name_read(w->n, &t, &w->arena, &n), KTG_OK);
    if (strlen(born) == 15)
        n.issuers[0] = ktg_issuer_pack(ktg_bytes(born + 12, 3));
    return n;
}

static void test_name__becomes_tokens(void **state)
{
    static const struct {
        const char *text, *tokens;
    } rows[] = {
        {"ERIKSSON, ANNA MARIA", "eriksson/erikson anna/ana maria/mara"},
        {"ERIKSSON<<ANNA<MARIA<<<", "eriksson/erikson anna/ana maria/mara"},
        {"Soekarnopoetri", "soekarnopoetri/sukarnoputri"},
        {"Sukarnoputri", "sukarnoputri/sukarnoputri"},
        {"Abdoellah, bin Moh.", "abdoellah/abdula moh/muhamad"},
        {"ABDULRAHMAN", "abdul/abdul rahman/rahman"},
        {"O'Neil, J.", "oneil/onail j/j"},
        {"van der Berg", "berg/berg"},
        {"van der", "van/fan der/der"}, /* nothing else is left */
        {"M\xc3\xbcller, \xc3\x98ystein", "muller/muler oystein/oistain"},
        {"\xd0\xa9\xd1\x83\xd0\xba\xd0\xb8\xd0\xbd, \xd0\xae\xd1\x80\xd0\xb8\xd0\xb9",
         "shchukin/sukin yuriy/uri"}, /* Shchukin, Yuriy */
        {"\xe5\xbc\xa0\xe6\x99\x93\xe6\x98\x8e", "zhang/sang xiao/ksao ming/ming"},
        {"\xd9\x85\xd8\xad\xd9\x85\xd8\xaf",
         "mhmd/muhamad"}, /* consonants alone: a row of the table */
        {"12345 --", ""},
        {"", ""},
    };
    struct world *w = *state;
    int wrong = 0;
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        struct ktg_tokens n = read(w, rows[i].text);
        char got[256] = "";
        for (size_t k = 0; k < n.count; k++) {
            size_t at = strlen(got);
            snprintf(got + at, sizeof got - at, "%s%s/%s", k ? " " : "", n.tokens[k]->text,
                     n.tokens[k]->fold);
        }
        if (strcmp(got, rows[i].tokens) != 0) {
            print_error("%s: %s, not %s\n", rows[i].text, got, rows[i].tokens);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void test_score__tells_this_story(void **state)
{
    static const struct {
        const char *person, *entry;
        int points;
    } rows[] = {
        {"ERIKSSON, ANNA MARIA; 1974-08-12", "ERIKSSON, ANNA MARIA; 1974-08-12", 100},
        {"ERIKSSON, ANNA MARIA; 1974-08-12", "ERIKSON, ANNA MARIA; 1974-08-12", 98},
        {"ERIKSSON, ANNA MARIA; 1994-08-12", "ERIKSON, ANNA MARIA; 1974-08-12", 0},
        {"ANNA MARIA, ERIKSSON; 1974-08-12", "ERIKSSON, ANNA MARIA; 1974-12-08", 97}, /* swapped */
        {"ERIKSSON, ANNA; 1974-08-12", "ERIKSSON, ANNA MARIA; 1975-08-13", 91},       /* 366 days */
        {"ERIKSSON, ANNA; 1974-08-12", "ERIKSSON, ANNA MARIA; 1975-08-14", 0},        /* 367 */
        {"ERIKSSON, ANNA; 1974-08-12", "ERIKSSON, ANNA; 1974-<<-<<", 95},
        {"ERIKSSON, ANNA; 1974-08-12", "ERIKSSON, ANNA",
         84}, /* nothing speaks for it: to look at */
        {"ERIKSSON, ANNA; <<<<-<<-<<; UTO", "ERIKSSON, ANNA; 1974-08-12; UTO", 95},
        {"ERIKSSON, ANNA; <<<<-<<-<<; UTO", "ERIKSSON, ANNA; 1974-08-12; XXA", 84},
        {"ERIKSSON, ANNA; 1994-08-12; UTO", "ERIKSSON, ANNA; 1974-08-12; UTO", 0},
        {"SUHARTO; 1950-03-04", "SOEHARTO; 1950-03-04",
         95}, /* one word: the day must be the same */
        {"SUHARTO; 1950-03-04", "SOEHARTO; 1950-04-03", 0},
        {"SUHARTO; 1950-03-04", "SOEHARTO", 0},
        {"SMITH, JOHN; 1980-01-02", "SMITH, J; 1980-01-02", 98},
        {"SMITH, JOHN; 1980-01-02", "SMITH, J; 1980-02-01", 0}, /* one full token is too little */
        {"SMITH, JOHN; 1980-01-02", "SMITH, K; 1980-01-02", 73},
        {"ZHANG, XIAOMING; 1985-05-05", "CHANG, HSIAO MING; 1985-05-05", 96},
        {"ZHANG, XIAO MING; 1985-05-05", "\xe5\xbc\xa0\xe6\x99\x93\xe6\x98\x8e; 1985-05-05", 100},
        {"MUHAMMAD, ALI RAHMAN; 1990-01-01", "MOHD, ALY RACHMAN; 1990-01-01", 95},
        {"MUHAMMAD, ALI BIN RAHMAN; 1990-01-01", "RAHMAN, MUHAMMAD; 1990-01-01", 96},
        {"SHCHUKIN, DMITRII; 1970-01-01", "SCHUKIN, DMITRIJ; 1970-01-01", 95},
        {"BUDIANTO, SLAMET; 1970-01-01", "BUDIYANTO, SLAMET; 1970-01-01", 98},
        {"LI, NA; 1990-01-01", "LU, NA; 1990-01-01", 0}, /* short tokens have no slips */
        {"WAHYUDI, RATNA; 1988-01-01", "SETIAWAN, HENDRA; 1988-01-01", 0},
        {"", "ERIKSSON, ANNA; 1974-08-12", 0},
    };
    struct world *w = *state;
    int wrong = 0;
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        struct ktg_tokens p = read(w, rows[i].person), e = read(w, rows[i].entry);
        struct ktg_likeness s;
        int got = ktg_name_score(&p, &e, &s);
        if (got != rows[i].points)
            print_error("%s / %s: %d, not %d\n", rows[i].person, rows[i].entry, got,
                        rows[i].points);
        wrong += got != rows[i].points;
        assert_int_equal(got, s.points);
    }
    assert_int_equal(wrong, 0);
}

static void test_score__explains_itself_token_by_token(void **state)
{
    struct world *w = *state;
    struct ktg_tokens p = read(w, "ERIKSSON, ANNA MARIE J; 1974-08-12"),
                      e = read(w, "ERIKSON, ANNE; 1974-12-08");
    struct ktg_likeness s;
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_name_score(&p, &e, &s);
    ktg_score_explain(&s, &p, &e, &b);
    assert_string_equal(ktg_buf_text(&b),
                        "eriksson~erikson 95 (spelling); anna without a partner in the entry; "
                        "marie without a partner in the entry; j without a partner in the entry; "
                        "anne without a partner in the person's name; "
                        "names 0; day and month of birth swapped; 0");
    ktg_buf_clear(&b);
    e = read(w, "ERIKSON, JANNE MARIA ANNA; 1974-12-08");
    ktg_name_score(&p, &e, &s);
    ktg_score_explain(&s, &p, &e, &b);
    assert_string_equal(ktg_buf_text(&b), "anna=anna 100 (same); eriksson~erikson 95 (spelling); "
                                          "marie~maria 95 (spelling); j~janne 90 (initial); "
                                          "names 96; day and month of birth swapped; 93");
    ktg_buf_done(&b);
}

static const char *const writings[] = {
#define VARIANT(word, list) word " " list,
#include "rules/names/variants.def"
#undef VARIANT
};

static void test_tables__name_each_writing_once(void **state)
{
    (void)state;
    char seen[1024][KTG_NAME_LETTERS];
    size_t count = 0;
    for (size_t i = 0; i < KTG_COUNT(writings); i++)
        for (const char *p = writings[i]; *p;) {
            size_t size = strcspn(p, " ");
            assert_true(size < KTG_NAME_LETTERS && count < KTG_COUNT(seen));
            memcpy(seen[count], p, size);
            seen[count][size] = 0;
            for (size_t k = 0; k < count; k++)
                if (!strcmp(seen[k], seen[count]))
                    fail_msg("'%s' stands twice", seen[count]);
            count++;
            p += size + (p[size] == ' ');
        }
    assert_true(count > 300);
}

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + 1;
    return (uint32_t)(*state >> 33) % n;
}

/* Folds of few letters, so that alike ones are met often. */
static void random_fold(uint64_t *state, struct ktg_token *t)
{
    size_t size = 1 + random_below(state, 12);
    for (size_t i = 0; i < size; i++)
        t->fold[i] = (char)('a' + random_below(state, 3));
    t->fold_size = (uint8_t)size;
}

static void edit_fold(uint64_t *state, struct ktg_token *t)
{
    for (uint32_t times = random_below(state, 3); times-- > 0;) {
        size_t at = random_below(state, t->fold_size), n = t->fold_size;
        char c = t->fold[at];
        switch (random_below(state, 4)) {
        case 0:
            t->fold[at] = (char)('a' + random_below(state, 3));
            break;
        case 1:
            if (n > 1) {
                memmove(t->fold + at, t->fold + at + 1, n - at - 1);
                t->fold_size--;
            }
            break;
        case 2:
            memmove(t->fold + at + 1, t->fold + at, n - at);
            t->fold_size++;
            break;
        default:
            if (at + 1 < n) {
                t->fold[at] = t->fold[at + 1];
                t->fold[at + 1] = c;
            }
        }
    }
}

static void test_deletes__alike_folds_share_a_key(void **state)
{
    uint64_t seed = 7, a_keys[KTG_NAME_DELETES], b_keys[KTG_NAME_DELETES];
    size_t alike = 0;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct ktg_token a = {0}, b;
        random_fold(&seed, &a);
        b = a;
        edit_fold(&seed, &b);
        int slips = ktg_fold_slips(a.fold, a.fold_size, b.fold, b.fold_size);
        assert_int_equal(slips, ktg_fold_slips(b.fold, b.fold_size, a.fold, a.fold_size));
        if (slips < 0)
            continue;
        alike++;
        size_t na = ktg_fold_deletes(a.fold, a.fold_size, a_keys),
               nb = ktg_fold_deletes(b.fold, b.fold_size, b_keys);
        bool met = false;
        for (size_t x = 0; x < na; x++)
            for (size_t y = 0; y < nb; y++)
                met |= a_keys[x] == b_keys[y];
        if (!met)
            fail_msg("%.*s and %.*s are %d apart and share no key", a.fold_size, a.fold,
                     b.fold_size, b.fold, slips);
    }
    assert_true(alike > 50000);
}

/* Few words, so that much is alike: writings, slips, parts of one another, initials. */
static size_t random_words(uint64_t *seed, const char **words)
{
    static const char *const pool[] = {"SUKARNO",
                                       "SOEKARNO",
                                       "SUKARNA",
                                       "ABDUL",
                                       "RAHMAN",
                                       "ABDULRAHMAN",
                                       "ERIKSSON",
                                       "ERIKSEN",
                                       "J",
                                       "JOHN",
                                       "MUHAMMAD",
                                       "MOHAMED",
                                       "XIAO",
                                       "MING",
                                       "XIAOMING",
                                       "BUDIANTO",
                                       "BUDIYANTO",
                                       "S",
                                       "KUSUMAWARDANI",
                                       "KUSOEMAWARDHANI",
                                       "KUSUMAWARDINA"};
    size_t n = 1 + random_below(seed, 4);
    for (size_t i = 0; i < n; i++)
        words[i] = pool[random_below(seed, KTG_COUNT(pool))];
    return n;
}

static struct ktg_tokens name_of(struct world *w, const char *const *words, size_t n,
                                 const char *born)
{
    char text[200] = "";
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", words[i]);
    snprintf(text + strlen(text), sizeof text - strlen(text), "; %s", born);
    return read(w, text);
}

static void shuffle(uint64_t *seed, const char **words, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = random_below(seed, (uint32_t)i);
        const char *word = words[i - 1];
        words[i - 1] = words[k];
        words[k] = word;
    }
}

/* Whoever is compared with whom; a name with itself, however its words are put; dates that agree less and less. */
static void test_score__keeps_its_promises_for_any_names(void **state)
{
    static const char *const born[] = {"1970-02-03", "1970-03-02", "1970-12-31",
                                       "1971-02-04", "1971-02-05", "1990-02-03"};
    struct world *w = *state;
    uint64_t seed = 5;
    size_t alike = 0;
    for (int i = 0; i < 3000; i++) {
        const char *a[4], *b[4];
        size_t an = random_words(&seed, a), bn = random_words(&seed, b);
        struct ktg_tokens p = name_of(w, a, an, born[0]);
        int before = 100;
        for (size_t d = 0; d < KTG_COUNT(born); d++) {
            struct ktg_tokens e = name_of(w, b, bn, born[d]);
            int points = ktg_name_score(&p, &e, NULL);
            if (points != ktg_name_score(&e, &p, NULL))
                fail_msg("round %d: %d, and %d the other way round", i, points,
                         ktg_name_score(&e, &p, NULL));
            assert_true(points == 0 || (points >= KTG_SCORE_LEAST && points <= 100));
            assert_true(points <= before);
            assert_true(d < 4 || points == 0); /* more than 366 days */
            before = points;
            alike += points > 0;
        }
        shuffle(&seed, a, an);
        struct ktg_tokens self = name_of(w, a, an, born[0]);
        if (p.full)
            assert_int_equal(ktg_name_score(&p, &self, NULL), 100);
        ktg_arena_reset(&w->arena);
    }
    assert_true(alike > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_name__becomes_tokens, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_score__tells_this_story, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_score__keeps_its_promises_for_any_names, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(test_score__explains_itself_token_by_token, open_world,
                                        close_world),
        cmocka_unit_test(test_tables__name_each_writing_once),
        cmocka_unit_test(test_deletes__alike_folds_share_a_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
