/** Bounds of the registry that the hubs of a site share. */
import { assert } from '@tributary/shared/assert.ts';

/** What tests make smaller. */
export interface LogLimits {
  /** After the master changed or lost its data: so long every hub has time to say what it has, before anything new is taken. */
  readonly recoveryMs: number;
  /** Entries that are kept behind a snapshot, for hubs that were away. */
  readonly entriesKept: number;
  /** A snapshot is written after so many entries. */
  readonly snapshotEntries: number;
}

export const usualLogLimits: LogLimits = { recoveryMs: 3000, entriesKept: 1000, snapshotEntries: 1000 };

/** How often a hub asks for what is new, beside being told. */
export const followMs = 250;
/** How long a change is tried. */
export const changeMsMax = 20_000;
/** How long a hub that starts waits for the site's registry: another one may be putting it back, on a machine where all of them start. */
export const openMsMax = 60_000;
/** While the store is away, reads are answered at once and not after another try for so long. */
export const awayMs = 1000;
/** A snapshot is written after so many bytes as well. */
export const snapshotBytes = 16 * 1024 * 1024;
/** Of a snapshot, unpacked. */
export const snapshotBytesMax = 1024 * 1024 * 1024;
/** Entries that are asked for at a time. */
export const readEntriesMax = 200;
/** Ids of the last entries that a copy remembers: by them a hub knows whether its change is among what it took from others. */
export const idsKept = 2 * usualLogLimits.entriesKept;
/** Whoever is not known and was seen so long before the last one is not told of any more. */
export const goneMs = 24 * 3_600_000;
/** Events of the audit trail that were not passed on: they are in each snapshot. */
export const sharedAuditRowsMax = 100_000;

assert(usualLogLimits.recoveryMs > 4 * followMs, 'every hub that is there looks several times while a recovery lasts');
assert(
  usualLogLimits.snapshotEntries <= usualLogLimits.entriesKept,
  'who has the last snapshot finds what follows it in the log',
);
