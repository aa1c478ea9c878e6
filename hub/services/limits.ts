/** How often each service is asked: one that is open shows within fifteen seconds, and so does that it is closed. */
export const askIntervalMs = 5000;
/** From the connection to the last byte of the answer that is looked at. */
export const askDeadlineMs = 5000;
/** Of an answer, as who is asked may be anybody. A Kibana with many plugins has more than 100 KB to tell. */
export const answerBytesMax = 1024 * 1024;
export const headerBytesMax = 16 * 1024;
/** Services that are asked at a time, and addresses of one. */
export const askedAtOnceMax = 8;
export const addressesMax = 8;
