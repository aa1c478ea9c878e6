import { assert } from '@tributary/shared/assert.ts';
import { runBytesMax, runRecordsMax } from '../../framing/limits.ts';

/** Datagrams of a thread that wait to be pushed: so many blocks of so many bytes, taken only when they are needed. */
export const blocksMax = 32;
export const blockBytes = 512 * 1024;
export const blockRecordsMax = 4096;

/** Datagrams that one call may take. */
export const udpSlots = 128;
/** No UDP datagram is longer. */
export const udpSlotBytes = 65_536;
export const unixSlots = 32;
/** What a unix datagram can have with the default `wmem_max`. */
export const unixSlotBytes = 256 * 1024;

/** A block that is not full is handed over after this. */
export const blockAgeMsMax = 5;
/**
 * A thread that found fewer datagrams than this pauses for a moment, so that a call takes many instead of one: else most of its time goes
 * into waking up. Only where the receive buffer holds what may come meanwhile: a million messages a second are 1.3 GB of it.
 */
export const fewDatagrams = 64;
export const pauseMs = 0.5;
export const pauseBufferBytesMin = 2 * 1024 * 1024;
/** How long a thread sleeps at most when nothing comes: it looks then whether the process wants to end. */
export const pollMsMax = 5000;
/** At the end what has come already is still taken, but not what a sender that never stops goes on sending. */
export const lastReceivesMax = 256;

/** How often the kernel's count of drops is asked for while something comes. */
export const dropCheckMs = 1000;

/** A longer octet count is none (RFC 6587 does not limit it). */
export const octetCountDigitsMax = 8;

/** What is on its way when the agent stops is waited for at most this long. */
export const stopGraceMs = 1000;
/** The same of a connection: who heeds the end of our half has no more on its way than fits into buffers, which are read in less on any machine. */
export const stopConnectionMs = 10_000;
/** A connection that was quiet for so long while the agent stops has nothing on its way. */
export const stopQuietMs = 300;

/** Who had begun to connect when the agent stops is connected by then: it takes one way there and back. */
export const stopHandshakeMs = 300;

/** How often it is looked whether what a sender waits for is durable. */
export const confirmPollMs = 10;

/** How often losses of a listener are told at most. */
export const lossTellMs = 1000;

/** Waits between tries of an address that cannot be had. */
export const reopenBackoff = { msMin: 1000, msMax: 15_000 };

/** Connections that wait to be accepted. */
export const backlogMax = 1024;
/** Turns of the event loop that accept the last of them: each accepts one at least, and who connects again and again is not waited for. */
export const acceptTurnsMax = backlogMax + 4;
/** A peer that is gone without a word is found out after this, and the time of a few probes. */
export const keepAliveMs = 60_000;

/** How often it is looked for senders that are idle. */
export const idleCheckMs = 5000;

/** Addresses that are told of when they are not allowed. */
export const deniedTellMax = 1000;

export const recordBytesMaxMax = 1024 * 1024;

assert(unixSlotBytes <= blockBytes && udpSlotBytes <= blockBytes, 'every datagram fits a block');
assert(blockBytes <= runBytesMax && blockRecordsMax <= runRecordsMax, 'a block fits a run');
assert(2 * recordBytesMaxMax <= runBytesMax, 'what is held of a record fits a run with what comes');
