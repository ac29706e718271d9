/* cmd/lines.c - see lines.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/lines.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/command.h"
#include "runtime/path.h"

int ktg_lines_open(struct ktg_lines *l, const char *path, size_t max, struct ktg_err *err)
{
    bool standard = strcmp(path, "-") == 0;
    *l = (struct ktg_lines){.name = standard ? "(stdin)" : path, .max = max};
    l->file = standard ? stdin : fopen(path, "rb");
    if (!l->file)
        return ktg_path_fail(err, path, errno, NULL);
    struct stat st;
    if (standard || fstat(fileno(l->file), &st) || !S_ISDIR(st.st_mode))
        return KTG_OK;
    fclose(l->file);
    l->file = NULL;
    return ktg_path_fail(err, path, EISDIR, "a file of lines");
}

static int long_line(const struct ktg_lines *l, struct ktg_err *err)
{
    char where[96], want[48];
    snprintf(where, sizeof where, "%.72s:%zu", l->name, l->number + 1);
    snprintf(want, sizeof want, "at most %zu bytes a line", l->max);
    return ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_LONG_LINE], where, "a longer line", want);
}

static int read_line(struct ktg_lines *l, struct ktg_err *err)
{
    ktg_buf_clear(&l->line);
    int ch;
    while ((ch = getc_unlocked(l->file)) != EOF && ch != '\n') {
        if (l->line.size == l->max)
            return long_line(l, err);
        ktg_buf_put_u8(&l->line, (uint8_t)ch);
    }
    if (ferror(l->file))
        return ktg_path_fail(err, l->name, errno, NULL);
    if (ch == EOF && l->line.size == 0)
        return KTG_ENOTFOUND;
    if (!l->number++ && l->line.size >= 3 && !memcmp(l->line.data, "\xef\xbb\xbf", 3)) {
        l->line.size -= 3; /* the mark that some editors put before the first line */
        memmove(l->line.data, l->line.data + 3, l->line.size);
    }
    if (l->line.size && l->line.data[l->line.size - 1] == '\r')
        l->line.size--;
    return ktg_buf_check(&l->line);
}

int ktg_lines_next(struct ktg_lines *l, struct ktg_bytes *ret_line, struct ktg_err *err)
{
    int rc = read_line(l, err);
    if (!rc)
        *ret_line = ktg_buf_view(&l->line);
    return rc;
}

/* Quicker than line after line, for most files do not hold it. */
static bool holds(FILE *file, const char *word)
{
    char block[64 * 1024];
    size_t keep = 0, len = strlen(word);
    for (size_t n; (n = fread(block + keep, 1, sizeof block - keep, file)) > 0;) {
        n += keep;
        if (memmem(block, n, word, len))
            return true;
        keep = n < len - 1 ? n : len - 1; /* the word may lie across two blocks */
        memmove(block, block + n - keep, keep);
    }
    return false;
}

bool ktg_lines_find(struct ktg_lines *l, const char *word, bool (*is)(struct ktg_bytes line))
{
    struct stat st;
    off_t start = ftello(l->file);
    size_t number = l->number;
    bool found = false;
    if (start < 0 || fstat(fileno(l->file), &st) || !S_ISREG(st.st_mode))
        return false;
    if (holds(l->file, word) && !fseeko(l->file, start, SEEK_SET))
        while (!found &&
               !read_line(l, NULL)) /* one that cannot be read is told when its turn comes */
            found = is(ktg_buf_view(&l->line));
    clearerr(l->file);
    if (fseeko(l->file, start, SEEK_SET))
        return false; /* a regular file; the next read will say what is wrong */
    l->number = number;
    return found;
}

void ktg_lines_say_wrong(const struct ktg_lines *l, struct ktg_output *to, size_t line,
                         const char *why)
{
    ktg_output_say(to, "%s:%zu: passed over: %s", "%s:%zu: dilewati: %s", l->name, line, why);
}

int ktg_lines_verdict(const struct ktg_lines *l, size_t wrong, struct ktg_err *err)
{
    char count[64];
    snprintf(count, sizeof count, "%zu of %zu lines", wrong, l->number);
    return wrong ? ktg_err_fault(err, &ktg_cmd_faults[KTG_CMD_LINES_WRONG], l->name, count, NULL)
                 : KTG_OK;
}

void ktg_lines_close(struct ktg_lines *l)
{
    if (l->file && l->file != stdin)
        fclose(l->file);
    ktg_buf_done(&l->line);
    l->file = NULL;
}
