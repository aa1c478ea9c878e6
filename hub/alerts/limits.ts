/** Bounds of what alerts remember and send. docs/operating/alerts.md tells them. */
import { assert } from '@tributary/shared/assert.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** How often it is looked what changed. */
export const alertLookMs = secondMs;
/** Troubles that a receiver is told of one by one at a time; of the others it is told how many they are. */
export const toldMax = 2000;
/** Those that one message lists. */
export const listedMax = 100;
/** A hub that dies is followed within this time by another one that tells: its lock ends, and the other one looks at health. */
export const takeoverMsMax = minuteMs;
/** What is remembered of a reason, to say what is resolved. */
export const keptReasonMax = 200;
/** Who wants to be told sooner than usual of what is over waits after a start for so many times `resolve_after` only (`foundAgainMs`). */
export const foundAgainTimes = 3;
/** One that comes back within this time was not gone for good. */
export const returnWithinMs = 60 * minuteMs;
/** Each time it has to be gone for twice as long, up to this. */
export const resolveAfterMaxMs = 60 * minuteMs;
/** Between two attempts to send the same message. */
export const sendRetry = { msMin: 5 * secondMs, msMax: 5 * minuteMs };
/** A hub that looked at its health longer ago gives no sign of life. */
export const healthAgeMsMax = minuteMs / 2;
/** From a sign of life that did not go to the next one. */
export const heartbeatRetryMs = 10 * secondMs;
/** A message that was refused so often for what it says is given up: what comes after it is not kept waiting. */
export const refusalsMax = 5;
/** Silences, and acknowledgements, of a tenant; as many are of the site. */
export const silencesMax = 200;
export const acknowledgementsMax = 1000;
/** What all tenants keep of them together: it is written whole with each change. */
export const tenantHoldsBytesMax = 4 * 1024 * 1024;
/** Other hubs that were first, one after the other, before a change is given up. */
export const changeTriesMax = 20;
/** An acknowledgement of something that has been gone for so long is forgotten. */
export const acknowledgedGoneMs = 5 * minuteMs;
/** Of an answer of a receiver: what is read of it to say why. */
export const answerBytesMax = 2000;
/** Who is told is named by so many words of the answer at most. */
export const troubleTextMax = 300;

assert(listedMax <= toldMax, 'what is listed is told');
