/* schema/text.h - Unicode text: is it valid, is it normal (NFC), and the forms under which subjects are found.
 *
 * NFC is checked in place, run by run: a run is one letter and the marks upon it, so a few hundred bytes of stack
 * are enough for any text, and text below U+0300 is normal by itself.
 *
 * Pure.  Floor 1.  The only room that knows <utf8proc.h>.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_TEXT_H
#define KTG_SCHEMA_TEXT_H

#include "runtime/buf.h"
#include "runtime/bytes.h"

enum ktg_text_flaw { KTG_TEXT_GOOD, KTG_TEXT_NOT_UTF8, KTG_TEXT_NUL, KTG_TEXT_NOT_NFC };

/* The first flaw of the text.  Allocates nothing; linear. */
enum ktg_text_flaw ktg_text_check(struct ktg_bytes text);
/* Append the NFC of a valid text.  KTG_EINVALID: no UTF-8, or a letter with too many marks; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_text_put_nfc(struct ktg_buf *to, struct ktg_bytes text);

/* The forms of subject ids (LANGUAGE.md section 1); each appends to `to`, which shows a lack of memory (buf.h):
 *   number   of documents, permits, persons: upper case, letters and digits only (ICAO 9303 writes every other
 *            character of a number as the filler '<', so neither counts)
 *   name     upper case; fillers and runs of blanks become one blank, none at the ends
 *   words    upper case; every run of anything but letters, digits and marks becomes one blank, none at the ends
 *   phone    without blanks and - . ( ) /
 *   email    lower case, without blanks */
enum ktg_text_form {
    KTG_FORM_AS_IS,
    KTG_FORM_NUMBER,
    KTG_FORM_NAME,
    KTG_FORM_WORDS,
    KTG_FORM_PHONE,
    KTG_FORM_EMAIL
};
void ktg_text_put_form(struct ktg_buf *to, struct ktg_bytes text, enum ktg_text_form form);

#endif
