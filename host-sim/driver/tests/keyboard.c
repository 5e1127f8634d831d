// A PIN pad's library for the tests, by the vendors' names. The file PINS has a line for each thing that the pad says: what the
// holder keys then, or a negative result.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long KeybordGetInputPassword(unsigned char voice, char *password, unsigned char seconds) {
    char line[64] = "";
    FILE *pins = fopen(PINS, "r");
    if (pins == NULL || seconds == 0) return -99;
    for (int at = 0; at < voice && fgets(line, sizeof line, pins) != NULL; at++) {}
    fclose(pins);
    line[strcspn(line, "\n")] = 0;
    if (line[0] == '-') return atol(line);
    strcpy(password, line);
    return (long)strlen(line);
}
