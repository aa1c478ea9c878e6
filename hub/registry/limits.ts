/** Bounds of the registry: what is kept, and for how long. */
import { assert } from '@tributary/shared/assert.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** How soon a change by another process is seen. */
export const pollMs = 500;
/** How often it is written who was seen, and what is over is taken out. */
export const lazyWriteMs = minuteMs;
/** An agent whose last certificate expired so long ago is forgotten; one that was revoked is remembered longer. */
export const agentKeptMs = 90 * dayMs;
export const revokedAgentKeptMs = 400 * dayMs;
/** An enrolment that was granted and whose certificate was never made. */
export const halfEnrolledKeptMs = dayMs;
/** The same refusal of the same start of an agent is told in the trail once in this time. */
export const refusalRepeatMs = 10 * minuteMs;
/** Different refusals that are remembered for that. */
export const refusalsMax = 10_000;

export const retiredBootsMax = 64;
/** Certificates of one agent that may still be used: answers that were lost on their way, and the one in use. */
export const fingerprintsMax = 4;
export const tokensMax = 100_000;
export const usersMax = 10_000;
/** Of one person. The oldest goes. */
export const sessionsPerUserMax = 100;
/** What was not passed on to the platform topic; beyond it events are dropped and counted. */
export const auditRowsMax = 1_000_000;
export const auditTextMax = 1024;
export const auditDetailsMax = 32;
/** Notes of changes that memory views of other processes read; a view that is further behind reads everything again. */
export const changesKept = 10_000;
/** Calls that share a commit: all agents of a site coming back at once. */
export const groupCallsMax = 4096;
/** At this size the write-ahead log is put into the database. */
export const logBytesMax = 4 * 1024 * 1024;
/** Rows are small: the queue's large pages would be written for each of them. */
export const pageSize = 4096;

assert(fingerprintsMax >= 2, 'a renewed certificate and the one in use are both good');
assert(changesKept > 2 * groupCallsMax, 'a view that looks after every commit reads only what changed');
