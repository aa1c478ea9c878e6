/** Of one answer of the API or the kubelet: a node has at most some hundred pods of some ten kilobytes. */
export const answerBytesMax = 64 * 1024 * 1024;
export const answerWaitMs = 10_000;
/** Pods in one answer of the API; more come in further ones. */
export const podsPerAnswer = 250;
/** Answers to one question for all pods of a node. */
export const answersMax = 100;
/** Pods that are asked for at the same time, each for itself. */
export const podsPerRound = 16;
/** Between two questions for all pods of a node. */
export const askIntervalMs = 1000;
/** Pods that are remembered. The ones not asked for lately are forgotten first. */
export const podsRememberedMax = 10_000;
/** How often it is looked which containers are gone. */
export const sweepIntervalMs = 10_000;
