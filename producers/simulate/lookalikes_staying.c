/* producers/simulate/lookalikes_staying.c - look-alikes of the patterns on lodging, sponsors, marriages, workers and reports: the
 * guards of DOMAIN.md section 4, C to H, that lookalikes.c and people.c do not hold.  Tables as story.h says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_STAYING 14000

/* ---- lodging ---- */

/* A mess with a licence number, people of three firms under its roof. */
#define VOUCHES(who_, last_, firm)                                                   \
    {                                                                                \
        SAYS, -39, 12, who_,                                                         \
            .last = last_, .from = "IMI.SANGGAU", .type = "sponsor.link",            \
            .text = "'action':'add','sponsor':{'kind':'company','id':'00000198" firm \
                    "00$r;'},'relation':'employer'"                                  \
    }
static const struct step mess_with_a_number[] = {
    {IN, -40, 9, 1, .last = 9, .visa = "C18", .days = 60},
    VOUCHES(1, 3, "1"),
    VOUCHES(4, 6, "2"),
    VOUCHES(7, 9, "3"),
    {SAYS, -40, 18, 1, .last = 9, .from = "PEM.SANGGAU", .type = "address.report",
     .text = "'kind':'kost','address':'SANGGAU-MES-BERSAMA-$r;','nib':'00000198000$r;'"},
    {OUT, -15, 12, 1, .last = 9, .post = ENTIKONG},
};

/* Moves to another district and says so, then takes a house there that reports its guests. */
static const struct step moves_house[] = {
    {SETTLES, -85, 9, 1, .visa = "E33F"},
    {SAYS, -84, 15, 1, .from = "DUK.SANGGAU", .type = "address.report",
     .text = "'kind':'residence','address':'SANGGAU-RUMAH-$r;','place':{'district':'6105'}"},
    {SAYS, -50, 10, 1, .from = "DUK.PUTUSSIBAU", .type = "address.report",
     .text = "'kind':'residence','address':'PUTUSSIBAU-RUMAH-$r;','place':{'district':'6108'}"},
    {BED, -50, 19, 1, .hotel = 15, .nights = 45},
};

/* ---- marriage ---- */

#define WEDDING(day, who_, from_, act, nik, members)                                             \
    {                                                                                            \
        SAYS, day, 10, who_,                                                                     \
            .from = from_, .type = "marriage.registered", .aside = true,                         \
            .text = "'act_no':'AKTA-" act "-$r;','date':'$+0;','foreigner':$B;,'citizen':{'nik'" \
                    ":'000004000000" nik "$r;','district':'6105'}" members                       \
    }
#define PERMIT_OF_A_SPOUSE(day, members)                                                         \
    {SAYS,                                                                                       \
     day,                                                                                        \
     10,                                                                                         \
     1,                                                                                          \
     .from = "IMI.SANGGAU",                                                                      \
     .type = "permit.status",                                                                    \
     .text = "'action':'converted','class':'ITAS','basis_index':'E31A','family_link':'spouse','" \
             "until':'$+365;'" members},                                                         \
    {                                                                                            \
        SAYS, (day) + 8, 10, 1, .from = "DUK.SANGGAU", .type = "address.report",                 \
                                .text = "'kind':'SKTT','address':'SANGGAU-PASUTRI-$r;'"          \
    }

/* Married three weeks after arrival, then posted for work to another district, with leave to work. */
static const struct step posted_elsewhere[] = {
    {IN, -105, 9, 1, .visa = "C1", .days = 60},
    {BED, -105, 15, 1, .hotel = 1, .nights = 9},
    WEDDING(-84, 1, "KUA.SANGGAU", "KJ", "30", ""),
    PERMIT_OF_A_SPOUSE(-80, ",'work_allowed':true"),
    {SAYS, -74, 10, 1, .from = "NAK.PUTUSSIBAU", .type = "tka.employment",
     .text = "'action':'start','nib':'00000199000$r;','position':'engineer','rank':'temporary',"
             "'location':'6108'"},
    {BED, -74, 19, 1, .hotel = 15, .nights = 100},
};

/* Married as soon; kept a room in another town, and was abroad for two months before it was given up. */
static const struct step two_months_abroad[] = {
    {IN, -105, 9, 1, .visa = "C1", .days = 60},     {BED, -105, 15, 1, .hotel = 1, .nights = 9},
    WEDDING(-84, 1, "KUA.SANGGAU", "LN", "31", ""), PERMIT_OF_A_SPOUSE(-80, ""),
    {BED, -70, 19, 1, .hotel = 15, .nights = 90},   {OUT, -65, 12, 1, .post = ENTIKONG},
    {IN, -4, 9, 1, .visa = "E31A", .days = 250},
};

/* Comes as a fiance on the spouse's index and marries here, before the permit is made out. */
static const struct step comes_to_marry[] = {
    {SETTLES, -80, 9, 1, .visa = "E31A", .text = "'family_link':'spouse'"},
    WEDDING(-78, 1, "KUA.SANGGAU", "TN", "32", ""),
};

/* A second wife by leave of the court, in front of another office. */
static const struct step by_leave_of_the_court[] = {
    {BORN, 0, 0, 1, .last = 2, .text = "1988-06-1$k;"},
    {IN, -520, 9, 1, .visa = "C1", .days = 60},
    {BED, -520, 15, 1, .hotel = 1, .nights = 9},
    WEDDING(-500, 1, "DUK.SANGGAU", "PA", "33", ",'children':1"),
    {OUT, -480, 9, 1, .post = ENTIKONG},
    {IN, -58, 9, 2, .visa = "C1", .days = 60},
    {BED, -58, 15, 2, .hotel = 1, .nights = 9},
    WEDDING(-36, 2, "KUA.SANGGAU", "PB", "33", ",'children':1,'permission':'PA-IZIN-$r;'"),
    {OUT, -5, 9, 2, .post = ENTIKONG},
};

/* Four couples before the same registrar in the same hall, as the law has it. */
#define BEFORE_THE_REGISTRAR(day, who_, act, nik) \
    WEDDING(day, who_, "KUA.SANGGAU", act, nik,   \
            ",'keys':['venue:KUA-SANGGAU','wali:HAKIM-KUA-SANGGAU']")
static const struct step one_registrar[] = {
    {IN, -300, 9, 1, .last = 4, .every = 3, .visa = "C1", .days = 60},
    {BED, -300, 15, 1, .last = 4, .every = 3, .hotel = 1, .nights = 9},
    {OUT, -280, 9, 1, .last = 4, .every = 3, .post = ENTIKONG},
    {IN, -70, 9, 1, .last = 4, .every = 3, .visa = "D2", .days = 180},
    {BED, -70, 15, 1, .last = 4, .every = 3, .hotel = 1, .nights = 9},
    BEFORE_THE_REGISTRAR(-40, 1, "RA", "34"),
    BEFORE_THE_REGISTRAR(-36, 2, "RB", "35"),
    BEFORE_THE_REGISTRAR(-32, 3, "RC", "36"),
    BEFORE_THE_REGISTRAR(-28, 4, "RD", "37"),
    {OUT, -14, 9, 1, .last = 4, .every = 3, .post = ENTIKONG},
};

/* ---- workers ---- */

/* What a business visit is for: a meeting, and the service of a machine that was sold. */
static const struct step business_visit[] = {
    {IN, -30, 9, 1, .last = 2, .visa = "C2", .days = 60},
    {BED, -30, 15, 1, .last = 2, .hotel = 2, .nights = 5},
    {SAYS, -28, 11, 1, .from = "NAK.SANGGAU", .type = "inspection.result",
     .text = "'operation':'OP-99$r;','outcome':'found','finding':'meeting','nib':'0000019500098'"},
    {SAYS, -28, 14, 2, .from = "NAK.SANGGAU", .type = "inspection.result",
     .text =
         "'operation':'OP-99$r;','outcome':'found','finding':'after-sales','nib':'0000019500098'"},
    {OUT, -25, 12, 1, .last = 2, .post = ENTIKONG},
};

/* A firm without any companion, whose people need none. */
#define RANKS "'nib':'00000195100$r;','rptka_no':'RPTKA-N$r;'"
#define SITS(who_, rank)                                                                         \
    {                                                                                            \
        SAYS, -76, 10, who_, .from = "NAK.SANGGAU", .type = "tka.employment",                    \
                             .text = "'action':'start'," RANKS ",'location':'6105','position':'" \
                                     "engineer','rank':'" rank "'"                               \
    }
static const struct step no_companion_needed[] = {
    {SAYS, -85, 9, 0, .from = "NAK.SANGGAU", .type = "rptka.status",
     .text = RANKS ",'status':'approved','until':'$+700;','headcount':3,'locations':['6105']"},
    {SETTLES, -80, 9, 1, .last = 3, .visa = "E23",
     .text = "'sponsor':{'kind':'company','id':'00000195100$r;'}"},
    SITS(1, "director"),
    SITS(2, "commissioner"),
    SITS(3, "temporary"),
};

/* ---- reports ---- */

/* A neighbour whom nobody believes names a visitor. */
static const struct step ill_will[] = {
    {IN, -20, 9, 1, .visa = "B1"},
    {BED, -20, 15, 1, .hotel = 3, .nights = 6},
    {SAYS, -18, 18, 1, .from = "PEM.SANGGAU", .type = "community.report", .aside = true,
     .text = "'channel':'whatsapp','category':'work','credibility':15,'named':[$D1;]"},
    {OUT, -14, 12, 1, .post = ENTIKONG},
};

/* A neighbour who has reported ten things since the morning says of three visitors that they work. */
static const struct step flood_of_reports[] = {
    {IN, -20, 9, 1, .last = 3, .visa = "B1"},
    {BED, -20, 15, 1, .last = 3, .hotel = 3, .nights = 6},
    {SAYS, -18, 8, 0, .times = 10, .from = "PEM.SANGGAU", .type = "community.report",
     .text = "'channel':'app','category':'behaviour','credibility':60,'reporter':'TETANGGA-$r;'"},
    {SAYS, -18, 12, 1, .last = 3, .from = "PEM.SANGGAU", .type = "community.report", .aside = true,
     .text = "'channel':'app','category':'work','credibility':60,'reporter':'TETANGGA-$r;','named':"
             "[$D;]"},
    {OUT, -14, 12, 1, .last = 3, .post = ENTIKONG},
};

/* Was a victim once; somebody else vouches now. */
static const struct step another_sponsor[] = {
    {IN, -60, 9, 1, .visa = "C6", .days = 60},
    {BED, -60, 15, 1, .hotel = 3, .nights = 6},
    {SAYS, -59, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'person','id':'000001000006$r;01'},'relation':'friend'"},
    {SAYS, -50, 10, 1, .from = "POL.SANGGAU", .type = "case.reference",
     .text = "'case_no':'LP-94$r;','kind':'victim','stage':'closed','hit':true,'desk':'PPA'"},
    {OUT, -40, 12, 1, .post = ENTIKONG},
    {IN, -12, 9, 1, .visa = "C6", .days = 60},
    {BED, -12, 15, 1, .hotel = 3, .nights = 6},
    {SAYS, -11, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text = "'action':'change','sponsor':{'kind':'person','id':'000001000006$r;02'},'relation':'"
             "friend'"},
};

void live_at_one_place(struct country *c)
{
    static const struct story stories[] = {
        STORY_TIMES(mess_with_a_number, 1, 20),
        STORY_TIMES(moves_house, 3, 5),
        STORY_TIMES(posted_elsewhere, 2, 0),
        STORY_TIMES(two_months_abroad, 2, 0),
        STORY_TIMES(comes_to_marry, 2, 5),
        STORY_TIMES(by_leave_of_the_court, 2, 0),
        STORY(one_registrar),
        STORY_TIMES(business_visit, 3, 40),
        STORY_TIMES(no_companion_needed, 2, 5),
        STORY_TIMES(ill_will, 3, 40),
        STORY_TIMES(flood_of_reports, 2, 40),
        STORY_TIMES(another_sponsor, 2, 5),
    };
    tell_stories(c, SEED_STAYING, stories, KTG_COUNT(stories));
}
