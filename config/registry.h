/* config/registry.h - who holds which key, and what that key may do.
 *
 *     keys/registry/NAME.yaml   one enrolled key: agency, role, public key, sources, types, rate,
 * validity keys/private/NAME.secret  0400, only where the key is used; never in the registry's
 * copies
 *
 * (1) A key is one installation's, not an agency's.  Names and public keys are unique.
 * (2) The registry says who a public key is, at every handshake; rights are read from it on every
 * message. (3) A revoked key stays in its file with its date: its name and its key are never given
 * out again. (4) Files are replaced whole (textfile.h); a registry that was loaded does not change:
 * load another and compare. Public keys are text here (Z85, 40 characters): runtime/link turns a
 * peer's key into that text.
 *
 * Immutable after load; any thread.  Floor 1, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_REGISTRY_H
#define KTG_CONFIG_REGISTRY_H

#include "config/agencies.h"
#include "runtime/clock.h"

#define KTG_KEY_TEXT      41 /* of a public or secret key, NUL included */
#define KTG_REGISTRY_NAME 65 /* of a key's name, NUL included */

enum ktg_role {
    KTG_ROLE_PRODUCER = 1,   /* may publish */
    KTG_ROLE_SUBSCRIBER = 2, /* may subscribe and ask */
    KTG_ROLE_BOTH = 3,
    KTG_ROLE_OFFICER = 4, /* subscribes, asks and acts */
    KTG_ROLE_SERVER = 8,  /* the centre's own */
};
const char *ktg_role_name(enum ktg_role role);
KTG_MUST_CHECK int ktg_role_parse(struct ktg_bytes text, enum ktg_role *ret_role);
bool ktg_role_may_publish(enum ktg_role role);
bool ktg_role_may_subscribe(enum ktg_role role);
bool ktg_role_may_act(enum ktg_role role);

struct ktg_registry_key {
    const char *name;   /* IMI.ENTIKONG.1: letters, digits, dot, dash, underscore */
    const char *agency; /* code */
    enum ktg_role role;
    const char *public_key; /* KTG_KEY_TEXT */
    const char *const
        *sources;             /* patterns: "IMI.ENTIKONG.1", "IMI.ENTIKONG.*", "*"; ended by NULL */
    const char *const *types; /* patterns: "border.crossing", "lodging.*", "*"; ended by NULL */
    int64_t rate, burst;      /* events per second, and at once */
    ktg_time not_before, not_after; /* KTG_LONG_AGO, KTG_NEVER: no bound */
    bool revoked;
    ktg_time revoked_at;
    const char *revoked_reason; /* "" */
    const char *note;           /* "" */
};

enum ktg_standing {
    KTG_STANDING_GOOD,
    KTG_STANDING_REVOKED,
    KTG_STANDING_EARLY,
    KTG_STANDING_EXPIRED
};
enum ktg_standing ktg_registry_standing(const struct ktg_registry_key *k, ktg_time now);
const char *
ktg_standing_name(enum ktg_standing s); /* "good", "revoked", "not-yet-valid", "expired" */

/* "*" is everything, "A.B.*" all that begins with "A.B.", else the same text. */
bool ktg_registry_matches(const char *pattern, struct ktg_bytes text);
bool ktg_registry_may_speak(const struct ktg_registry_key *k, struct ktg_bytes source);
bool ktg_registry_may_send(const struct ktg_registry_key *k, struct ktg_bytes source,
                           struct ktg_bytes type);

struct ktg_registry;

/* Every file of keys/registry.  A folder that is not there is an empty registry.  One wrong file is
 * an error that names it: nobody is let in on half a registry.  `agencies` may be NULL; else every
 * agency must be known. */
KTG_MUST_CHECK int ktg_registry_load(const char *keys_folder, const struct ktg_agencies *agencies,
                                     struct ktg_registry **ret_r, struct ktg_err *err);
/* `old` as far as its own files still bear it out, for when the folder as a whole cannot be loaded: a key whose file is
 * gone, or is another's by now (agency, public key), is gone; one whose file is right is as the file says, revoked too; one
 * whose file cannot be read stays as it was.  Nothing is added: what was taken away is gone at once, whatever else is wrong. */
KTG_MUST_CHECK int ktg_registry_narrow(const struct ktg_registry *old, const char *keys_folder,
                                       struct ktg_registry **ret_r, struct ktg_err *err);
struct ktg_registry *ktg_registry_free(struct ktg_registry *r);
size_t ktg_registry_count(const struct ktg_registry *r);
const struct ktg_registry_key *ktg_registry_at(const struct ktg_registry *r,
                                               size_t i); /* in order of names */
const struct ktg_registry_key *ktg_registry_named(const struct ktg_registry *r, const char *name);
const struct ktg_registry_key *ktg_registry_holder(const struct ktg_registry *r,
                                                   const char *public_key);

/* A fresh pair as two Z85 texts; runtime/link has one to give. */
typedef int ktg_registry_generate(void *arg, char public_key[static KTG_KEY_TEXT],
                                  char secret_key[static KTG_KEY_TEXT], struct ktg_err *err);

/* Enrol a key whose public half somebody else made.  KTG_ECONFLICT: name or key are taken, even by
 * a revoked one. */
KTG_MUST_CHECK int ktg_registry_enrol(const char *keys_folder, const struct ktg_registry_key *key,
                                      struct ktg_err *err);
/* Make a pair for `key` (its public_key is not read), keep the secret under private/, enrol it. The
 * public half is written to ret_public (may be NULL). */
KTG_MUST_CHECK int ktg_registry_make(const char *keys_folder, const struct ktg_registry_key *key,
                                     ktg_registry_generate *generate, void *arg, char *ret_public,
                                     struct ktg_err *err);
/* KTG_ENOTFOUND: no such key; KTG_ECONFLICT: it was revoked before. */
KTG_MUST_CHECK int ktg_registry_revoke(const char *keys_folder, const char *name, ktg_time now,
                                       const char *reason, struct ktg_err *err);
/* The secret half.  KTG_EDENIED: the file is open to others than its owner. */
KTG_MUST_CHECK int ktg_registry_secret(const char *keys_folder, const char *name,
                                       char to[static KTG_KEY_TEXT], struct ktg_err *err);

#endif
