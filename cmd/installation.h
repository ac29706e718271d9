/* cmd/installation.h - the options that say which installation a command means, and what is in it.
 *
 *     --config FILE   else ./kentongan.yaml, else every setting at its default
 *     --set NAME=VALUE  wins over the file
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_INSTALLATION_H
#define KTG_CMD_INSTALLATION_H

#include "cmd/command.h"
#include "cmd/shipped.h"
#include "config/agencies.h"
#include "config/settings.h"
#include "runtime/clockfile.h"
#include "runtime/link/curve.h"

/* Rows for the options of a command. */
#define KTG_INSTALLATION_PARAMETERS                                                        \
    {.name = "config",                                                                     \
     .letter = 'c',                                                                        \
     .kind = KTG_VALUE_FILE,                                                               \
     .help = {"settings; else ./kentongan.yaml if it is there",                            \
              "pengaturan; jika tidak, ./kentongan.yaml bila ada"}},                       \
    {                                                                                      \
        .name = "set", .kind = KTG_VALUE_TEXT, .repeat = true, .stands_for = "NAME=VALUE", \
        .help = {                                                                          \
            "one setting, over the file",                                                  \
            "satu pengaturan, di atas berkas"                                              \
        }                                                                                  \
    }

/* Also tells the output whose time people read, and which day is today. */
KTG_MUST_CHECK int ktg_installation_settings(struct ktg_call *call, struct ktg_settings **ret_s);
/* Only the zone, for commands that need no more: days that are given begin there. */
KTG_MUST_CHECK int ktg_installation_zone(struct ktg_call *call);
/* Which day is today, again: for output that goes on over midnight. */
void ktg_installation_today(struct ktg_call *call, const struct ktg_settings *s);
/* The same with this file in place of --config and ./kentongan.yaml; NULL: none. */
KTG_MUST_CHECK int ktg_installation_settings_of(struct ktg_call *call, const char *file,
                                                struct ktg_settings **ret_s);
/* Where they are looked for, whether they are there or not. */
const char *ktg_installation_settings_file(const struct ktg_call *call);
/* Of the file that the settings name; while there is none, the shipped ones. */
KTG_MUST_CHECK int ktg_installation_agencies(struct ktg_call *call, const struct ktg_settings *s,
                                             struct ktg_agencies **ret_a);
enum { KTG_INSTALLATION_PATH = 512 };
/* The folder that `option` names, else `name` among the installation's data, in `room`. */
const char *ktg_installation_folder(const struct ktg_call *call, const struct ktg_settings *s,
                                    const char *option, const char *name,
                                    char room[static KTG_INSTALLATION_PATH]);
/* The clock of the settings.  *ret_file is what clock.file names, or NULL; the caller closes it when nobody uses the
 * clock any more. */
KTG_MUST_CHECK int ktg_installation_clock(struct ktg_call *call, const struct ktg_settings *s,
                                          struct ktg_clock *ret_clock,
                                          struct ktg_clockfile **ret_file);
/* The texts in force here: the folders of the settings that are there, else the shipped ones.  The choice points into
 * `settings` and itself: do not copy it. */
struct ktg_installation_texts {
    const char *rules; /* NULL: none of our own */
    struct ktg_shipped_choice choice;
};
void ktg_installation_texts(const struct ktg_settings *s, struct ktg_installation_texts *ret_texts);
/* The text of agencies.yaml as shipped. */
struct ktg_bytes ktg_installation_shipped_agencies(void);

/* Rows for the options of a command that calls the centre. */
#define KTG_CALLER_PARAMETERS                                                           \
    {.name = "key",                                                                     \
     .letter = 'k',                                                                     \
     .kind = KTG_VALUE_TEXT,                                                            \
     .stands_for = "NAME",                                                              \
     .help = {"our key, as IMI.ENTIKONG.1; else the setting agent.key",                 \
              "kunci kami, seperti IMI.ENTIKONG.1; jika tidak, pengaturan agent.key"}}, \
    {                                                                                   \
        .name = "gateway", .kind = KTG_VALUE_TEXT, .stands_for = "ENDPOINT", .help = {  \
            "the centre; else the setting agent.gateway",                               \
            "alamat pusat; jika tidak, pengaturan agent.gateway"                        \
        }                                                                               \
    }

struct ktg_installation_caller {
    const char *name, *endpoint; /* live as long as call and settings */
    struct ktg_curve_pair keys;  /* the caller of this forgets them */
    struct ktg_curve_key server_key;
};
/* Who calls, and whom.  KTG_EUSAGE: nobody said whose key; others name the file. */
KTG_MUST_CHECK int ktg_installation_caller(struct ktg_call *call, const struct ktg_settings *s,
                                           struct ktg_installation_caller *ret_caller);

#endif
