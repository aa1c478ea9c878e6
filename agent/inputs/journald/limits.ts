import { inflatedBytesMax } from '@tributary/protocol/limits.ts';
import { assert } from '@tributary/shared/assert.ts';

/** What `max_field_bytes` may be at most. */
export const fieldBytesLimit = 512 * 1024;
/** Of one entry as JSON; fields that would make it longer are left out, and named in the record. */
export const entryBytesMax = 3 * 1024 * 1024 + 512 * 1024;
/** Names of fields have at most 64 characters in a journal; a longer one is not from a journal. */
export const nameBytesMax = 256;
/** Records are pushed together up to this size. */
export const pushBytesMax = 256 * 1024;
export const pushRecordsMax = 4096;
/** What is kept of a program's last words. */
export const stderrBytesMax = 4096;
/** SIGTERM, and after this SIGKILL. */
export const stopWaitMs = 2000;
/** After waiting so long for room, journalctl begins anew: what it held open meanwhile may have been vacuumed. */
export const staleWaitMs = 10_000;
/** A control character takes six bytes in JSON, a byte of a binary value four. */
export const growthMax = 6;

assert(fieldBytesLimit * growthMax <= entryBytesMax, 'one field of the largest size fits a record');
assert(entryBytesMax + pushBytesMax <= inflatedBytesMax, 'a record fits a run, beside those that wait');
