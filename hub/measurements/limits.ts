/** Limits of what the hub reads of the platform channels for itself, and of what it remembers of it. */
import { assert } from '@tributary/shared/assert.ts';

/** What the reader of platform channels may be behind: older entries are skipped, as newer ones say how it is. */
export const readerAgeMsMax = 15 * 60_000;
export const readerBytesMax = 256 * 1024 * 1024;
export const readEntriesMax = 256;
export const readBytesMax = 4 * 1024 * 1024;
/** How often its place is stored: what was read since is read again after a crash, and says the same again. */
export const commitIntervalMs = 5000;
/** What comes is gathered for so long at most before it is read: until the next multiple of it, which is the same in all partitions. */
export const gatherMs = 1000;
/** Of a batch: a larger one is inflated by another thread. */
export const inflatedHereBytesMax = 65_536;
/** Of those that are inflated in one go. */
export const inflatedTogetherBytesMax = 262_144;
/** Documents in between two looks at whether somebody else waits for the thread. */
export const documentsPerTurn = 50;

/** Agents of this site and of those below that are remembered. */
export const agentsMax = 50_000;
/** One that was not heard of for so long is forgotten. */
export const forgetAfterMs = 7 * 86_400_000;
/** Those that are heard of are in their order as of so long ago: to keep it for each that is told costs more than to take it. */
export const placedAgainMs = 60_000;

assert(commitIntervalMs < readerAgeMsMax, 'the place is stored before it is too old');

/** Of an agent, one by one. */
export const streamsShownMax = 100;
/** Streams of which it is known when something came last. */
export const streamTimesMax = 100_000;
/** Of an answer. */
export const eventsPerAnswer = 100;
export const chartPoints = 300;
export const chartPointsMax = 2000;
export const chartRangeMsMax = 32 * 86_400_000;
export const agentsPerAnswer = 100;
export const agentsPerAnswerMax = 2000;

/** Of an agent's names, labels and reasons. */
export const textKeptMax = 300;
export const labelsKeptMax = 32;
/** What was measured longer ago says nothing of now. File systems are measured once a minute. */
export const sampleAgeMsMax = 180_000;
/** The same of how full a disk is where that is judged, as an agent's configuration may have it measured more seldom. */
export const diskAgeMsMax = 3_600_000;

/** Half an hour of an agent with all of its series takes about 5 KB of memory while it is being filled. */
export const headsMax = 60_000;
/** What was measured is in the store so long after it came at the latest: a hub that dies loses no more of a chart. */
export const writeIntervalMs = 300_000;
/** After its time was over, a chunk stays in memory for what comes late. */
export const idleHeadMs = 120_000;
/** Chunks that are written in a second at most, so that nobody else's work waits for them. */
export const writesPerTurn = 50;
/** Events that are kept of each agent. */
export const eventsPerAgent = 200;

/** A coarse chunk is made so long after its time is over: what was measured is in the store by then. */
export const rollGraceMs = 600_000;
export const rollLookMs = 60_000;
export const rollsPerLook = 100;
/** In between two of them: they are made as fast as others let them. */
export const rollPauseMs = 5;
/** What was told stands for so long in a chart where nothing is told in between: an agent at rest tells once a minute. */
export const carriedMs = 70_000;

/** Of what hubs tell each other of agents. */
export const toldBytesMax = 64 * 1024 * 1024;
export const toldPerMessageMax = 20_000;

/** How often it is looked what is to be stored and to be told. */
export const flushIntervalMs = 1000;
/** Events that wait to be stored; beyond it they are in Elasticsearch and the archive only. */
export const eventsWaitingMax = 10_000;
/** How an agent is, is stored so long after it changed. */
export const stateIntervalMs = 300_000;
export const siteSampleMs = 10_000;
/** Channels, and outputs, that have series of their own. */
export const siteSeriesMax = 80;
export const trimIntervalMs = 600_000;
/** That something could not be stored is told this often at most. */
export const failureToldMs = 60_000;
