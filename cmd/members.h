/* cmd/members.h - who belongs to a running centre: agencies and keys, read again whenever they change on the disk.
 *
 *     agencies.yaml ──┐  changed?  ┌─ all right ─> in force together
 *     keys/registry/ ─┴──(stat)───>┤
 *                                  └─ wrong ─────> what was in force, less the keys that lost their rights; said once
 *
 * (1) `agency add`, `keys gen` and `keys revoke` need no restart and no reload: whoever asks sees the newest that was right.
 *     A look is two calls of stat(); the files are read only after a change.  Whoever is asked for by name is judged by the
 *     folder of keys as it is then: once `keys revoke` has returned, no message of that key is taken.
 * (2) A key that was revoked, or whose file is gone, has no rights from the next look on, even while something else there
 *     is wrong (ktg_registry_narrow).  Nobody is let in on half a registry.
 * (3) A change within the same tick of the file system's clock as the last reading is not missed: what was read so early is
 *     read once more.  A file that was changed in place shows only when it is asked for (SIGHUP).
 * Shell; owned by the loop of its station.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_MEMBERS_H
#define KTG_CMD_MEMBERS_H

#include "cmd/installation.h"
#include "config/registry.h"

struct ktg_members_stamp { /* ns since 1970; 0: not there */
    int64_t folder, agencies, inode, size;
};

struct ktg_members {
    struct ktg_call *call;
    const struct ktg_settings *settings; /* borrowed, as the call is */
    struct ktg_agencies *agencies;
    struct ktg_registry *registry;
    struct ktg_members_stamp read;    /* of what is in force */
    struct ktg_members_stamp refused; /* of what was wrong; all 0: nothing is */
    bool early;                       /* what is in force was read within a tick of its change */
    bool agencies_fresh;              /* for ktg_members_fresh_agencies */
    int64_t looked, tried;            /* mono ms */
};

/* Zeroed before.  Done with it after a failure, too. */
KTG_MUST_CHECK int ktg_members_open(struct ktg_members *m, struct ktg_call *call,
                                    const struct ktg_settings *settings);
void ktg_members_done(struct ktg_members *m);

/* Look whether anything changed, and take it.  `anyway`: read it even if nothing seems to have.  True: others are in force. */
bool ktg_members_look(struct ktg_members *m, bool anyway);
/* The same, at most four times a second. */
void ktg_members_look_now_and_then(struct ktg_members *m);

/* The key, until the next look, if it is good now (people's time, whatever a demo's clock says); NULL: it may do nothing. */
const struct ktg_registry_key *ktg_members_named(struct ktg_members *m, struct ktg_bytes name);
/* Whose public key (Z85) it is, whatever its standing; NULL: nobody's. */
const struct ktg_registry_key *ktg_members_holder(struct ktg_members *m, const char *public_key);
enum ktg_standing ktg_members_standing(const struct ktg_registry_key *k);

/* Append the text of the agencies if a look has taken others since this was asked last; asked for the first time, that of
 * the start, if there is a file.  KTG_ENOTFOUND: none has.  Others: they cannot be read; asked again, they are tried again.  It does not look: keys that are held stay. */
KTG_MUST_CHECK int ktg_members_fresh_agencies(struct ktg_members *m, struct ktg_buf *to,
                                              struct ktg_err *err);

#endif
