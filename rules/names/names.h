/* rules/names/names.h - a name as tokens, and how alike two names are.
 *
 *     surname, given ──┐              ┌─ particles passed over          bin al van
 *     name_native ─────┴─> Latin ─> tokens ─ initials                   J
 *                   (ICU, letters)    └─ full tokens, each with a fold  soekarno ~ sukarno
 *
 *     score(person, entry): 0..100      full tokens paired whatever their order, then what the dates of birth say
 *
 * (1) Integers only; what counts how much is one table with a version (score.c), writings are tables (*.def).
 * (2) A score above 0 needs two pairs of full tokens that are alike, or one such pair and the same full date of birth;
 *     and dates of birth that do not contradict each other.  The index (index.h) rests on that sentence.
 * (3) Alike: equal folds; or, from four letters on, folds one slip apart; from eight letters on, two (a slip is a letter
 *     more, less, other, or two that changed places).
 * (4) Letters outside of ASCII go through ICU, so their tokens belong to a version of ICU (ktg_names_version).
 * (5) What this room takes from a name are letters: no nationality, no religion, no language is guessed or kept.
 * Pure, but for the normaliser's own memory.  Floor 2; depends on runtime/ and ICU only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_NAMES_NAMES_H
#define KTG_RULES_NAMES_NAMES_H

#include "runtime/buf.h"
#include "runtime/civil.h"
#include "runtime/mem.h"

enum {
    KTG_NAME_TOKENS = 10,  /* full tokens and initials of one name; the rest is cut */
    KTG_NAME_ISSUERS = 16, /* of one variant; the rest is cut */
    KTG_NAME_LETTERS = 24, /* of one token; the rest is cut */
    KTG_NAME_BYTES = 1024, /* of one writing; the rest is cut */
    KTG_NAME_DELETES = 40, /* at most so many keys of one fold */
    KTG_SCORE_LEAST = 60,  /* scores below are told as 0; rules may ask for no less */
    KTG_SCORE_REVIEW =
        84, /* most that a name is worth when no date of birth and no issuer speaks for it */
    KTG_NAMES_VERSION = 1, /* of tables and constants */
};

struct ktg_token {
    uint8_t size, fold_size;
    bool initial; /* one letter */
    bool common;  /* see words.def */
    char text[KTG_NAME_LETTERS], fold[KTG_NAME_LETTERS];
};

/* A date of birth with parts that may be unknown (0). */
struct ktg_birth {
    int16_t year;
    int8_t month, day;
};

struct ktg_tokens {
    size_t count, full; /* tokens, and how many of them are no initials */
    const struct ktg_token *tokens[KTG_NAME_TOKENS];
    const struct ktg_token
        *joins[KTG_NAME_TOKENS]; /* [i]: full tokens i and i + 1 as one, or NULL */
    struct ktg_birth born;
    uint32_t issuers[KTG_NAME_ISSUERS]; /* of documents: three letters each; 0 ends them */
};

/* As the fields of an event give it. */
struct ktg_name_text {
    struct ktg_bytes surname, given; /* or one of them alone; any order of tokens */
    struct ktg_bytes born;           /* "1974-08-12", unknown parts as <<; or empty */
};

struct ktg_normaliser;
/* Opens ICU only when the first letter outside of ASCII comes. */
KTG_MUST_CHECK int ktg_normaliser_new(struct ktg_normaliser **ret_n);
struct ktg_normaliser *ktg_normaliser_free(struct ktg_normaliser *n);

/* Tokens in the arena.  A name without a letter has no tokens.  KTG_ENOMEM; KTG_ECORRUPT: ICU has no transliterator. */
KTG_MUST_CHECK int ktg_name_read(struct ktg_normaliser *n, const struct ktg_name_text *t,
                                 struct ktg_arena *a, struct ktg_tokens *ret_name);
/* One word of a-z as a token (tests, joins). */
void ktg_token_make(const struct ktg_normaliser *n, const char *letters, size_t size,
                    struct ktg_token *ret_t);
struct ktg_birth ktg_birth_read(struct ktg_bytes text); /* zeroes for what cannot be read */
uint32_t ktg_issuer_pack(struct ktg_bytes code);        /* 0: not three letters or fewer */
/* Of ICU and of the tables: names read under another version are read again. */
uint32_t ktg_names_version(void);

/* ---- alike.c */
/* Slips between two folds when they are alike (0, 1, 2), else -1. */
int ktg_fold_slips(const char *a, size_t a_size, const char *b, size_t b_size);
/* The fold of two neighbouring tokens written as one: "xiao" "ming"; in the arena's or caller's room. */
void ktg_token_join(const struct ktg_normaliser *n, const struct ktg_token *a,
                    const struct ktg_token *b, struct ktg_token *ret_t);
/* Keys such that alike folds share one: hashes of the fold and of what is left of its beginning after up to two
 * letters are left out.  Returns their number.  Stable for ever: they lie in states. */
size_t ktg_fold_deletes(const char *fold, size_t size, uint64_t keys[KTG_NAME_DELETES]);
uint64_t ktg_fold_hash(const char *fold, size_t size); /* stable for ever */

/* ---- score.c */
enum ktg_pair_how {
    KTG_PAIR_SAME,
    KTG_PAIR_SPELLING, /* equal folds, or writings of one name */
    KTG_PAIR_JOINED,   /* two tokens of one side are one of the other */
    KTG_PAIR_SLIP,     /* one slip */
    KTG_PAIR_SLIPS,    /* two */
    KTG_PAIR_INITIAL,
};
struct ktg_pair {
    uint8_t person, entry;   /* tokens */
    uint8_t person2, entry2; /* joined with the next: its number; else equal to the first */
    uint8_t how, points;
};
enum ktg_born_how {
    KTG_BORN_SAME,
    KTG_BORN_SWAPPED, /* day and month */
    KTG_BORN_NEAR,    /* within a year */
    KTG_BORN_PARTLY,  /* what is known agrees */
    KTG_BORN_ISSUER,  /* one is unknown, a document of an issuer that the entry names */
    KTG_BORN_UNKNOWN,
    KTG_BORN_OTHER, /* contradict: no match */
};
struct ktg_likeness {
    int points; /* 0, or KTG_SCORE_LEAST..100 */
    int names;  /* of the tokens alone */
    int extra;  /* full tokens of the longer name that found no partner */
    int lone;   /* initials that found none although there was something to find */
    enum ktg_born_how born;
    size_t count;
    struct ktg_pair pairs[KTG_NAME_TOKENS];
};
/* The points; *ret_score (may be NULL) says how they came about. */
int ktg_name_score(const struct ktg_tokens *person, const struct ktg_tokens *entry,
                   struct ktg_likeness *ret_score);
/* "eriksson~erikson 95 (spelling); anna=anna 100; ...; born the same day; 98" */
void ktg_score_explain(const struct ktg_likeness *s, const struct ktg_tokens *person,
                       const struct ktg_tokens *entry, struct ktg_buf *to);
enum ktg_born_how ktg_birth_compare(struct ktg_birth a, struct ktg_birth b);

#endif
