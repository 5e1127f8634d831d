/* The standard driver library of social security cards. Made by cbindgen: see tests/header.rs.
 *
 * Every function returns 0, or a code below 0. Texts are GBK and end with NUL. The buffer, which is the last parameter, has at
 * least 256 bytes: it receives the answer or, if the result is below 0, a message. */

#ifndef SSCARDDRIVER_H_
#define SSCARDDRIVER_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Reads the holder's and the card's data: eleven fields.
 */
int64_t iReadCardBas(int iType, char *pOutInfo);

/**
 * The same with a security module, step 1: what the module is asked.
 */
int64_t iReadCardBas_HSM_Step1(int iType, char *pOutInfo);

/**
 * Step 2: takes the module's result, and reads.
 */
int64_t iReadCardBas_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Reads records by file and tag; iAuthType 1 by the PIN, 2 by a key of the PSAM.
 */
int64_t iReadCard(int iType,
                  int iAuthType,
                  const char *pCardInfo,
                  const char *pFileAddr,
                  char *pOutInfo);

/**
 * The same with a security module, step 1.
 */
int64_t iReadCard_HSM_Step1(int iType,
                            const char *pCardInfo,
                            const char *pFileAddr,
                            char *pOutInfo);

/**
 * Step 2: takes the module's result, and reads.
 */
int64_t iReadCard_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Checks the PIN, which the holder keys on the pad.
 */
int64_t iVerifyPIN(int iType, char *pOutInfo);

/**
 * Changes the PIN, which the holder keys on the pad: the old one, the new one, and the new one again.
 */
int64_t iChangePIN(int iType,
                   char *pOutInfo);

/**
 * Writes records. Not built: -13.
 */
int64_t iWriteCard(int iType,
                   const char *pCardInfo,
                   const char *pFileAddr,
                   const char *pWriteData,
                   char *pOutInfo);

/**
 * Writes records with a security module, step 1. Not built: -13.
 */
int64_t iWriteCard_HSM_Step1(int iType,
                             const char *pCardInfo,
                             const char *pFileAddr,
                             char *pOutInfo);

/**
 * Step 2. Not built: -13.
 */
int64_t iWriteCard_HSM_Step2(const char *pKey, const char *pWriteData, char *pOutInfo);

/**
 * Sets a new PIN. Not built: -13.
 */
int64_t iReloadPIN(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * Sets a new PIN with a security module, step 1. Not built: -13.
 */
int64_t iReloadPIN_HSM_Step1(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * Step 2. Not built: -13.
 */
int64_t iReloadPIN_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Step 3. Not built: -13.
 */
int64_t iReloadPIN_HSM_Step3(const char *pKey, char *pOutInfo);

/**
 * Gives a locked PIN its tries back. Not built: -13.
 */
int64_t iUnblockPIN(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * The same with a security module, step 1. Not built: -13.
 */
int64_t iUnblockPIN_HSM_Step1(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * Step 2. Not built: -13.
 */
int64_t iUnblockPIN_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Step 3. Not built: -13.
 */
int64_t iUnblockPIN_HSM_Step3(const char *pKey, char *pOutInfo);

/**
 * Debits the card. Not built: -13.
 */
int64_t iDoDebit(int iType, const char *pCardInfo, const char *pPayInfo, char *pOutInfo);

/**
 * Debits the card with a security module, step 1. Not built: -13.
 */
int64_t iDoDebit_HSM_Step1(int iType, const char *pCardInfo, const char *pPayInfo, char *pOutInfo);

/**
 * Step 2. Not built: -13.
 */
int64_t iDoDebit_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Reads what was debited. Not built: -13.
 */
int64_t iReadDebitRecord(int iType, char *pOutInfo);

/**
 * Signs data with the card's key; iType: 1 r and s, 2 ASN.1. The answer is base64.
 */
int64_t PKI_SignData(const char *pUserPin, const char *pInData, int iType, char *pOutInfo);

/**
 * Verifies a signature in base64; pCert is base64, too, or empty for the card's. pUserPin is not used.
 */
int64_t PKI_VerifySign(const char *pUserPin,
                       const char *pCert,
                       const char *pClearText,
                       const char *pSignature,
                       int iType,
                       char *pOutInfo);

/**
 * Seals data into an envelope for the owner of pCert, or of the card if it is empty. Ours.
 */
int64_t PKI_SealEnvelope(const char *pCert, const char *pInData, int iSize, char *pOutInfo);

/**
 * Opens an envelope with the card's key. Ours.
 */
int64_t PKI_OpenEnvelope(const char *pUserPin, const char *pEnvelope, int iSize, char *pOutInfo);

/**
 * Reads a certificate of the card; iType: 1 for signatures, 2 for envelopes. Ours.
 */
int64_t PKI_ReadCert(int iType, int iSize, char *pOutInfo);

/**
 * Changes the PIN of the card's PKI application. Ours.
 */
int64_t PKI_ChangePIN(const char *pOldPin, const char *pNewPin, char *pOutInfo);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SSCARDDRIVER_H_ */
