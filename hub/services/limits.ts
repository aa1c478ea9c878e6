/** How often each service is asked. */
export const askIntervalMs = 300_000;
/** From the connection to the last byte of the answer that is looked at. */
export const askDeadlineMs = 5000;
/** Of an answer: what is needed stands at its beginning, and who is asked may be anybody. */
export const answerBytesMax = 64 * 1024;
export const headerBytesMax = 16 * 1024;
/** Services that are asked at a time. */
export const askedAtOnceMax = 8;
