/* Counts the words of its input. A job is an ordinary program: stdin is the input, stdout the output, stderr the log, and
   the exit code says how it ended. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    unsigned long words = 0, length = 0, longest = 0;
    int c;
    while ((c = getchar()) != EOF) {
        if (isspace(c)) {
            length = 0;
            continue;
        }
        if (length++ == 0)
            words++;
        if (length > longest)
            longest = length;
    }
    if (ferror(stdin)) {
        fputs("error: the input cannot be read\n", stderr);
        return 75; /* another attempt may help */
    }
    if (words == 0) {
        fputs("error: there are no words\n", stderr);
        return 3;
    }
    const char *task = getenv("SUBLET_TASK_INDEX");
    printf("{\"task\":\"%s\",\"words\":%lu,\"longest\":%lu}\n", task ? task : "", words, longest);
    return 0;
}
