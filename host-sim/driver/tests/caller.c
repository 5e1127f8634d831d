// A caller of the driver library, for the tests: plain C, and C++ as well. It reads lines from its standard input:
//
//     NAME ARGUMENT...     calls a function and prints: result, whether nothing behind the NUL was written, text in hex
//
// An argument is i and an int, s and a text in hex, n for a null text, o for the buffer, f for a buffer whose text is printed at
// the end of the line, z for a null buffer. Each buffer has 256 bytes, and the page behind it must not be touched. What is left out is passed as 0.
#define _GNU_SOURCE 1
#include "sscarddriver.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFER = 256, ARGUMENTS = 8, TEXT = 8192, BEFORE = 0xA5 };

// Every function here takes ints and pointers, which x86-64 passes in the same places.
typedef long long (*any_function)(void *, void *, void *, void *, void *, void *, void *, void *);

static char *guarded(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = (char *)mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == (char *)MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) exit(3);
    return pages + page - BUFFER;
}

static void *argument(const char *word, char *buffer, char *text) {
    size_t length = strlen(word + 1) / 2;
    switch (word[0]) {
    case 'i': return (void *)(long)atoi(word + 1);
    case 'o': return buffer;
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

// The length of the text in a buffer, and whether nothing behind its NUL was written. A buffer that was not touched has none.
static size_t text_length(const char *buffer, bool *good) {
    size_t length = strnlen(buffer, BUFFER), clean = length + 1;
    while (clean < BUFFER && (unsigned char)buffer[clean] == BEFORE) clean++;
    *good &= clean >= BUFFER;
    return length;
}

static void print_hex(const char *text, size_t length) {
    for (size_t at = 0; at < length; at++) printf("%02x", (unsigned char)text[at]);
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
        char *buffer = guarded(), *rest = NULL, *name = strtok_r(line, " \n", &rest);
        void *given[ARGUMENTS] = {NULL};
        char *fields[ARGUMENTS] = {NULL};
        bool has_buffer = false, good = true;
        for (int at = 0; at < ARGUMENTS; at++) {
            char *word = strtok_r(NULL, " \n", &rest);
            if (word == NULL) break;
            has_buffer |= word[0] == 'o';
            given[at] = argument(word, buffer, texts[at]);
            if (word[0] == 'f') given[at] = fields[at] = (char *)memset(guarded(), BEFORE, BUFFER);
        }
        memset(buffer, BEFORE, BUFFER);
        any_function function = (any_function)dlsym(library, name);
        if (function == NULL) return 5;
        long long result = function(given[0], given[1], given[2], given[3], given[4], given[5], given[6], given[7]);
        size_t length = has_buffer ? text_length(buffer, &good) : 0;
        for (size_t at = 0; !has_buffer && at < BUFFER; at++) good &= (unsigned char)buffer[at] == BEFORE;
        size_t lengths[ARGUMENTS] = {0};
        for (int at = 0; at < ARGUMENTS; at++) {
            if (fields[at] != NULL) lengths[at] = text_length(fields[at], &good);
        }
        printf("%lld %d ", result, good && (int)result == result);
        print_hex(buffer, length);
        for (int at = 0; at < ARGUMENTS; at++) {
            if (fields[at] == NULL) continue;
            printf(" ");
            print_hex(fields[at], lengths[at]);
        }
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
