/* tests/fuzz/rules/once.c - the shipped catalogue is loaded once for all inputs: it is always the same, and took four fifths
 * of the time.  The linker puts these in the place of what they are called after (--wrap).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/catalogue.h"

int __real_ktg_catalogue_load(const struct ktg_file *files, size_t count,
                              struct ktg_catalogue **ret_c, struct ktg_err *err);
int __wrap_ktg_catalogue_load(const struct ktg_file *files, size_t count,
                              struct ktg_catalogue **ret_c, struct ktg_err *err);
struct ktg_catalogue *__wrap_ktg_catalogue_free(struct ktg_catalogue *c);

static struct ktg_catalogue *kept;

int __wrap_ktg_catalogue_load(const struct ktg_file *files, size_t count,
                              struct ktg_catalogue **ret_c, struct ktg_err *err)
{
    int rc = kept ? KTG_OK : __real_ktg_catalogue_load(files, count, &kept, err);
    if (!rc)
        *ret_c = kept;
    return rc;
}

struct ktg_catalogue *__wrap_ktg_catalogue_free(struct ktg_catalogue *c)
{
    (void)c;
    return NULL;
}
