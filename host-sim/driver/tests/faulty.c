// A driver library with faults, which the caller must notice: with iType 1 a byte behind the NUL is written, with 2 the answer
// does not fit the buffer, with 3 the result is no int.
#include "sscarddriver.h"

#include <string.h>

int64_t iReadCardBas(int iType, char *pOutInfo) {
    if (pOutInfo == NULL) return -14;
    memcpy(pOutInfo, "a\0b", iType == 1 ? 3 : 2);
    if (iType == 2) memset(pOutInfo, 'a', 257);
    return iType == 3 ? 1LL << 40 : 0;
}
