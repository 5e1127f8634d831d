// A library of Windows 10 that the wine of Debian 12 lacks, for the tests only: random numbers, by what wine has.
#include <windows.h>

#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return RtlGenRandom(data, (ULONG)length);
}
