/* producers/simulate/planted_marriages.c - stories on marriage.  Tables as story.h says.
 *
 * A single sign is common in genuine marriages (the look-alikes have them); these have two or more, from two agencies.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_MARRIAGES 10000

#define ACT(day, who_, act, nik, members)                                                  \
    {                                                                                      \
        SAYS, day, 10, who_,                                                               \
            .from = "KUA.SANGGAU", .type = "marriage.registered", .aside = true,           \
            .text = "'act_no':'" act                                                       \
                    "','date':'$+0;','foreigner':$B;,'citizen':{'nik':'00000400000000" nik \
                    "','district':'6105'}" members                                         \
    }

/* Three weeks after the first arrival, a week before the permit ends. */
static const struct step in_haste[] = {
    {IN, -34, 9, 1, .visa = "B1", .days = 30},
    {BED, -34, 15, 1, .hotel = 0, .nights = 9},
    ACT(-13, 1, "AKTA-9001", "01", ""),
    {SAYS, -8, 10, 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITK','until':'$+60;'"},
    {FOUND, .who = 1, .rule = "sham-marriage-lead",
     .text = "married soon after arrival and just before the permit ended"},
};

/* Three couples who do not know each other, the same witness, the same hall, each within two months of the arrival. */
#define RING(day, who_, act, nik) \
    ACT(day, who_, act, nik,      \
        ",'keys':['witness:0000050000000001','venue:GEDUNG-09','phone:+62000555031']")
static const struct step a_ring[] = {
    {IN, -62, 9, 1, .last = 3, .every = 1, .visa = "C1", .days = 60},
    {BED, -62, 15, 1, .last = 3, .every = 1, .hotel = 2, .nights = 9},
    RING(-14, 1, "AKTA-9011", "11"),
    RING(-12, 2, "AKTA-9012", "12"),
    RING(-9, 3, "AKTA-9013", "13"),
    {SAYS, -5, 10, 1, .last = 3, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITK','until':'$+60;'"},
    {FOUND, .who = 1, .last = 3, .rule = "sham-marriage-lead",
     .text = "one of three couples with the same witness and hall"},
};

/* One citizen, three marriages in three years, the last to somebody just arrived. */
static const struct step one_citizen[] = {
    {BORN, 0, 0, 1, .last = 3, .text = "1990-02-1$k;"}, /* of age, long ago too */
    {IN, -900, 9, 1, .visa = "C1", .days = 60},
    {BED, -900, 15, 1, .hotel = 0, .nights = 9},
    ACT(-880, 1, "AKTA-9021", "21", ",'children':1"),
    {OUT, -850, 9, 1, .post = ENTIKONG},
    {SAYS, -600, 9, 0, .from = "PA.SANGGAU", .type = "divorce.registered",
     .text = "'decree_no':'PA-9021','date':'$+0;','kind':'divorce','act_no':'AKTA-9021','foreigner'"
             ":$B1;,'citizen':{'nik':'0000040000000021'}"},
    {IN, -500, 9, 2, .visa = "C1", .days = 60},
    {BED, -500, 15, 2, .hotel = 0, .nights = 9},
    ACT(-480, 2, "AKTA-9022", "21", ",'children':1"),
    {OUT, -455, 9, 2, .post = ENTIKONG},
    {SAYS, -200, 9, 0, .from = "PA.SANGGAU", .type = "divorce.registered",
     .text = "'decree_no':'PA-9022','date':'$+0;','kind':'divorce','act_no':'AKTA-9022','foreigner'"
             ":$B2;,'citizen':{'nik':'0000040000000021'}"},
    {IN, -16, 9, 3, .visa = "C1", .days = 60},
    {BED, -16, 15, 3, .hotel = 3, .nights = 9},
    ACT(-2, 3, "AKTA-9023", "21", ""),
    {FOUND, .who = 3, .rule = "sham-marriage-lead",
     .text = "the third foreigner whom one citizen married, a fortnight after arrival"},
};

/* A permit as a spouse, then a divorce; the other is a divorce with violence, which protects and accuses nobody. */
static const struct step once_it_is_safe[] = {
    {IN, -190, 9, 1, .last = 2, .every = 1, .visa = "C1", .days = 60},
    {BED, -190, 15, 1, .last = 2, .every = 1, .hotel = 4, .nights = 9},
    ACT(-175, 1, "AKTA-9031", "31", ""),
    ACT(-174, 2, "AKTA-9032", "32", ""),
    {SAYS, -160, 10, 1, .last = 2, .every = 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'converted','class':'ITAS','basis_index':'E31A','family_link':'spouse','"
             "until':'$+365;'"},
    {SAYS, -155, 10, 1, .last = 2, .every = 1, .from = "DUK.SANGGAU", .type = "address.report",
     .text = "'kind':'SKTT','address':'SANGGAU-KTR-9$k;'"},
    {SAYS, 1, 11, 1, .from = "PA.SANGGAU", .type = "divorce.registered", .aside = true,
     .text = "'decree_no':'PA-9031','date':'$+0;','kind':'divorce','act_no':'AKTA-9031','foreigner'"
             ":$B;,'citizen':{'nik':'0000040000000031'}"},
    {SAYS, 2, 11, 2, .from = "PA.SANGGAU", .type = "divorce.registered", .aside = true,
     .text = "'decree_no':'PA-9032','date':'$+0;','kind':'divorce','act_no':'AKTA-9032','foreigner'"
             ":$B;,'citizen':{'nik':'0000040000000032'},'violence':true"},
    {FOUND, .who = 1, .rule = "sham-marriage-lead",
     .text = "divorced five months after the permit"},
    {FOUND, .who = 2, .rule = "divorce-violence",
     .text = "divorced, and the court speaks of violence"},
};

void plant_marriages(struct country *c)
{
    static const struct story stories[] = {STORY(in_haste), STORY(a_ring), STORY(one_citizen),
                                           STORY(once_it_is_safe)};
    tell_stories(c, SEED_MARRIAGES, stories, KTG_COUNT(stories));
}
