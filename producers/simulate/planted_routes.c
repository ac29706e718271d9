/* producers/simulate/planted_routes.c - stories on trafficking and smuggling.  Tables as story.h says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_ROUTES 11000

/* Five people in one house for two months, the firm pays, one telephone sends all their passports. */
static const struct step in_debt[] = {
    {SETTLES, -98, 9, 1, .last = 5, .every = 9, .visa = "E33G"},
    {SAYS, -97, 10, 1, .last = 5, .every = 9, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'company','id':'0000019000031'},'relation':'employer'"},
    {BED, -97, 15, 1, .last = 5, .every = 9, .hotel = 5, .nights = 10,
     .text = "'payer':'0000019000031','device':'DEV-$r;-901'"},
    {FOUND, .subject = "0000019000031", .rule = "debt-lodging",
     .text = "five people, two months in one house that their sponsor pays"},
};

static const struct step other_purpose[] = {
    {SAYS, -30, 10, 1, .last = 3, .every = 9, .from = "KLN.KUCHING", .type = "visa.application",
     .text =
         "'app_no':'V-9$r;$k;','status':'approved','visa_index':'C2','declared_purpose':'business',"
         "'sponsor':{'kind':'company','id':'0000019000032'}"},
    {IN, -22, 9, 1, .last = 3, .every = 9, .visa = "C2", .days = 60,
     .text = "'declared_purpose':'tourism'"},
    {BED, -22, 15, 1, .last = 3, .every = 9, .hotel = 9, .nights = 9},
    {FOUND, .subject = "0000019000032", .rule = "declared-job-mismatch",
     .text = "three visas for business, three cards for tourism"},
};

/* In with two others, alone out the next day; three times, always others. */
#define TRIP(day, first, second)                                                   \
    {IN, day, 9, 1, .visa = "D2", .days = 60, .with = first, .with_last = second}, \
        {IN, day, 9, first, .last = second, .visa = "B1"},                         \
        {BED, day, 16, 1, .hotel = 3, .nights = 1},                                \
        {BED, day, 16, first, .last = second, .hotel = 3, .nights = 8},            \
        {OUT, day + 1, 14, 1, .post = ENTIKONG},                                   \
    {                                                                              \
        OUT, day + 9, 10, first, .last = second                                    \
    }
static const struct step brings_and_leaves[] = {
    TRIP(-60, 2, 3),
    TRIP(-35, 4, 5),
    TRIP(-5, 6, 7),
    {FOUND, .who = 1, .rule = "escort",
     .text = "brought three pairs across, and went back alone each time"},
};

/* By air, to the coast the same day, gone when the permit ended. */
static const struct step to_the_coast[] = {
    {IN, -37, 11, 1, .last = 3, .every = 1, .post = SUPADIO, .visa = "B1", .days = 30},
    {BED, -37, 19, 1, .last = 3, .every = 1, .hotel = 12, .nights = 3,
     .text = "'booker_phone':'+62000555041'"},
    {FOUND, .subject = "+62000555041", .rule = "funnel",
     .text = "three by air to the coast, none seen to leave"},
    {FOUND, .who = 1, .last = 3, .rule = "overstay-fee",
     .text = "went to the coast and was not seen to leave"},
};

static const struct step the_same_again[] = {
    {IN, -62, 9, 1, .visa = "C6", .days = 60},
    {BED, -62, 15, 1, .hotel = 9, .nights = 9},
    {SAYS, -61, 10, 1, .from = "IMI.SAMBAS", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'company','id':'0000019000033'},'relation':'employer'"},
    {SAYS, -40, 10, 1, .from = "POL.SAMBAS", .type = "case.reference",
     .text = "'case_no':'LP-9101','kind':'victim','stage':'closed','hit':true,'desk':'PPA'"},
    {OUT, -30, 12, 1, .post = ENTIKONG},
    {IN, -2, 9, 1, .visa = "C6", .days = 60},
    {BED, -2, 15, 1, .hotel = 9, .nights = 9},
    {SAYS, 1, 10, 1, .from = "IMI.SAMBAS", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'company','id':'0000019000033'},'relation':'employer'"},
    {FOUND, .who = 1, .rule = "victim-recurrence",
     .text = "a victim comes again to the same sponsor"},
};

static const struct step young_people[] = {
    {BORN, 0, 0, 1, .last = 4, .text = "2006-05-1$k;"},
    {IN, 1, 10, 1, .last = 4, .post = SUPADIO, .visa = "B1", .text = "'flight':'UT705'"},
    {BED, 1, 19, 1, .last = 4, .hotel = 10, .nights = 9, .text = "'booker_phone':'+62000555042'"},
    {FOUND, .subject = "+62000555042", .rule = "youth-group-same-sponsor",
     .state = KTG_SIMULATE_CLOSED, .text = "four young people, one flight, one telephone"},
};

void plant_routes(struct country *c)
{
    static const struct story stories[] = {
        STORY(in_debt),      STORY(other_purpose),  STORY(brings_and_leaves),
        STORY(to_the_coast), STORY(the_same_again), STORY(young_people),
    };
    tell_stories(c, SEED_ROUTES, stories, KTG_COUNT(stories));
}
