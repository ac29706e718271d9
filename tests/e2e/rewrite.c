/* tests/e2e/rewrite.c - what a proof does to journals that nobody is writing.
 *
 *     rewrite engine FROM TO N          the findings of FROM in the new folder TO, as engine N would have said them (another_engine.h);
 *                                       prints how many differences there are to tell
 *     rewrite erase JOURNAL FINDINGS POSITION...     those events, and what was found because of them (erase.h)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/another_engine.h"
#include "tests/support/erase.h"

static int erase(int argc, char **argv, struct ktg_err *err)
{
    struct erase_victim victims[64];
    size_t count = 0;
    for (int i = 4; i < argc && count < KTG_COUNT(victims); i++)
        victims[count++].pos = strtoull(argv[i], NULL, 10);
    return erase_events(argv[2], argv[3], victims, count, err);
}

int main(int argc, char **argv)
{
    struct ktg_err err = KTG_ERR_INIT;
    size_t differences = 0;
    if (argc < 5)
        return 2;
    int rc = strcmp(argv[1], "erase") == 0
                 ? erase(argc, argv, &err)
                 : another_engine(argv[2], argv[3], atoi(argv[4]), &differences, &err);
    if (rc)
        fprintf(stderr, "rewrite: %d %s\n", rc, err.text);
    else
        printf("%zu\n", differences);
    return rc ? 1 : 0;
}
