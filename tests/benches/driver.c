// A caller of the driver library whose calls are counted: LIBRARY, then `first` or `reads`. Prints the nanoseconds of loading the
// library and its first answer together, or of an iReadCardBas on average.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sscarddriver.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

int main(int count, char **words) {
    char text[256];
    double start = now();
    void *library = count == 3 ? dlopen(words[1], RTLD_NOW) : NULL;
    __typeof__(iReadCardBas) *read = library ? (__typeof__(iReadCardBas) *)dlsym(library, "iReadCardBas") : NULL;
    if (read == NULL || read(1, text) != 0) {
        fprintf(stderr, "%s\n", read ? text : dlerror());
        return 1;
    }
    double first = now() - start, calls = 0;
    if (strcmp(words[2], "first") == 0) {
        printf("%f\n", first);
        return 0;
    }
    // The first calls are not counted: the service starts a thread, caches are cold.
    for (int call = 0; call < 20; call++) read(1, text);
    start = now();
    do {
        if (read(1, text) != 0) return 1;
        calls++;
    } while (now() - start < 2e8);
    printf("%f\n", (now() - start) / calls);
    return 0;
}
