/* producers/simulate/planted_workers.c - stories on sponsors and foreign workers.  Tables as story.h says.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/story.h"

#define SEED_WORKERS 9000

#define PLAN(day, nib, members)                                                      \
    {                                                                                \
        SAYS, day, 9, 0, .from = "NAK.SANGGAU", .type = "rptka.status",              \
                         .text = "'rptka_no':'RPTKA-" nib "','nib':'00000190000" nib \
                                 "','status':'approved','until':'$+1400;'," members  \
    }
#define HIRED(day, who_, nib) /* permit through the employer */                                 \
    {                                                                                           \
        SETTLES, day, 9, who_, .visa = "E23",                                                   \
                               .text = "'sponsor':{'kind':'company','id':'00000190000" nib "'}" \
    }
#define VOUCHES(day, who_, nib)                                                        \
    {                                                                                  \
        SAYS, day, 10, who_,                                                           \
            .from = "IMI.SANGGAU", .type = "sponsor.link",                             \
            .text = "'action':'add','sponsor':{'kind':'company','id':'00000190000" nib \
                    "'},'relation':'employer'"                                         \
    }
#define POST(day, who_, nib, position, members)                                          \
    {                                                                                    \
        SAYS, day, 10, who_,                                                             \
            .from = "NAK.SANGGAU", .type = "tka.employment",                             \
            .text = "'action':'start','nib':'00000190000" nib "','rptka_no':'RPTKA-" nib \
                    "','position':'" position "','location':'6105'" members              \
    }
#define INSURED   ",'bpjs':'B-$r;$k;','npwp':'N-$r;$k;'"
#define COMPANION "'companion_niks':['0000030000009001']"

static const struct step without_a_plan[] = {
    HIRED(-40, 1, "11"),
    VOUCHES(-39, 1, "11"),
    {FOUND, .subject = "0000019000011", .rule = "tka-no-rptka",
     .text = "a working permit, and no plan of the employer"},
};

static const struct step at_another_firm[] = {
    PLAN(-90, "12", "'headcount':3," COMPANION),
    HIRED(-60, 1, "12"),
    VOUCHES(-59, 1, "12"),
    POST(-55, 1, "12", "technician", INSURED),
    {SAYS, 1, 14, 1, .from = "NAK.SANGGAU", .type = "inspection.result",
     .text = "'operation':'OP-961','lead':'NAK','outcome':'found','finding':'working','nib':'"
             "0000019000099'"},
    {FOUND, .who = 1, .rule = "tka-employer-mismatch", .text = "at work for another company"},
};

#define SEEN_FAR(day)                                                                              \
    {                                                                                              \
        SAYS, day, 11, 1, .from = "NAK.PUTUSSIBAU", .type = "inspection.result",                   \
                          .text = "'operation':'OP-962','lead':'NAK','outcome':'found','finding':" \
                                  "'working','nib':'0000019000013','location':'6108'"              \
    }
static const struct step in_another_district[] = {
    PLAN(-90, "13", "'headcount':3,'locations':['6105']," COMPANION),
    HIRED(-60, 1, "13"),
    VOUCHES(-59, 1, "13"),
    POST(-55, 1, "13", "technician", INSURED),
    SEEN_FAR(-6),
    SEEN_FAR(-3),
    SEEN_FAR(1),
    {FOUND, .subject = "0000019000013", .rule = "tka-location-mismatch",
     .text = "three days at work in Kapuas Hulu, planned for Sanggau"},
};

static const struct step personnel_office[] = {
    PLAN(-90, "14", "'headcount':3," COMPANION),
    HIRED(-20, 1, "14"),
    VOUCHES(-19, 1, "14"),
    POST(-15, 1, "14", "hr-manager", INSURED),
    {FOUND, .subject = "0000019000014", .rule = "tka-post-forbidden",
     .text = "a foreigner heads the personnel office"},
};

static const struct step one_too_many[] = {
    PLAN(-90, "15", "'headcount':2," COMPANION),
    {SETTLES, -30, 9, 1, .last = 3, .every = 9, .visa = "E23",
     .text = "'sponsor':{'kind':'company','id':'0000019000015'}"},
    {SAYS, -28, 9, 1, .last = 3, .every = 9, .from = "NAK.SANGGAU", .type = "tka.employment",
     .text = "'action':'start','nib':'0000019000015','rptka_no':'RPTKA-15','position':'welder','"
             "location':'6105'"},
    {FOUND, .subject = "0000019000015", .rule = "tka-over-headcount",
     .text = "three workers, a plan for two"},
};

static const struct step empty_report[] = {
    PLAN(-350, "16", "'headcount':2," COMPANION),
    HIRED(-340, 1, "16"),
    VOUCHES(-339, 1, "16"),
    POST(-335, 1, "16", "engineer", INSURED),
    {SAYS, -3, 11, 1, .from = "NAK.SANGGAU", .type = "tka.transfer-report",
     .text = "'nib':'0000019000016','rptka_no':'RPTKA-16','companion_nik':'0000030000009001','year'"
             ":1,'hours':0,'reported_at':'$@0;'"},
    {FOUND, .who = 1, .rule = "tka-transfer-empty", .text = "a year's report of no hours"},
};

static const struct step no_insurance[] = {
    PLAN(-230, "17", "'headcount':2," COMPANION),
    HIRED(-205, 1, "17"),
    VOUCHES(-204, 1, "17"),
    POST(-200, 1, "17", "chef", ""),
    {FOUND, .who = 1, .rule = "tka-no-social-tax",
     .text = "half a year without insurance and tax number"},
};

static const struct step no_report[] = {
    PLAN(-430, "18", "'headcount':2," COMPANION),
    HIRED(-415, 1, "18"),
    VOUCHES(-414, 1, "18"),
    POST(-412, 1, "18", "engineer", INSURED),
    {SAYS, -70, 10, 1, .from = "IMI.SANGGAU", .type = "permit.status",
     .text = "'action':'extended','class':'ITAS','basis_index':'E23','until':'$+365;','sponsor':{'"
             "kind':'company','id':'0000019000018'}"},
    {FOUND, .subject = "0000019000018", .rule = "tka-no-transfer-report",
     .text = "a year at work, no report"},
};

static const struct step contract_over[] = {
    PLAN(-200, "19", "'headcount':2," COMPANION),
    HIRED(-150, 1, "19"),
    VOUCHES(-149, 1, "19"),
    POST(-145, 1, "19", "operator", INSURED),
    {SAYS, -20, 15, 1, .from = "NAK.SANGGAU", .type = "tka.employment",
     .text = "'action':'end','nib':'0000019000019','rptka_no':'RPTKA-19','position':'operator','"
             "location':'6105'"},
    {FOUND, .who = 1, .rule = "rptka-ended-still-here",
     .text = "the contract is over, the worker is here"},
};

/* Two a day for ten days, at a mine where nobody foreign worked before. */
static const struct step new_mine[] = {
    PLAN(-40, "20", "'headcount':60," COMPANION),
    {IN, -6, 9, 1, .last = 11, .every = 1, .visa = "E23"},
    {IN, -6, 11, 12, .last = 22, .every = 1, .visa = "E23"},
    {SAYS, -6, 15, 1, .last = 11, .every = 1, .from = "NAK.SANGGAU", .type = "tka.employment",
     .text = "'action':'start','nib':'0000019000020','rptka_no':'RPTKA-20','position':'operator','"
             "location':'6105','site':'TAMBANG-SANGGAU-09'"},
    {SAYS, -6, 16, 12, .last = 22, .every = 1, .from = "NAK.SANGGAU", .type = "tka.employment",
     .text = "'action':'start','nib':'0000019000020','rptka_no':'RPTKA-20','position':'operator','"
             "location':'6105','site':'TAMBANG-SANGGAU-09'"},
    {FOUND, .subject = "TAMBANG-SANGGAU-09", .rule = "mine-site-surge",
     .text = "twenty-two new workers within eleven days"},
};

/* ---- sponsors ---- */

#define CHANGE(day, nik)                                                                    \
    {                                                                                       \
        SAYS, day, 10, 1,                                                                   \
            .from = "IMI.SANGGAU", .type = "sponsor.link",                                  \
            .text = "'action':'change','sponsor':{'kind':'person','id':'00000100000095" nik \
                    "'},'relation':'friend'"                                                \
    }
static const struct step from_hand_to_hand[] = {
    {SETTLES, -60, 9, 1, .visa = "E33F"},
    {SAYS, -59, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'person','id':'0000010000009500'},'relation':'friend'"},
    CHANGE(-45, "01"),
    CHANGE(-25, "02"),
    CHANGE(-5, "03"),
    {FOUND, .who = 1, .rule = "sponsor-churn", .text = "four sponsors in two months"},
};

static const struct step sponsor_died[] = {
    {SETTLES, -60, 9, 1, .visa = "E33F"},
    {SAYS, -59, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text =
         "'action':'add','sponsor':{'kind':'person','id':'0000010000009510'},'relation':'friend'"},
    {SAYS, -20, 10, 1, .from = "IMI.SANGGAU", .type = "sponsor.link",
     .text = "'action':'remove','reason':'deceased','sponsor':{'kind':'person','id':'"
             "0000010000009510'},'relation':'friend'"},
    {FOUND, .who = 1, .rule = "sponsor-deceased-or-exit",
     .text = "the sponsor died, nobody else vouches"},
};

void plant_workers(struct country *c)
{
    static const struct story stories[] = {
        STORY(without_a_plan),   STORY(at_another_firm),   STORY(in_another_district),
        STORY(personnel_office), STORY(one_too_many),      STORY(empty_report),
        STORY(no_insurance),     STORY(no_report),         STORY(contract_over),
        STORY(new_mine),         STORY(from_hand_to_hand), STORY(sponsor_died),
    };
    tell_stories(c, SEED_WORKERS, stories, KTG_COUNT(stories));
}
