// A caller of the driver library, for the tests: plain C, and C++ as well. It reads lines from its standard input:
//
//     NAME ARGUMENT...     calls a function and prints: result, whether nothing behind the NUL was written, text in hex
//
// An argument is i and an int, s and a text in hex, n for a null text, o for the buffer, z for a null buffer. The buffer has
// 256 bytes, or 4,096 if b stands for o, and the page behind it must not be touched. What is left out is passed as 0.
#define _GNU_SOURCE 1
#include "sscarddriver.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFER = 256, LARGE = 4096, ARGUMENTS = 6, TEXT = 16384, BEFORE = 0xA5 };

// Every function here takes ints and pointers, which x86-64 passes in the same registers.
typedef long long (*any_function)(void *, void *, void *, void *, void *, void *);

static char *guarded(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = (char *)mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == (char *)MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) exit(3);
    return pages + page - size;
}

static void *argument(const char *word, char *buffer, char *text) {
    size_t length = strlen(word + 1) / 2;
    switch (word[0]) {
    case 'i': return (void *)(long)atoi(word + 1);
    case 'o': case 'b': return buffer;
    case 's':
        for (size_t at = 0; at < length && at + 1 < TEXT; at++) {
            unsigned byte = 0;
            sscanf(word + 1 + 2 * at, "%2x", &byte);
            text[at] = (char)byte;
        }
        text[length] = 0;
        return text;
    default: return NULL;
    }
}

int main(int count, char **words) {
    static char line[TEXT], texts[ARGUMENTS][TEXT];
    void *library = dlopen(words[count - 1], RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    // As the header declares it.
    __typeof__(iReadCardBas) *basic = (__typeof__(iReadCardBas) *)dlsym(library, "iReadCardBas");
    if (basic == NULL || basic(0, NULL) != -14) return 4;
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t size = strstr(line, " b\n") == NULL ? BUFFER : LARGE;
        char *buffer = guarded(size), *rest = NULL, *name = strtok_r(line, " \n", &rest);
        void *given[ARGUMENTS] = {NULL};
        bool has_buffer = false;
        for (int at = 0; at < ARGUMENTS; at++) {
            char *word = strtok_r(NULL, " \n", &rest);
            if (word == NULL) break;
            has_buffer |= word[0] == 'o' || word[0] == 'b';
            given[at] = argument(word, buffer, texts[at]);
        }
        memset(buffer, BEFORE, size);
        any_function function = (any_function)dlsym(library, name);
        if (function == NULL) return 5;
        long long result = function(given[0], given[1], given[2], given[3], given[4], given[5]);
        size_t length = has_buffer ? strnlen(buffer, size) : 0;
        size_t clean = has_buffer ? length + 1 : 0;
        while (clean < size && (unsigned char)buffer[clean] == BEFORE) clean++;
        printf("%lld %d ", result, clean >= size && (int)result == result);
        for (size_t at = 0; at < length; at++) printf("%02x", (unsigned char)buffer[at]);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
