/** Bounds of what is asked of a Kibana. */

export const requestTimeoutMs = 60_000;
/** Of what is only looked for. */
export const lookTimeoutMs = 5000;
export const answerBytesMax = 64 * 1024 * 1024;
/** Where Kibana listens unless told otherwise. */
export const kibanaPort = '5601';
