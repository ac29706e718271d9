/* producers/simulate/lookalikes_moving.c - look-alikes of the patterns on stay, movement and documents: the guards of DOMAIN.md
 * section 4, A, B and G, that lookalikes.c and people.c do not hold.
 *
 * Tables as story.h says.  A second state is not made up for anybody: the other passport of a person who lawfully has two is a
 * laissez-passer of the United Nations.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_MOVING 13000

/* ---- two passports ---- */

/* Comes on one passport, and another time on the other. */
static const struct step two_passports[] = {
    {LIKE, .who = 2, .days = 1},
    {HOLDS, .who = 2, .text = "UNO"},
    {IN, -60, 9, 1, .visa = "B1"},
    {BED, -60, 15, 1, .hotel = 1, .nights = 6},
    {OUT, -54, 12, 1, .post = ENTIKONG},
    {IN, -30, 9, 2, .visa = "B1"},
    {BED, -30, 15, 2, .hotel = 1, .nights = 6},
    {OUT, -24, 12, 2, .post = ENTIKONG},
};

/* In on one and out on the other: the officer at the way out finds the stamp in the first and writes both down. */
static const struct step in_on_one_out_on_the_other[] = {
    {LIKE, .who = 2, .days = 1},
    {HOLDS, .who = 2, .text = "UNO"},
    {FOLLOWS, .who = 2, .days = 1},
    {IN, -40, 9, 1, .visa = "B1"},
    {BED, -40, 15, 1, .hotel = 2, .nights = 7},
    {OUT, -33, 12, 2, .post = ENTIKONG},
    {IN, -15, 9, 2, .visa = "B1"},
    {BED, -15, 15, 2, .hotel = 2, .nights = 6},
    {OUT, -9, 12, 2, .post = ENTIKONG},
};

/* The first holder's passport had run out years before its number was given to somebody else. */
static const struct step given_out_again[] = {
    {BORN, .who = 1, .text = "1951-03-03"},
    {BORN, .who = 2, .text = "1994-08-21"},
    {EXPIRES, .day = -200, .hour = 9, .who = 1},
    {SHARES, .who = 2, .days = 1},
    {IN, -260, 9, 1, .visa = "B1"},
    {BED, -260, 15, 1, .hotel = 1, .nights = 9},
    {OUT, -250, 12, 1, .post = ENTIKONG},
    {IN, -30, 9, 2, .visa = "B1"},
    {BED, -30, 15, 2, .hotel = 1, .nights = 6},
    {OUT, -24, 12, 2, .post = ENTIKONG},
    {FOUND, .who = 1, .rule = "identity-cluster-conflict",
     .text = "a number given out again: on the work-list, nobody accused"},
};

/* One name and no other, as on the list, half a year younger than who is meant. */
static const struct step mononym[] = {
    {NAMED, .who = 1, .text = "VEKMERSUTAN"},
    {BORN, .who = 1, .text = "1985-05-20"},
    {SAYS, -60, 9, 0, .from = "IMI.PUSAT", .type = "watchlist.entry",
     .text =
         "'op':'add','entry':'W-98$r;','list':'interest','names':[{'surname':'VEKMERSUTAN','dob':"
         "'1985-11-02'}],'owner':'POL','until':'2027-12-31','action':'notify'"},
    {IN, -30, 9, 1, .visa = "B1"},
    {BED, -30, 15, 1, .hotel = 1, .nights = 6},
    {OUT, -24, 12, 1, .post = ENTIKONG},
};

/* ---- by sea ---- */

#define ABOARD "'flight':'SY-UTOPIA-$r;'"

/* A yacht anchors in the roads: its owners sleep aboard, one of its crew goes home by air. */
static const struct step yacht[] = {
    {IN, -45, 10, 1, .last = 2, .post = SINTETE, .visa = "B1", .text = ABOARD},
    {IN, -45, 10, 3, .last = 4, .post = SINTETE, .visa = "B1",
     .text = "'traveller':'crew'," ABOARD},
    {OUT, -36, 9, 4, .post = SUPADIO},
    {OUT, -34, 9, 1, .last = 3, .post = SINTETE, .text = ABOARD},
};

/* And one that lies there as the week ends. */
static const struct step yacht_at_anchor[] = {
    {IN, 0, 10, 1, .last = 2, .post = SINTETE, .visa = "B1", .text = ABOARD},
};

/* Signed on: in with one ship and out with it, as ships do, past no counter; in with the next and home by land. */
static const struct step transit_crew[] = {
    {IN, -32, 9, 1, .last = 2, .post = SINTETE,
     .text = "'traveller':'crew','flight':'IMO900001$r;'"},
    {IN, -12, 9, 1, .last = 2, .post = SINTETE,
     .text = "'traveller':'crew','flight':'IMO900002$r;'"},
    {OUT, -10, 15, 1, .last = 2, .post = ENTIKONG, .text = "'traveller':'crew'"},
};

/* ---- by air ---- */

/* Lands in the evening, flies on the next day, and is up the river in the hotel forty hours after the counter. */
static const struct step flies_on[] = {
    {SAYS, -20, 8, 1, .from = "IMI.SUPADIO.1", .type = "pnr.booking",
     .text = "'locator':'PNL$r;','action':'created','itinerary':['UT74$r;:KCH-PNK:$+4;',"
             "'UT75$r;:PNK-PSU:$+5;','UT76$r;:PNK-KCH:$+12;']"},
    {IN, -16, 17, 1, .post = SUPADIO, .visa = "B1", .text = "'flight':'UT74$r;'"},
    {BED, -14, 9, 1, .hotel = 15, .nights = 6},
    {OUT, -8, 12, 1, .post = SUPADIO},
};

/* Flies to an aunt, with the parents' letter. */
static const struct step with_a_letter[] = {
    {BORN, .who = 1, .text = "2012-04-04"},
    {IN, -30, 10, 1, .post = SUPADIO, .visa = "B1",
     .text = "'flight':'UT77$r;','consent_ref':'SURAT-$r;'"},
    {SAYS, -30, 16, 1, .from = "PEM.SANGGAU", .type = "address.report",
     .text = "'kind':'residence','address':'SANGGAU-BIBI-$r;'"},
    {OUT, -20, 12, 1, .post = SUPADIO, .text = "'flight':'UT77$r;','consent_ref':'SURAT-$r;'"},
};

/* Five students of one university on one flight. */
static const struct step students[] = {
    {BORN, 0, 0, 1, .last = 5, .text = "2005-05-1$k;"},
    {SAYS, -42, 10, 1, .last = 5, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text = "'action':'add','sponsor':{'kind':'institution','id':'00000197000$r;'},'relation':'"
             "school'"},
    {IN, -40, 10, 1, .last = 5, .post = SUPADIO, .visa = "E30A", .text = "'flight':'UT78$r;'"},
    {BED, -40, 19, 1, .last = 5, .hotel = 10, .nights = 3},
    {SAYS, -36, 10, 1, .last = 5, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'issued','class':'ITAS','basis_index':'E30A','until':'$+365;'"},
    {SAYS, -30, 10, 1, .last = 5, .from = "DUK.SANGGAU", .type = "address.report",
     .text = "'kind':'SKTT','address':'SANGGAU-ASRAMA-MAHASISWA-$r;'"},
};

/* ---- again and again over the border ---- */

/* Three lorries in a column, over in the morning and home in the evening. */
static const struct step drivers[] = {
    {IN, -13, 7, 1, .last = 3, .times = 14, .apart = 1, .visa = "D2", .days = 60,
     .text = "'traveller':'crew','flight':'UTL$r;$k;'"},
    {OUT, -13, 17, 1, .last = 3, .times = 14, .apart = 1, .post = ENTIKONG,
     .text = "'traveller':'crew','flight':'UTL$r;$k;'"},
};

/* A ship's cook on shore between voyages: forty days here, two away, four times. */
#define ASHORE(day, hotel_)                                                                       \
    {IN, day, 9, 1, .visa = "D2", .days = 60, .text = "'traveller':'crew','flight':'IMO90003'"},  \
        {BED, day, 15, 1, .hotel = hotel_, .nights = 5},                                          \
    {                                                                                             \
        OUT, (day) + 40, 9, 1, .post = ENTIKONG, .text = "'traveller':'crew','flight':'IMO90003'" \
    }
static const struct step ships_cook[] = {ASHORE(-171, 1), ASHORE(-129, 2), ASHORE(-87, 3),
                                         ASHORE(-45, 4)};

/* Market women with border passes, every day, and always three of them; a gate takes the fourth for a traveller like others. */
static const struct step market_women[] = {
    {HOLDS, .who = 1, .last = 4, .text = "PLB"},
    {IN, -30, 6, 4, .times = 14, .apart = 1, .post = ENTIKONG, .days = 14},
    {OUT, -30, 14, 4, .times = 14, .apart = 1, .post = ENTIKONG},
    {IN, -30, 6, 1, .last = 3, .times = 14, .apart = 1, .post = JAGOI, .days = 14,
     .text = "'traveller':'border-resident'"},
    {OUT, -30, 14, 1, .last = 3, .times = 14, .apart = 1, .post = JAGOI,
     .text = "'traveller':'border-resident'"},
};

/* A teacher with a class across the border, whom nobody has put on the list yet: the rule cannot know. */
#define SCHOOL_WEEK(day)                                               \
    {IN, day, 6, 1, .times = 5, .apart = 1, .visa = "D2", .days = 60}, \
    {                                                                  \
        OUT, day, 14, 1, .times = 5, .apart = 1, .post = ENTIKONG      \
    }
static const struct step teacher[] = {
    SCHOOL_WEEK(-21),
    SCHOOL_WEEK(-14),
    SCHOOL_WEEK(-7),
    SCHOOL_WEEK(0),
    {FOUND, .who = 1, .rule = "short-exit-landpost", .mistaken = true,
     .text = "a teacher who is not on the list yet"},
};

/* The same four in the same bus, every week. */
static const struct step bus_line[] = {
    {IN, -50, 8, 1, .last = 4, .times = 5, .apart = 7, .visa = "D2", .days = 60,
     .text = "'carrier':'UTO-BIS','flight':'UTB$r;'"},
    {OUT, -50, 18, 1, .last = 4, .times = 5, .apart = 7, .post = ENTIKONG,
     .text = "'carrier':'UTO-BIS','flight':'UTB$r;'"},
};

/* A hiking club, registered as a group each time. */
static const struct step hiking_club[] = {
    {IN, -60, 9, 1, .last = 4, .times = 4, .apart = 10, .visa = "A1",
     .text = "'group_ref':'KLUB-$r;'"},
    {BED, -60, 15, 1, .last = 4, .times = 4, .apart = 10, .hotel = 4, .nights = 2,
     .text = "'group_ref':'KLUB-$r;'"},
    {OUT, -58, 12, 1, .last = 4, .times = 4, .apart = 10, .post = ENTIKONG,
     .text = "'group_ref':'KLUB-$r;'"},
};

/* ---- posts and papers ---- */

/* In through the post that nobody can hear, out through another before it is back. */
static const struct step through_the_silent_post[] = {
    {IN, 2, 10, 1, .post = ARUK, .visa = "B1"},
    {SAYS, 2, 17, 1, .from = "PEM.SANGGAU", .type = "address.report",
     .text = "'kind':'residence','address':'SANGGAU-KELUARGA-9$r;'"},
    {OUT, 3, 15, 1, .post = ENTIKONG},
    {FOUND, .who = 1, .rule = "exit-without-entry", .state = KTG_SIMULATE_WITHDRAWN,
     .text = "entered through the post that was offline"},
};

/* Extended in time, and the office tells it three days after the old date. */
static const struct step told_late[] = {
    {IN, -40, 9, 1, .visa = "B1"},
    {BED, -40, 15, 1, .hotel = 5, .nights = 5},
    {SAYS, -14, 10, 1, .told = 144, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITK','until':'$+33;'"},
    {OUT, 3, 12, 1, .post = ENTIKONG},
    {FOUND, .who = 1, .rule = "overstay-fee", .state = KTG_SIMULATE_WITHDRAWN,
     .text = "extended in time, told late"},
};

/* Two days over, pays at the counter and goes home. */
static const struct step pays_and_goes[] = {
    {IN, -50, 9, 1, .visa = "B1"},
    {BED, -50, 15, 1, .hotel = 5, .nights = 5},
    {SAYS, -19, 9, 1, .from = "IMI.SANGGAU", .type = "removal",
     .text = "'kind':'fee-due','bill':'BL-L$r;','amount':2000000"},
    {SAYS, -19, 11, 1, .from = "IMI.SANGGAU", .type = "removal",
     .text = "'kind':'fee-paid','bill':'BL-L$r;'"},
    {OUT, -19, 13, 1, .post = ENTIKONG},
    {FOUND, .who = 1, .rule = "overstay-fee", .state = KTG_SIMULATE_CLOSED,
     .text = "two days over, paid"},
};

/* A resident and a visitor give their permits back, and leave by the day that is named. */
static const struct step goes_for_good[] = {
    {SETTLES, -80, 9, 1, .visa = "E33F"},
    {SAYS, -20, 10, 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'issued','class':'EPO','until':'$+7;'"},
    {OUT, -13, 16, 1, .post = ENTIKONG},
    {IN, -25, 9, 2, .visa = "B1"},
    {BED, -25, 15, 2, .hotel = 5, .nights = 5},
    {SAYS, -12, 10, 2, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'issued','class':'EPO','until':'$+4;'"},
    {OUT, -9, 12, 2, .post = ENTIKONG},
};

/* Banned once, and back when the ban is over. */
static const struct step ban_is_over[] = {
    {SAYS, -400, 9, 1, .from = "IMI.SANGGAU", .type = "removal",
     .text = "'kind':'banned','until':'$+200;'"},
    {IN, -30, 9, 1, .visa = "B1"},
    {BED, -30, 15, 1, .hotel = 5, .nights = 6},
    {OUT, -24, 12, 1, .post = ENTIKONG},
};

/* Refused for want of a paper, fetches it, and is let in at the same counter. */
static const struct step back_with_the_paper[] = {
    {SAYS, -30, 9, 1, .from = "IMI.BADAU.1", .type = "border.crossing",
     .text = "'direction':'refused','mode':'land','post':'BADAU','refusal_reason':'no-visa'"},
    {IN, -30, 14, 1, .post = BADAU, .visa = "B1"},
    {BED, -30, 19, 1, .hotel = 18, .nights = 4},
    {OUT, -26, 12, 1, .post = BADAU},
};

/* The clock of the house is hours slow: a room a hundred kilometres away, minutes after the counter. */
static const struct step slow_clock[] = {
    {IN, -30, 9, 1, .minute = 5, .visa = "B1"},
    {BED, -30, 9, 1, .minute = 9, .hotel = 0, .nights = 5},
    {OUT, -25, 12, 1, .post = ENTIKONG},
};

void live_on_the_move(struct country *c)
{
    static const struct story stories[] = {
        STORY_TIMES(two_passports, 4, 20),   STORY_TIMES(in_on_one_out_on_the_other, 4, 20),
        STORY_TIMES(given_out_again, 2, 20), STORY(mononym),
        STORY_TIMES(yacht, 4, 40),           STORY_TIMES(yacht_at_anchor, 3, 0),
        STORY_TIMES(transit_crew, 3, 50),    STORY_TIMES(flies_on, 5, 50),
        STORY_TIMES(with_a_letter, 3, 40),   STORY_TIMES(students, 2, 20),
        STORY_TIMES(drivers, 2, 3),          STORY_TIMES(ships_cook, 1, 3),
        STORY_TIMES(market_women, 1, 20),    STORY(teacher),
        STORY_TIMES(bus_line, 1, 20),        STORY_TIMES(hiking_club, 1, 20),
        STORY(through_the_silent_post),      STORY_TIMES(told_late, 3, 0),
        STORY_TIMES(pays_and_goes, 3, 20),   STORY_TIMES(goes_for_good, 3, 0),
        STORY_TIMES(ban_is_over, 3, 40),     STORY_TIMES(back_with_the_paper, 3, 40),
        STORY_TIMES(slow_clock, 3, 40),
    };
    tell_stories(c, SEED_MOVING, stories, KTG_COUNT(stories));
}
