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
 * Writes records of one file by a key of the PSAM.
 */
int64_t iWriteCard(int iType,
                   const char *pCardInfo,
                   const char *pFileAddr,
                   const char *pWriteData,
                   char *pOutInfo);

/**
 * The same with a security module, step 1.
 */
int64_t iWriteCard_HSM_Step1(int iType,
                             const char *pCardInfo,
                             const char *pFileAddr,
                             char *pOutInfo);

/**
 * Step 2: takes the module's result, and writes.
 */
int64_t iWriteCard_HSM_Step2(const char *pKey, const char *pWriteData, char *pOutInfo);

/**
 * Sets a new PIN, which the holder keys on the pad twice, by a key of the PSAM.
 */
int64_t iReloadPIN(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * The same with a security module, step 1.
 */
int64_t iReloadPIN_HSM_Step1(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * Step 2: takes the module's result and the new PIN; the text has the PIN, for the module alone.
 */
int64_t iReloadPIN_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Step 3: takes the data of the command, and passes it to the card.
 */
int64_t iReloadPIN_HSM_Step3(const char *pKey, char *pOutInfo);

/**
 * Gives a PIN, which the holder keys on the pad, its tries back, by a key of the PSAM.
 */
int64_t iUnblockPIN(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * The same with a security module, step 1.
 */
int64_t iUnblockPIN_HSM_Step1(int iType, const char *pCardInfo, char *pOutInfo);

/**
 * Step 2: takes the module's result and the PIN; the text has the PIN, for the module alone.
 */
int64_t iUnblockPIN_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Step 3: takes the data of the command, and passes it to the card.
 */
int64_t iUnblockPIN_HSM_Step3(const char *pKey, char *pOutInfo);

/**
 * Has the card note a payment, by the holder's PIN and a key of the PSAM.
 */
int64_t iDoDebit(int iType, const char *pCardInfo, const char *pPayInfo, char *pOutInfo);

/**
 * The same with a security module, step 1.
 */
int64_t iDoDebit_HSM_Step1(int iType, const char *pCardInfo, const char *pPayInfo, char *pOutInfo);

/**
 * Step 2: takes the module's result, and the card notes the payment.
 */
int64_t iDoDebit_HSM_Step2(const char *pKey, char *pOutInfo);

/**
 * Reads the newest payments that the card has noted, by the holder's PIN.
 */
int64_t iReadDebitRecord(int iType, char *pOutInfo);

/**
 * The library asks the centre between the steps of iReadCardBas.
 */
int64_t iReadCardBas_HSM_Step1To2(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * The library asks the centre between the steps of iReadCard.
 */
int64_t iReadCard_HSM_Step1To2(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * The library asks the centre between the steps of iDoDebit.
 */
int64_t iDoDebit_HSM_Step1To2(const char *pMAC1SourceInfo, char *pMAC1);

/**
 * Not built: -13. A window's program asks the centre itself.
 */
int64_t iWriteCard_HSM_Step1To2(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * The library asks the centre between the steps of iReloadPIN.
 */
int64_t iReloadPIN_HSM_Step1To2(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * Not built: -13. A window's program asks the centre itself, with the holder's document.
 */
int64_t iReloadPIN_HSM_Step2To3(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * The library asks the centre between the steps of iUnblockPIN.
 */
int64_t iUnblockPIN_HSM_Step1To2(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * Not built: -13. A window's program asks the centre itself, with the holder's document.
 */
int64_t iUnblockPIN_HSM_Step2To3(int iType, const char *pAuthSourceInfo, char *pAuthInfo);

/**
 * iReadCardBas with a centre on this machine as security module; the password is a token for it.
 */
int64_t iCommReadCardBas(const char *wsdlAddress,
                         const char *userId,
                         const char *password,
                         const char *authKey,
                         int iType,
                         char *pOutInfo);

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

/**
 * Reads the card's data, field by field.
 */
int64_t iReadCardPublicInfo(char *KSBM,
                            char *KLB,
                            char *GFBB,
                            char *JGBM,
                            char *FKRQ,
                            char *KYXQ,
                            char *KH,
                            char *pErrMsg);

/**
 * Reads the holder's data, field by field.
 */
int64_t iReadPersonPublicInfo(char *SHBZHM,
                              char *XM,
                              char *XB,
                              char *MZ,
                              char *CSD,
                              char *CSRQ,
                              char *pErrMsg);

/**
 * Gives the device's number and the PSAM's number for the terminal; there is no message.
 */
int64_t iGetReaderInfo(char *pReaderSN, char *pPsamTermNo);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadIdentityInfo(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadPBOCAccount(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadPBOCAccount_Ext(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iPKBGetPIN(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iPKBVerifyPIN(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iPKBChangePIN(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t DeviceBeep(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iCheckCard(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iEnterCard(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iExitCard(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t SwitchMode(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iGetCardType(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iWriteCardBas(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iWriteCardBas_HSM_Step1(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iWriteCardBas_HSM_Step2(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadSignatureKey(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iWriteCA(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadBankNumber(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadICCardNum(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadIdentityCard(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iInitParms(void);

/**
 * Only the name is known. Not built: -13, and nothing is read or written.
 */
int64_t iReadCardBasExt(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SSCARDDRIVER_H_ */
