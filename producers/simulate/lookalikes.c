/* producers/simulate/lookalikes.c - lives that look like what the rules are for, and are not: nothing may be said of them.
 *
 * Tables as story.h says; each guard of the domain's list of patterns has its people here or in people.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_LOOKALIKES 12000

/* ---- stay and movement ---- */

/* The permit ends today, and so does the visit. */
static const struct step on_the_last_day[] = {
    {IN, -50, 9, 1, .visa = "B1", .days = 30},
    {BED, -50, 15, 1, .hotel = 2, .nights = 5},
    {OUT, -21, 16, 1, .post = ENTIKONG},
};

/* Of five on the list of a flight one lands, one lands late, one goes on, one never came, one was taken off. */
#define LISTED(who_, members)                                                                     \
    {                                                                                             \
        SAYS, -20, 7, who_, .from = "IMI.SUPADIO.1", .type = "api.passenger",                     \
                            .text = "'kind':'passenger','flight':'UT71$r;','departs_at':'$@0;','" \
                                    "arrives_at':'$@150;'," members                               \
    }
static const struct step a_flight[] = {
    LISTED(1, "'destination_id':true,'status':'boarded'"),
    LISTED(2, "'destination_id':true,'status':'boarded'"),
    LISTED(3, "'destination_id':true,'transit':true,'status':'boarded'"),
    LISTED(4, "'destination_id':true,'status':'no-show'"),
    LISTED(5, "'destination_id':true,'status':'offloaded'"),
    {IN, -20, 10, 1, .post = SUPADIO, .visa = "B1"},
    {BED, -20, 19, 1, .hotel = 9, .nights = 3},
    {OUT, -17, 12, 1, .post = SUPADIO},
    {SAYS, -20, 8, 2, .from = "IMI.SUPADIO.1", .type = "api.passenger",
     .text = "'kind':'passenger','flight':'UT71$r;','destination_id':true,'status':'boarded','"
             "departs_at':'$@0;',"
             "'arrives_at':'$@700;'"},
    {IN, -20, 20, 2, .post = SUPADIO, .visa = "B1"},
    {BED, -19, 9, 2, .hotel = 9, .nights = 3},
    {OUT, -16, 12, 2, .post = SUPADIO},
};

/* The aircraft leaves a day later than planned, and its crew with it. */
static const struct step late_crew[] = {
    {SAYS, -20, 8, 1, .from = "IMI.SUPADIO.1", .type = "api.passenger",
     .text = "'kind':'crew','flight':'UT72$r;','departs_at':'$@1440;','arrives_at':'$@60;'"},
    {IN, -20, 10, 1, .post = SUPADIO, .text = "'traveller':'crew','flight':'UT72$r;'"},
    {SAYS, -19, 8, 1, .from = "IMI.SUPADIO.1", .type = "api.passenger",
     .text = "'kind':'crew','flight':'UT72$r;','departs_at':'$@2880;'"},
    {OUT, -17, 7, 1, .post = SUPADIO, .text = "'traveller':'crew','flight':'UT72$r;'"},
};

/* Residents who spend their weekends across the border, on their permit. */
#define WEEKEND(day)                                      \
    {OUT, day, 15, 1, .post = ENTIKONG},                  \
    {                                                     \
        IN, (day) + 2, 15, 1, .visa = "E33F", .days = 300 \
    }
static const struct step weekends_abroad[] = {
    {SETTLES, -86, 9, 1, .visa = "E33F"}, WEEKEND(-60), WEEKEND(-46), WEEKEND(-32), WEEKEND(-18),
};

/* Back after ten months, in time. */
static const struct step ten_months_abroad[] = {
    {IN, -430, 10, 1, .visa = "E33"},
    {SAYS, -425, 10, 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'issued','class':'ITAP','permit_no':'2D12-$r;','until':'$+1825;'"},
    {OUT, -360, 14, 1, .post = ENTIKONG},
    {IN, -60, 10, 1, .visa = "E33", .days = 1400},
};

/* A clerk's typed record says another post; a team that did not find somebody was far away. */
static const struct step typed_elsewhere[] = {
    {IN, -30, 9, 1, .visa = "B1"},
    {SAYS, -30, 10, 1, .from = "IMI.BADAU.1", .type = "border.crossing",
     .text = "'direction':'cancelled','mode':'land','post':'BADAU','capture':'typed',"
             "'place':{'district':'6108','lat':'0.9503','lon':'111.8797'}"},
    {IN, -30, 11, 2, .visa = "B1"},
    {BED, -30, 15, 1, .last = 2, .hotel = 4, .nights = 5},
    {SAYS, -29, 15, 2, .from = "IMI.PUTUSSIBAU", .type = "inspection.result",
     .text = "'operation':'OP-97$r;','outcome':'found','finding':'visiting'"},
    {OUT, -26, 12, 1, .last = 2, .post = ENTIKONG},
};

/* ---- identity and documents ---- */

/* Lost, found again, and then used. */
static const struct step lost_and_found[] = {
    {SAYS, -60, 9, 0, .from = "POL.SANGGAU", .type = "document.status",
     .text = "'doc':$D1;,'status':'lost','register':'police'"},
    {SAYS, -50, 9, 0, .from = "POL.SANGGAU", .type = "document.status",
     .text = "'doc':$D1;,'status':'found','register':'police'"},
    {IN, -30, 9, 1, .visa = "B1"},
    {BED, -30, 15, 1, .hotel = 1, .nights = 6},
    {OUT, -24, 12, 1, .post = ENTIKONG},
};

/* The camera is unsure, or an officer says no; and a face that is known, of somebody who is here. */
static const struct step not_the_same_face[] = {
    {IN, -30, 9, 1, .last = 3, .visa = "B1"},
    {BED, -30, 15, 1, .last = 3, .hotel = 3, .nights = 6},
    {SAYS, -29, 10, 1, .from = "IMI.SUPADIO.1", .type = "biometric.hit",
     .text = "'modality':'face','probe_ref':'PL-$r;1','candidate':$D2;,'score':905,'threshold':900,"
             "'gallery':'arrivals',"
             "'algorithm':'sim 1.0','verdict':'no-match','verdict_by':'officer','same_bio':false"},
    {SAYS, -28, 10, 2, .from = "IMI.SUPADIO.1", .type = "biometric.hit",
     .text = "'modality':'face','probe_ref':'PL-$r;2','candidate':$D3;,'score':840,'threshold':900,"
             "'gallery':'arrivals',"
             "'algorithm':'sim 1.0','same_bio':false"},
    {SAYS, -27, 10, 3, .from = "IMI.SUPADIO.1", .type = "biometric.hit",
     .text = "'modality':'face','probe_ref':'PL-$r;3','candidate':$D3;,'score':970,'threshold':900,"
             "'gallery':'arrivals',"
             "'algorithm':'sim 1.0','verdict':'match','verdict_by':'officer','same_bio':true"},
    {OUT, -24, 12, 1, .last = 3, .post = ENTIKONG},
};

/* The very name that is on the list, of somebody much younger. */
static const struct step only_a_namesake[] = {
    {BORN, .who = 1, .text = "1992-03-01"},
    {SAYS, -60, 9, 0, .from = "IMI.PUSAT", .type = "watchlist.entry",
     .text = "'op':'add','entry':'W-97$r;','list':'interest','names':[{$S1;,'dob':'1961-07-19'}],'"
             "owner':'POL','until':'2027-12-31','action':'notify'"},
    {IN, -30, 9, 1, .visa = "B1"},
    {BED, -30, 15, 1, .hotel = 1, .nights = 6},
    {OUT, -24, 12, 1, .post = ENTIKONG},
};

/* The reading is poor; the issuer gave the number out again after the first passport had run out. */
static const struct step poor_reading[] = {
    {BORN, .who = 1, .text = "1990-10-02"},
    {IN, -30, 9, 1, .visa = "B1"},
    {BED, -30, 15, 1, .hotel = 1, .nights = 6},
    {SAYS, -24, 12, 0, .from = "IMI.ENTIKONG.1", .type = "border.crossing",
     .text = "'direction':'exit','mode':'land','post':'ENTIKONG','doc':$D1;,'surname':'VNREADABLE',"
             "'given':'X',"
             "'dob':'1961-02-03','capture':'ocr','confidence':61"},
    {FOUND, .who = 1, .rule = "identity-cluster-conflict",
     .text = "a poor reading has another birth date: on the work-list, nobody accused"},
};

/* ---- lodging ---- */

/* Guests of a family: the village reports the address. */
static const struct step at_friends[] = {
    {IN, -30, 9, 1, .last = 2, .visa = "B1"},
    {SAYS, -30, 18, 1, .last = 2, .from = "PEM.SANGGAU", .type = "address.report",
     .text = "'kind':'residence','address':'SANGGAU-KELUARGA-$r;'"},
    {OUT, -20, 12, 1, .last = 2, .post = ENTIKONG},
};

/* A small house that is late now and then. */
static const struct step sometimes_late[] = {
    {IN, -40, 9, 1, .last = 12, .every = 2, .visa = "C1", .days = 60},
    {SAYS, -40, 14, 1, .last = 10, .every = 2, .from = "POL.SANGGAU", .type = "lodging.checkin",
     .text = "'property':'LOSMEN-SEKAYAM-$r;','planned_out':'$+3;','reported_at':'$@200;'"},
    {BED, -20, 13, 11, .last = 12, .every = 2, .hotel = 4, .nights = 1},
    {WAKE, -19, 8, 11, .last = 12, .every = 2, .hotel = 4},
    {SAYS, -19, 14, 11, .last = 12, .every = 2, .from = "POL.SANGGAU", .type = "lodging.checkin",
     .text = "'property':'LOSMEN-SEKAYAM-$r;','planned_out':'$+3;','reported_at':'$@2400;'"},
    {OUT, -37, 12, 1, .last = 12, .every = 2, .post = ENTIKONG},
};

/* The next hotel is far away and the first never says that the guest has left; another leaves the first a little late. */
static const struct step moved_on[] = {
    {IN, -30, 9, 1, .last = 2, .visa = "B1"},
    {BED, -30, 15, 1, .last = 2, .hotel = 0, .nights = 4},
    {BED, -28, 18, 1, .last = 2, .hotel = 15, .nights = 3},
    {WAKE, -28, 20, 2, .hotel = 0},
    {WAKE, -25, 9, 1, .last = 2, .hotel = 15},
    {OUT, -25, 15, 1, .last = 2, .post = BADAU},
};

/* A company's mess, and a licensed house: many people of many sponsors under one roof. */
static const struct step under_one_roof[] = {
    {SAYS, -80, 9, 0, .from = "PTSP.SANGGAU", .type = "licence.status",
     .text = "'nib':'00000193000$r;','kind':'lodging','status':'active','address':'SANGGAU-ASRAMA-$"
             "r;'"},
    {IN, -40, 9, 1, .last = 9, .every = 1, .visa = "C6", .days = 60},
    {SAYS, -40, 12, 1, .last = 9, .every = 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text = "'action':'add','sponsor':{'kind':'person','id':'000001000003$r;0$k;'},'relation':'"
             "friend'"},
    {SAYS, -40, 18, 1, .last = 9, .every = 1, .from = "PEM.SANGGAU", .type = "address.report",
     .text = "'kind':'kost','address':'SANGGAU-ASRAMA-$r;'"},
    {OUT, -15, 12, 1, .last = 9, .every = 1, .post = ENTIKONG},
};

/* ---- sponsors ---- */

/* A licensed agent's house is the address of many sponsors. */
static const struct step licensed_agent[] = {
    {SAYS, -80, 9, 0, .from = "PTSP.SANGGAU", .type = "licence.status",
     .text =
         "'nib':'00000194000$r;','kind':'agent','status':'active','address':'SANGGAU-BIRO-$r;'"},
    {IN, -40, 9, 1, .last = 4, .every = 2, .visa = "C6", .days = 60},
    {BED, -40, 15, 1, .last = 4, .every = 2, .hotel = 1, .nights = 9},
    {SAYS, -39, 10, 1, .last = 4, .every = 2, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text = "'action':'add','sponsor':{'kind':'person','id':'000001000004$r;0$k;','address':'"
             "SANGGAU-BIRO-$r;'},'relation':'friend'"},
    {OUT, -25, 12, 1, .last = 4, .every = 2, .post = ENTIKONG},
};

/* The sponsor died; a son vouches a week later. */
static const struct step another_vouches[] = {
    {SETTLES, -80, 9, 1, .visa = "E33F"},
    {SAYS, -79, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'person','id':'000001000005$r;01'},'relation':'friend'"},
    {SAYS, -40, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text = "'action':'remove','reason':'deceased','sponsor':{'kind':'person','id':'000001000005$"
             "r;01'},'relation':'friend'"},
    {SAYS, -33, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'person','id':'000001000005$r;02'},'relation':'friend'"},
};

/* ---- marriage ---- */

/* Married at home long ago, reported here; and after years of visits, with a child, just before a permit ends. */
static const struct step genuine_marriages[] = {
    {SETTLES, -80, 9, 1, .visa = "E31A", .text = "'family_link':'spouse'"},
    {SAYS, -70, 10, 1, .from = "DUK.SANGGAU", .type = "marriage.registered", .aside = true,
     .text = "'act_no':'AKTA-LN-$r;','date':'$-900;','foreigner':$B;,'citizen':{'nik':'"
             "00000400000020$r;','district':'6105'},'abroad':true"},
    {IN, -300, 9, 2, .visa = "C1", .days = 60},
    {BED, -300, 15, 2, .hotel = 1, .nights = 9},
    {OUT, -280, 9, 2, .post = ENTIKONG},
    {IN, -40, 9, 2, .visa = "C1", .days = 60},
    {BED, -40, 15, 2, .hotel = 1, .nights = 9},
    {SAYS, -10, 10, 2, .from = "KUA.SANGGAU", .type = "marriage.registered", .aside = true,
     .text = "'act_no':'AKTA-DN-$r;','date':'$+0;','foreigner':$B;,'citizen':{'nik':'"
             "00000400000021$r;','district':'6105'},'children':1,"
             "'keys':['venue:KUA-SANGGAU']"},
    {SAYS, -7, 10, 2, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITK','until':'$+60;'"},
};

/* A marriage soon after arrival, and nothing else. */
static const struct step love_at_first_sight[] = {
    {IN, -50, 9, 1, .visa = "D2", .days = 180},
    {BED, -50, 15, 1, .hotel = 1, .nights = 9},
    {SAYS, -25, 10, 1, .from = "KUA.SANGGAU", .type = "marriage.registered", .aside = true,
     .text = "'act_no':'AKTA-CP-$r;','date':'$+0;','foreigner':$B;,'citizen':{'nik':'"
             "00000400000022$r;','district':'6105'},"
             "'keys':['venue:KUA-SANGGAU']"},
};

/* ---- workers ---- */

/* A director needs no companion, a service engineer has a letter, a posting ends and the worker goes home. */
#define FIRM "'nib':'00000195000$r;','rptka_no':'RPTKA-L$r;'"
#define WORKS(day, who_, action, members)                                                        \
    {                                                                                            \
        SAYS, day, 10, who_, .from = "NAK.SANGGAU", .type = "tka.employment",                    \
                             .text = "'action':'" action "'," FIRM ",'location':'6105'," members \
    }
static const struct step lawful_work[] = {
    {SAYS, -85, 9, 0, .from = "NAK.SANGGAU", .type = "rptka.status",
     .text = FIRM ",'status':'approved','until':'$+700;','headcount':4,'locations':['6105','6109'],"
                  "'companion_niks':['0000030000009002']"},
    {SETTLES, -80, 9, 1, .last = 4, .visa = "E23",
     .text = "'sponsor':{'kind':'company','id':'00000195000$r;'}"},
    {SAYS, -79, 10, 1, .last = 4, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'company','id':'00000195000$r;'},'relation':'employer'"},
    WORKS(-76, 1, "start", "'position':'director','rank':'director'"),
    WORKS(-76, 2, "start", "'position':'engineer'"),
    WORKS(-76, 3, "start", "'position':'welder'"),
    WORKS(-76, 4, "start", "'position':'technician'"),
    {SAYS, -50, 10, 2, .from = "NAK.SANGGAU", .type = "tka.employment",
     .text = "'action':'move','nib':'0000019500099','letter':'SK-$r;','position':'engineer','"
             "location':'6105'"},
    {SAYS, -48, 14, 2, .from = "NAK.SANGGAU", .type = "inspection.result",
     .text = "'operation':'OP-98$r;','outcome':'found','finding':'working','nib':'0000019500099','"
             "location':'6105'"},
    {SAYS, -40, 14, 4, .from = "NAK.SANGGAU", .type = "inspection.result",
     .text = "'operation':'OP-98$r;','outcome':'found','finding':'working','nib':'00000195000$r;','"
             "location':'6109'"},
    WORKS(-30, 3, "end", "'position':'welder'"),
    {OUT, -24, 12, 3, .post = ENTIKONG},
};

/* Two years at work, reports in time. */
static const struct step reports_each_year[] = {
    {SAYS, -440, 9, 0, .from = "NAK.SANGGAU", .type = "rptka.status",
     .text = "'nib':'00000196000$r;','rptka_no':'RPTKA-M$r;','status':'approved','until':'$+900;','"
             "headcount':2,'companion_niks':['0000030000009003']"},
    {SETTLES, -415, 9, 1, .visa = "E23",
     .text = "'sponsor':{'kind':'company','id':'00000196000$r;'}"},
    {SAYS, -412, 10, 1, .from = "NAK.SANGGAU", .type = "tka.employment",
     .text = "'action':'start','nib':'00000196000$r;','rptka_no':'RPTKA-M$r;','position':'engineer'"
             ",'location':'6105','bpjs':'BM$r;','npwp':'NM$r;'"},
    {SAYS, -80, 10, 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITAS','basis_index':'E23','until':'$+365;','sponsor':{'"
             "kind':'company','id':'00000196000$r;'}"},
    {SAYS, -40, 10, 1, .from = "NAK.SANGGAU", .type = "tka.transfer-report",
     .text = "'nib':'00000196000$r;','rptka_no':'RPTKA-M$r;','companion_nik':'00000300000091$r;','"
             "year':1,'hours':120,'text_hash':'H-$r;','reported_at':'$@0;'"},
};

/* ---- travelling together ---- */

/* A mother takes her children over and brings them back; a guide leads a registered tour and goes home without it. */
static const struct step there_and_back[] = {
    {BORN, .who = 1, .text = "1985-05-05"},
    {BORN, 0, 0, 2, .last = 3, .text = "2014-05-1$k;"},
    {LIKE, .who = 4, .days = 1},
    {IN, -60, 9, 1, .visa = "B1", .with = 2, .with_last = 3},
    {IN, -60, 9, 2, .last = 3, .visa = "B1"},
    {BED, -60, 15, 1, .last = 3, .hotel = 2, .nights = 2},
    {OUT, -58, 12, 1, .post = ENTIKONG, .with = 2, .with_last = 3},
    {OUT, -58, 12, 2, .last = 3, .post = ENTIKONG},
};

#define LEADS(day, first, second)                                                              \
    {IN,                                                                                       \
     day,                                                                                      \
     9,                                                                                        \
     1,                                                                                        \
     .visa = "D2",                                                                             \
     .days = 60,                                                                               \
     .with = first,                                                                            \
     .with_last = second,                                                                      \
     .text = "'group_ref':'WISATA-$r;'"},                                                      \
        {IN, day, 9, first, .last = second, .visa = "A1", .text = "'group_ref':'WISATA-$r;'"}, \
        {BED,                                                                                  \
         day,                                                                                  \
         16,                                                                                   \
         first,                                                                                \
         .last = second,                                                                       \
         .hotel = 3,                                                                           \
         .nights = 4,                                                                          \
         .text = "'group_ref':'WISATA-$r;'"},                                                  \
        {BED, day, 16, 1, .hotel = 3, .nights = 1}, {OUT, (day) + 1, 12, 1, .post = ENTIKONG}, \
    {                                                                                          \
        OUT, (day) + 5, 12, first, .last = second, .post = ENTIKONG,                           \
                                   .text = "'group_ref':'WISATA-$r;'"                          \
    }
static const struct step tour_guide[] = {LEADS(-75, 2, 4), LEADS(-55, 5, 7), LEADS(-30, 8, 10)};

/* A school class by air; a family with one visa agent whose card says what the visa says. */
static const struct step school_class[] = {
    {BORN, 0, 0, 1, .last = 5, .text = "2008-05-1$k;"},
    {IN, -40, 10, 1, .last = 5, .post = SUPADIO, .visa = "B1",
     .text = "'flight':'UT73$r;','group_ref':'SEKOLAH-$r;','declared_purpose':'study'"},
    {BED, -40, 19, 1, .last = 5, .hotel = 10, .nights = 5,
     .text = "'group_ref':'SEKOLAH-$r;','booker_phone':'+6200055506$r;'"},
    {OUT, -35, 12, 1, .last = 5, .post = SUPADIO, .text = "'group_ref':'SEKOLAH-$r;'"},
};

/* By air to the coast, and home again in time. */
static const struct step seaside[] = {
    {IN, -50, 10, 1, .last = 3, .post = SUPADIO, .visa = "B1"},
    {BED, -50, 19, 1, .last = 3, .hotel = 12, .nights = 6,
     .text = "'booker_phone':'+6200055507$r;'"},
    {OUT, -40, 12, 1, .last = 3, .post = SUPADIO},
};

/* Two months in one house, paid by oneself. */
static const struct step long_guest[] = {
    {SETTLES, -85, 9, 1, .last = 2, .every = 3, .visa = "E33G"},
    {BED, -85, 15, 1, .last = 2, .every = 3, .hotel = 8, .nights = 5,
     .text = "'payer':'SENDIRI-$r;$k;','device':'DEV-L$r;'"},
};

void live_unlike_lives(struct country *c)
{
    static const struct story stories[] = {
        STORY_TIMES(on_the_last_day, 12, 25),  STORY_TIMES(a_flight, 6, 40),
        STORY_TIMES(late_crew, 8, 50),         STORY_TIMES(weekends_abroad, 4, 4),
        STORY_TIMES(ten_months_abroad, 4, 20), STORY_TIMES(typed_elsewhere, 4, 40),
        STORY_TIMES(lost_and_found, 6, 25),    STORY_TIMES(not_the_same_face, 4, 50),
        STORY_TIMES(only_a_namesake, 4, 20),   STORY_TIMES(poor_reading, 4, 50),
        STORY_TIMES(at_friends, 8, 50),        STORY_TIMES(sometimes_late, 2, 20),
        STORY_TIMES(moved_on, 5, 50),          STORY_TIMES(under_one_roof, 2, 20),
        STORY_TIMES(licensed_agent, 2, 20),    STORY_TIMES(another_vouches, 5, 5),
        STORY_TIMES(genuine_marriages, 4, 0),  STORY_TIMES(love_at_first_sight, 4, 0),
        STORY_TIMES(lawful_work, 4, 5),        STORY_TIMES(reports_each_year, 4, 20),
        STORY_TIMES(there_and_back, 5, 25),    STORY_TIMES(tour_guide, 2, 10),
        STORY_TIMES(school_class, 3, 40),      STORY_TIMES(seaside, 4, 30),
        STORY_TIMES(long_guest, 3, 4),
    };
    tell_stories(c, SEED_LOOKALIKES, stories, KTG_COUNT(stories));
}
