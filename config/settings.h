/* config/settings.h - every setting as one row of a table, and the values of one installation.
 *
 *     default of the row  <-  kentongan.yaml  <-  --set NAME=VALUE          the later one wins
 *
 * In the file the parts of a name are nested maps (gateway: {listen: ...}); a dotted name does as
 * well. (1) An unknown name is an error that tells the nearest one; so is a value out of its kind
 * or bounds. (2) After a load every setting has a value of its kind, and the pairs that must agree
 * do (warn above stop ...). (3) Relative paths are meant from the folder that stations run in.
 *
 * Pure but for ktg_settings_load().  Immutable after load; any thread.  Floor 1, needs runtime/
 * only. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_SETTINGS_H
#define KTG_CONFIG_SETTINGS_H

#include "runtime/buf.h"
#include "runtime/clock.h"
#include "runtime/log.h"

enum ktg_setting {
#define X(symbol, ...) KTG_SET_##symbol,
#include "config/settings.def"
#undef X
    KTG_SET_COUNT
};

enum ktg_setting_kind {
    KTG_SETTING_TEXT, /* bounds: bytes */
    KTG_SETTING_INT,
    KTG_SETTING_TIME,    /* written 250ms, 5m, 1d12h; value in ms */
    KTG_SETTING_BYTES,   /* written 4096, 64 KiB, 1 GiB; value in bytes */
    KTG_SETTING_PERCENT, /* 0..100 */
    KTG_SETTING_BOOL,    /* true, false */
    KTG_SETTING_LEVEL,   /* error, warning, notice, info, debug: value enum ktg_log_level */
    KTG_SETTING_ZONE,    /* WIB, WITA, WIT, UTC, +07:00; value in minutes east of UTC */
    KTG_SETTING_CLOCK,   /* START,ANCHOR,SCALE or empty: the true time */
};

struct ktg_setting_row {
    const char *name; /* "gateway.listen" */
    enum ktg_setting_kind kind;
    const char *initial; /* as it would be written */
    const char *unit;    /* for people; "" for none */
    int64_t min, max;
    const char *station; /* which station reads it; "all" */
    const char *help, *bantuan;
};
extern const struct ktg_setting_row ktg_setting_rows[KTG_SET_COUNT];

struct ktg_settings;

/* All at their defaults. */
KTG_MUST_CHECK int ktg_settings_new(struct ktg_settings **ret_s, struct ktg_err *err);
struct ktg_settings *ktg_settings_free(struct ktg_settings *s);

/* Take what the file says.  KTG_EINVALID "FILE:LINE:COLUMN: ..."; KTG_ENOTFOUND: no such file.
 * After a failure free the settings. */
KTG_MUST_CHECK int ktg_settings_load(struct ktg_settings *s, const char *path, struct ktg_err *err);
/* The same from a text; `name` stands for the file in messages. */
KTG_MUST_CHECK int ktg_settings_parse(struct ktg_settings *s, struct ktg_bytes text,
                                      const char *name, struct ktg_err *err);
/* "gateway.listen=tcp://127.0.0.1:7711", from a command line. */
KTG_MUST_CHECK int ktg_settings_set(struct ktg_settings *s, const char *assignment,
                                    struct ktg_err *err);

/* The value as a text; a path, an endpoint, or how a number was written.  Lives as long as the
 * settings. */
const char *ktg_settings_text(const struct ktg_settings *s, enum ktg_setting which);
/* Number, ms, bytes, percent, 0 or 1, level.  A text has none: our own mistake. */
int64_t ktg_settings_int(const struct ktg_settings *s, enum ktg_setting which);
bool ktg_settings_bool(const struct ktg_settings *s, enum ktg_setting which);
struct ktg_clock ktg_settings_clock(const struct ktg_settings *s);
/* Where the value comes from: "default", "kentongan.yaml:12:3", "--set". */
const char *ktg_settings_origin(const struct ktg_settings *s, enum ktg_setting which);

/* `config show --effective`: YAML that means the same, each value with its origin. */
void ktg_settings_show(const struct ktg_settings *s, struct ktg_buf *to);
/* The page of all settings, in Markdown. */
void ktg_settings_reference(struct ktg_buf *to);

#endif
