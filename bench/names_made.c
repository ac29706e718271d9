/* bench/names_made.c - see names_made.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/names_made.h"

#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const indonesian[] = {
    "su",  "har", "to",  "wi",  "ja",  "ya",  "bu",  "di",  "san", "to", "so",   "ra",
    "tri", "no",  "yo",  "dar", "ma",  "wan", "ka",  "pra", "wo",  "ti", "ning", "rum",
    "nu",  "gro", "ho",  "ri",  "ye",  "ni",  "kar", "ta",  "sas", "mi", "ha",   "ndo",
    "ko",  "lis", "tya", "an",  "gra", "eni", "put", "ut",  "mo"};
static const char *const cyrillic[] = {
    "iva",  "pet", "sid", "kuz",  "nets", "mor", "oz",  "vol", "kov", "ale", "xan",  "dr",
    "niko", "la",  "mi",  "khai", "se",   "rge", "gor", "bun", "tch", "zhu", "shch", "yur",
    "fed",  "or",  "or",  "bel",  "och",  "ren", "ko",  "kal", "ash", "nik", "gu",   "sev"};
static const char *const western[] = {"an",   "der", "son", "ma",   "ri",  "el",  "ber",  "to",
                                      "li",   "na",  "er",  "ik",   "hen", "ry",  "ja",   "mes",
                                      "wil",  "li",  "am",  "cla",  "ra",  "mo",  "ni",   "que",
                                      "fer",  "nan", "dez", "gar",  "ci",  "a",   "thom", "pe",
                                      "ters", "ros", "si",  "bian", "chi", "dub", "ois",  "lan"};
static const char *const pinyin[] = {"ming", "xiao", "hua",  "li",    "jun",  "wei", "yan",  "fang",
                                     "hong", "jie",  "lei",  "qiang", "na",   "min", "jing", "ying",
                                     "tao",  "chao", "ping", "gang",  "gui",  "xiu", "zhi",  "guo",
                                     "jian", "yu",   "dong", "mei",   "ling", "bo",  "peng", "hui",
                                     "xin",  "bin",  "long", "cheng", "feng", "rui", "hao",  "nan"};
static const char *const chinese[] = {
    "wang",  "li",    "zhang", "liu",  "chen", "yang", "huang", "zhao",  "wu",  "zhou",
    "xu",    "sun",   "ma",    "zhu",  "hu",   "guo",  "he",    "lin",   "gao", "luo",
    "zheng", "liang", "xie",   "song", "tang", "deng", "han",   "feng",  "cao", "peng",
    "zeng",  "xiao",  "tian",  "dong", "pan",  "yuan", "cai",   "jiang", "yu",  "du"};
static const char *const arabic[] = {
    "muhammad", "ahmad",  "ali",      "abdullah", "hasan",   "husain", "yusuf", "ibrahim", "umar",
    "usman",    "khalid", "sulaiman", "ismail",   "fatimah", "aisyah", "nur",   "said",    "jamal",
    "hamid",    "mahmud", "mustafa",  "zainal",   "nasir",   "faisal", "salim", "saleh",   "karim",
    "rashid",   "taufik", "maryam",   "zahra",    "tariq",   "bilal",  "anwar", "walid",   "farid",
    "majid",    "rahman", "rahim",    "samir",    "kamal",   "munir",  "rafiq", "latif",   "basyir",
    "hakim",    "aziz",   "qadir",    "wahid",    "ghani"};
static const char *const arabic_parts[] = {"ab",  "sa",   "ha",  "kar", "mu",  "nas",  "ri",  "fa",
                                           "ja",  "lil",  "shu", "aib", "mar", "wan",  "qa",  "sim",
                                           "zu",  "bair", "tha", "bit", "yas", "in",   "dau", "wud",
                                           "har", "un",   "is",  "haq", "lu",  "qman", "um",  "ra"};
static const char *const endings[] = {"ov", "ev",  "in",  "sky", "enko",
                                      "uk", "ova", "eva", "ina", "yan"};

uint64_t ktg_made_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
    return (size_t)(ktg_made_random(state) % n);
}

/* A place in a list of n, the first ones far more often. */
static size_t common(uint64_t *state, size_t n)
{
    uint64_t u =
        ktg_made_random(state) >> 44; /* 20 bits; of a short list squared, of a long one cubed */
    return n < 1000 ? (size_t)(u * u * n >> 40) : (size_t)((u * u >> 20) * u * n >> 40);
}

static void put(char *to, size_t size, const char *word, int gap)
{
    size_t n = strlen(to);
    snprintf(to + n, size - n, "%s%s", n && gap ? " " : "", word);
}

/* One of `many` words out of syllables; a word always looks the same. */
static void syllables(uint64_t *state, const char *const *list, size_t n, size_t many, char *to,
                      size_t size, int gap)
{
    uint64_t word = common(state, many) * UINT64_C(0x9e3779b97f4a7c15) + n;
    size_t parts = 2 + below(&word, 2);
    for (size_t i = 0; i < parts; i++)
        put(to, size, list[below(&word, n)], gap && !i);
}

static void make_born(uint64_t *state, struct ktg_made_name *n)
{
    size_t how = below(state, 100);
    int year = 1940 + (int)below(state, 68), month = 1 + (int)below(state, 12),
        day = 1 + (int)below(state, 28);
    if (how < 4)
        snprintf(n->born, sizeof n->born, "%04d-<<-<<", year);
    else if (how < 6)
        n->born[0] = 0;
    else if (how < 10)
        snprintf(n->born, sizeof n->born, "%04d-01-01", year);
    else
        snprintf(n->born, sizeof n->born, "%04d-%02d-%02d", year, month, day);
}

static void arabic_word(uint64_t *state, char *to, size_t size)
{
    if (below(state, 2))
        put(to, size, arabic[common(state, COUNT(arabic))], 1);
    else
        syllables(state, arabic_parts, COUNT(arabic_parts), 10000, to, size, 1);
}

void ktg_made_name(uint64_t *state, struct ktg_made_name *n)
{
    size_t kind = below(state, 10);
    memset(n, 0, sizeof *n);
    if (kind < 3) { /* Indonesian: often one word */
        syllables(state, indonesian, COUNT(indonesian), 20000, n->surname, sizeof n->surname, 1);
        for (size_t i = below(state, 4); i-- > 0;)
            if (below(state, 4) == 0)
                arabic_word(state, n->given, sizeof n->given);
            else
                syllables(state, indonesian, COUNT(indonesian), 20000, n->given, sizeof n->given,
                          1);
    } else if (kind < 5) {
        arabic_word(state, n->surname, sizeof n->surname);
        for (size_t i = 1 + below(state, 3); i-- > 0;) {
            if (below(state, 4) == 0)
                put(n->given, sizeof n->given, below(state, 2) ? "bin" : "abdul", 1);
            arabic_word(state, n->given, sizeof n->given);
        }
    } else if (kind < 7) {
        put(n->surname, sizeof n->surname, chinese[common(state, COUNT(chinese))], 1);
        put(n->given, sizeof n->given, pinyin[common(state, COUNT(pinyin))], 1);
        if (below(state, 4))
            put(n->given, sizeof n->given, pinyin[below(state, COUNT(pinyin))],
                (int)below(state, 2));
    } else if (kind < 8) {
        syllables(state, cyrillic, COUNT(cyrillic), 60000, n->surname, sizeof n->surname, 1);
        put(n->surname, sizeof n->surname, endings[below(state, COUNT(endings))], 0);
        syllables(state, cyrillic, COUNT(cyrillic), 300, n->given, sizeof n->given, 1);
        if (below(state, 2))
            syllables(state, cyrillic, COUNT(cyrillic), 300, n->given, sizeof n->given, 1);
    } else {
        syllables(state, western, COUNT(western), 80000, n->surname, sizeof n->surname, 1);
        for (size_t i = 1 + below(state, 2); i-- > 0;)
            syllables(state, western, COUNT(western), 2000, n->given, sizeof n->given, 1);
    }
    make_born(state, n);
}

/* ---- distortions ---- */

static void slip(uint64_t *state, char *text, size_t size)
{
    size_t n = strlen(text), at = n ? below(state, n) : 0;
    char letter = (char)('a' + below(state, 26));
    if (!n || text[at] == ' ')
        return;
    switch (below(state, 4)) {
    case 0:
        text[at] = letter;
        break;
    case 1:
        memmove(text + at, text + at + 1, n - at);
        break;
    case 2:
        if (n + 2 < size) {
            memmove(text + at + 1, text + at, n - at + 1);
            text[at] = letter;
        }
        break;
    default:
        if (at + 1 < n && text[at + 1] != ' ') {
            letter = text[at];
            text[at] = text[at + 1];
            text[at + 1] = letter;
        }
    }
}

static void rewrite(char *text, size_t size)
{
    static const char *const rows[][2] = {
        {"muhammad", "mohd"}, {"u", "oe"},  {"j", "dj"}, {"husain", "hoessein"},
        {"kh", "ch"},         {"sy", "sh"}, {"x", "hs"}, {"y", "j"},
        {"i", "ie"}};
    for (size_t r = 0; r < COUNT(rows); r++) {
        char *at = strstr(text, rows[r][0]);
        size_t from = strlen(rows[r][0]), to = strlen(rows[r][1]);
        if (!at || strlen(text) + to - from + 1 > size)
            continue;
        memmove(at + to, at + from, strlen(at + from) + 1);
        memcpy(at, rows[r][1], to);
        return;
    }
}

static void distort_born(uint64_t *state, struct ktg_made_name *n)
{
    int y, m, d;
    if (sscanf(n->born, "%d-%d-%d", &y, &m, &d) != 3)
        return;
    switch (below(state, 8)) {
    case 0:
        if (d <= 12)
            snprintf(n->born, sizeof n->born, "%04d-%02d-%02d", y % 10000, d % 100, m % 100);
        break;
    case 1:
        snprintf(n->born, sizeof n->born, "%04d-%02d-%02d", (y + 1) % 10000, m % 100, d % 100);
        break;
    case 2:
        snprintf(n->born, sizeof n->born, "%04d-<<-<<", (y - (int)below(state, 2)) % 10000);
        break;
    case 3:
        n->born[0] = 0;
        break;
    default:
        break;
    }
}

void ktg_made_distort(uint64_t *state, struct ktg_made_name *n)
{
    char *gap;
    for (size_t times = 1 + below(state, 2); times-- > 0;)
        switch (below(state, 7)) {
        case 0:
            slip(state, n->surname, sizeof n->surname);
            break;
        case 1:
            slip(state, n->given, sizeof n->given);
            break;
        case 2:
            rewrite(below(state, 2) ? n->surname : n->given, sizeof n->surname);
            break;
        case 3: { /* the other order */
            struct ktg_made_name was = *n;
            snprintf(n->surname, sizeof n->surname, "%.63s", was.given);
            snprintf(n->given, sizeof n->given, "%s", was.surname);
            break;
        }
        case 4: /* written as one */
            if ((gap = strchr(n->given, ' ')))
                memmove(gap, gap + 1, strlen(gap));
            break;
        case 5: /* a token left out, or an initial */
            if ((gap = strchr(n->given, ' ')) && gap > n->given)
                memmove(n->given + below(state, 2), gap, strlen(gap) + 1);
            break;
        default:
            distort_born(state, n);
        }
}
