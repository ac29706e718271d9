/* config/registry_key.h - one key's file, read and written; what registry.c and registry_file.c
 * share. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_REGISTRY_KEY_H
#define KTG_CONFIG_REGISTRY_KEY_H

#include "config/registry.h"
#include "runtime/buf.h"
#include "runtime/mem.h"

#define KTG_REGISTRY_KEYS 100000      /* most keys of a registry */
#define KTG_REGISTRY_FILE (64u << 10) /* most bytes of a key's file */

bool ktg_registry_key_name_ok(const char *name);
bool ktg_registry_key_text_ok(const char *text); /* 40 characters of Z85 */

/* Read a key's file; all texts live in the arena. */
KTG_MUST_CHECK int ktg_registry_key_parse(struct ktg_bytes text, const char *name,
                                          struct ktg_arena *arena, struct ktg_registry_key *ret_key,
                                          struct ktg_err *err);
void ktg_registry_key_format(const struct ktg_registry_key *key, struct ktg_buf *to);

#endif
