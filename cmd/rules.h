/* cmd/rules.h - the texts that a command line chooses, compiled; shared by rules and replay.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_RULES_H
#define KTG_CMD_RULES_H

#include "cmd/command.h"
#include "rules/ruleset.h"
#include "runtime/yaml/yaml.h"
#include "schema/files.h"

/* Options of every command that compiles rules. */
#define KTG_RULES_PARAMETERS                                                        \
    {.name = "schema",                                                              \
     .kind = KTG_VALUE_FOLDER,                                                      \
     .help = {"event types and code lists besides the shipped ones",                \
              "jenis kejadian dan daftar kode selain bawaan"}},                     \
        {.name = "lists",                                                           \
         .kind = KTG_VALUE_FILE,                                                    \
         .help = {"reference lists in place of the shipped ones, a file or folder", \
                  "daftar rujukan pengganti bawaan, berkas atau folder"}},          \
    {                                                                               \
        .name = "settings", .kind = KTG_VALUE_FILE, .help = {                       \
            "settings that rules read, in place of the shipped ones",               \
            "pengaturan yang dibaca aturan, pengganti bawaan"                       \
        }                                                                           \
    }

/* Their operands: PATH... */
extern const struct ktg_parameter ktg_rules_operands[];

/* The bundle of a call: these paths in place of the shipped rules (count 0: the shipped ones). */
KTG_MUST_CHECK int ktg_rules_gather(struct ktg_call *call, const char *const *paths, size_t count,
                                    struct ktg_files *files);
/* Those of the paths; none: those that are in force here by the journal, and while it has none, those that a first start would take.
 * Which they are is said. */
KTG_MUST_CHECK int ktg_rules_gather_to_show(struct ktg_call *call, const char *const *paths,
                                            size_t count, struct ktg_files *files);
/* Without operands: that it is the shipped rules that are meant, whatever is in force here. */
void ktg_rules_say_shipped(const struct ktg_call *call);
/* Compile; errors, and warnings when asked for, go to stderr.  The caller frees rule set and notes' text. */
KTG_MUST_CHECK int ktg_rules_compile(struct ktg_call *call, const struct ktg_files *files,
                                     bool warnings, struct ktg_ruleset **ret_rs,
                                     struct ktg_notes *notes);

/* The same of the operands of a call. */
KTG_MUST_CHECK int ktg_rules_operands_compile(struct ktg_call *call, bool warnings,
                                              struct ktg_ruleset **ret_rs, struct ktg_notes *notes);
const char *ktg_rules_status(const struct ktg_rule *r); /* "live" ... */

/* rules_state.c: the rates of --rates, else the shipped ones. */
struct ktg_rates;
KTG_MUST_CHECK int ktg_rules_rates(struct ktg_call *call, struct ktg_rates **ret_r);
/* A row per rule and kind of subject: the state to be expected. */
void ktg_rules_state_show(struct ktg_output *o, const struct ktg_ruleset *rs,
                          const struct ktg_rates *rates);
/* Of what may go over its budget; how many warnings. */
size_t ktg_rules_state_warn(struct ktg_call *call, const struct ktg_ruleset *rs,
                            const struct ktg_rates *rates);

#endif
