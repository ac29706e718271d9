/* cmd/phrase.h - what went wrong, in the language of the reader.
 *
 *     fault (faults.def)    name, what/apa, next/langkah      both languages stand in its row
 *     got, wanted, where    phrases.def                       English in the code, Indonesian in the table
 *     plain failures        phrases.def                       whole sentences, with % for what is told
 *
 * What the table does not know stays English; tools/check-parity says what is missing.
 * Pure.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_PHRASE_H
#define KTG_CMD_PHRASE_H

#include "cmd/output.h"

#define KTG_PHRASE_TEXT 512

/* `text` in that language, or `text` itself; `to` holds it where it is another. */
const char *ktg_phrase(const char *text, enum ktg_lang lang, char to[static KTG_PHRASE_TEXT]);
/* The whole story of a failure, as ktg_err.text tells it in English. */
const char *ktg_phrase_err(const struct ktg_err *err, enum ktg_lang lang,
                           char to[static KTG_PHRASE_TEXT]);
const char *ktg_phrase_what(const struct ktg_fault *fault, enum ktg_lang lang);
const char *ktg_phrase_next(const struct ktg_fault *fault, enum ktg_lang lang);

#endif
