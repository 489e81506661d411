/* Counts the primes below a number and prints the largest of them: a job in C, with nothing of Sublet in it. */

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const long below = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
    if (below < 3) {
        fprintf(stderr, "usage: sieve BELOW (a number, 3 at least)\n");
        return 2;
    }
    char *composite = calloc((size_t)below, 1);
    if (composite == NULL) {
        fprintf(stderr, "%ld numbers do not fit into the memory of this job\n", below);
        return 1;
    }

    long primes = 0, largest = 0;
    for (long number = 2; number < below; number++) {
        if (composite[number])
            continue;
        primes++;
        largest = number;
        for (long long multiple = (long long)number * number; multiple < below; multiple += number)
            composite[multiple] = 1;
    }
    printf("%ld primes below %ld, the largest is %ld\n", primes, below, largest);
    free(composite);
    return 0;
}
