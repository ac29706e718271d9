/* producers/simulate/story.h - a story as a table: who does what, on which day, and what a rule must say of it.
 *
 *     {IN, -40, 10, 1, .visa = "B1", .days = 30},            person 1 enters forty days before the live week, at ten
 *     {SAYS, -20, 9, 1, .from = "IMI.SANGGAU", .type = "sponsor.link", .text = "'action':'add', ..."},
 *     {FOUND, .who = 1, .rule = "sponsor-churn", .text = "why"},
 *
 * (1) Days are counted from the Monday on which the live week begins.
 * (2) A row with `last` is done by each of the persons who..last, `every` days after the one before; with `times` it is done so
 *     many times, `apart` days from one to the next.
 * (3) In texts ' stands for ", and $ begins what is filled in, ended by ; :
 *         $D; $D3;  document of the person of the row, or of person 3       $B; $B3;  whole holder block
 *         $S; $S3;  its surname and given name
 *         $I; $I3;  name, birth and sex as the kind biodata has them
 *         $+30; $-3;  date, so many days from the day of the row            $@90;     instant, so many minutes from it
 *         $k;  the how-manieth of the row's persons, from 0                 $r;       number of the telling, two digits
 * (4) A story told several times is told of other people each time, shifted by up to `spread` days and three hours; `times` is for a
 *     hundred percent of the ordinary population, and it is told at least once.
 *
 * Inside producers/simulate only.  Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_SIMULATE_STORY_H
#define KTG_PRODUCERS_SIMULATE_STORY_H

#include "producers/simulate/country.h"

enum deed {
    IN,      /* enters: post, visa, days granted; with..with_last are the companions declared */
    OUT,     /* leaves */
    BED,     /* takes a room: hotel, nights */
    WAKE,    /* leaves it */
    SETTLES, /* enters on a limited-stay index; permit after four days, civil registry after nine; text: of the permit */
    SAYS,    /* anything else: from, type; the holder block first unless `aside` or who is 0 */
    BORN,    /* text: the date */
    NAMED,   /* text: SURNAME/GIVEN */
    LIKE,    /* has name, birth and sex of person `days` */
    SHARES,  /* has the number of person `days`'s document */
    FOLLOWS, /* the document of person `days` is the one before; who writes this one down knows of both */
    HOLDS,   /* text: the kind of the document, or ISSUER */
    EXPIRES, /* the passport, on `day` */
    FOUND,   /* rule, state, text: why; subject: the person, or `subject` */
};

struct step {
    enum deed deed;
    int day, hour, who;
    int minute,
        told; /* exactly so many past the hour, 0: in its first minutes; hours until it is written down: SAYS */
    int last, every, times, apart;
    enum place post;
    const char *visa;
    int days;
    int with, with_last;
    int hotel, nights;
    const char *from, *type, *text;
    bool aside, misread, mistaken; /* mistaken: the rule is misled, nothing is wrong */
    const char *rule, *subject;
    enum ktg_simulate_state state;
};

struct story {
    const struct step *steps;
    size_t count;
    int times; /* 0: once */
    int spread;
};
#define STORY(steps)                  \
    {                                 \
        steps, KTG_COUNT(steps), 0, 0 \
    }
#define STORY_TIMES(steps, times, spread)      \
    {                                          \
        steps, KTG_COUNT(steps), times, spread \
    }

/* Chance is drawn from the streams of `kind`: no two families have the same. */
void tell_stories(struct country *c, uint64_t kind, const struct story *stories, size_t count);

#endif
