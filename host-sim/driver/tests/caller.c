// A caller of the driver library, for the tests: plain C, C++ as well, and a program for Windows whose functions have the
// convention CALLED. It reads lines from its standard input:
//
//     NAME ARGUMENT...     calls a function and prints: result, whether nothing behind the NUL was written, text in hex
//     ?NAME                prints 1 if the library has this name, otherwise 0
//
// An argument is i and an int, s and a text in hex, n for a null text, o for the buffer, f for a buffer whose text is printed at
// the end of the line, z for a null buffer. A buffer has 256 bytes, or 4,096 if b stands for o, and the page behind it must not be
// touched. What is left out is passed as 0.
#define _GNU_SOURCE 1
#include "sscarddriver.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>
#define CALLED
#endif

enum { BUFFER = 256, LARGE = 4096, ARGUMENTS = 8, TEXT = 16384, BEFORE = 0xA5 };

// Every function here takes ints and pointers, which x86-64 passes in the same places.
typedef long long(CALLED *any_function)(void *, void *, void *, void *, void *, void *, void *, void *);

#ifdef _WIN32

static char *guarded(size_t size) {
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    DWORD page = system.dwPageSize, before;
    char *pages = (char *)VirtualAlloc(NULL, 2 * page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (pages == NULL || !VirtualProtect(pages + page, page, PAGE_NOACCESS, &before)) exit(3);
    return pages + page - size;
}

static void *load(const char *path) {
    // A fault ends the program without a window.
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    HMODULE library = LoadLibraryA(path);
    if (library == NULL) fprintf(stderr, "%s: error %lu\n", path, GetLastError());
    return (void *)library;
}

static void *look_up(void *library, const char *name) {
    return (void *)GetProcAddress((HMODULE)library, name);
}

#else

static char *guarded(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = (char *)mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == (char *)MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0) exit(3);
    return pages + page - size;
}

static void *load(const char *path) {
    void *library = dlopen(path, RTLD_NOW);
    if (library == NULL) fprintf(stderr, "%s\n", dlerror());
    return library;
}

static void *look_up(void *library, const char *name) {
    return dlsym(library, name);
}

#endif

static void *argument(const char *word, char *buffer, char *text) {
    size_t length = strlen(word + 1) / 2;
    switch (word[0]) {
    case 'i': return (void *)(intptr_t)atoi(word + 1);
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

// The length of the text in a buffer, and whether nothing behind its NUL was written. A buffer that was not touched has none.
static size_t text_length(const char *buffer, size_t size, bool *good) {
    size_t length = strnlen(buffer, size), clean = length + 1;
    while (clean < size && (unsigned char)buffer[clean] == BEFORE) clean++;
    *good &= clean >= size;
    return length;
}

static void print_hex(const char *text, size_t length) {
    for (size_t at = 0; at < length; at++) printf("%02x", (unsigned char)text[at]);
}

int main(int count, char **words) {
    static char line[TEXT], texts[ARGUMENTS][TEXT];
    void *library = load(words[count - 1]);
    if (library == NULL) return 2;
    // As the header declares it.
    __typeof__(iReadCardBas) *basic = (__typeof__(iReadCardBas) *)look_up(library, "iReadCardBas");
    if (basic == NULL || basic(0, NULL) != -14) return 4;
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] == '?') {
            printf("%d\n", look_up(library, line + 1) != NULL);
            fflush(stdout);
            continue;
        }
        size_t asked = strlen(line), size = asked > 1 && strcmp(line + asked - 2, " b") == 0 ? LARGE : BUFFER;
        char *buffer = guarded(size), *rest = NULL, *name = strtok_r(line, " ", &rest);
        void *given[ARGUMENTS] = {NULL};
        char *fields[ARGUMENTS] = {NULL};
        bool has_buffer = false, good = true;
        for (int at = 0; at < ARGUMENTS; at++) {
            char *word = strtok_r(NULL, " ", &rest);
            if (word == NULL) break;
            has_buffer |= word[0] == 'o' || word[0] == 'b';
            given[at] = argument(word, buffer, texts[at]);
            if (word[0] == 'f') given[at] = fields[at] = (char *)memset(guarded(BUFFER), BEFORE, BUFFER);
        }
        memset(buffer, BEFORE, size);
        any_function function = (any_function)look_up(library, name);
        if (function == NULL) return 5;
        long long result = function(given[0], given[1], given[2], given[3], given[4], given[5], given[6], given[7]);
        size_t length = has_buffer ? text_length(buffer, size, &good) : 0;
        for (size_t at = 0; !has_buffer && at < size; at++) good &= (unsigned char)buffer[at] == BEFORE;
        size_t lengths[ARGUMENTS] = {0};
        for (int at = 0; at < ARGUMENTS; at++) {
            if (fields[at] != NULL) lengths[at] = text_length(fields[at], BUFFER, &good);
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
