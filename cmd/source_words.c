/* cmd/source_words.c - see source_words.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/source_words.h"

#include <sys/stat.h>

#include "runtime/clock.h"

enum { TICK_MS = 50 }; /* no clock of a file system is coarser */

static struct ktg_source_look stamp_of(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return (struct ktg_source_look){0};
    int64_t changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    int64_t age = ktg_clock_now(&KTG_CLOCK_REAL) - changed / 1000000;
    return (struct ktg_source_look){changed, (int64_t)st.st_ino, st.st_size,
                                    age < TICK_MS && age > -TICK_MS};
}

int ktg_source_look(struct ktg_source_look *l, const char *path, bool again,
                    int (*each)(void *to, const struct ktg_retirement *w), void *to,
                    struct ktg_err *err)
{
    const struct ktg_source_look now = stamp_of(path);
    struct ktg_source_words *words = NULL;
    bool same = now.changed == l->changed && now.inode == l->inode && now.size == l->size;
    if (same && !again && (!l->early || now.early))
        return KTG_ENOTFOUND;
    *l = now;
    if (!now.inode)
        return KTG_ENOTFOUND;
    int rc = ktg_source_words_load(path, &words, err);
    for (size_t i = 0; !rc && i < ktg_source_words_count(words); i++) {
        const struct ktg_source_word *w = ktg_source_words_at(words, i);
        const struct ktg_retirement r = {ktg_bytes_str(w->source), w->at, w->retired};
        rc = each(to, &r);
    }
    ktg_source_words_free(words);
    return rc;
}
