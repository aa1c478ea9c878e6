import { runBytesMax } from '../../framing/limits.ts';
import { assert } from '@tributary/shared/assert.ts';

/** Bytes asked for in one turn of a file, before the next file has its turn. */
export const turnBytes = 1024 * 1024;
/** Reads under way at a time: two, so that one slow disk leaves threads of the pool to compression and to the names of hubs. */
export const readsMax = 2;
/** First bytes of a file that its fingerprint covers once they are there. */
export const fingerprintBytesMax = 1024;
/** The greatest `max_line_bytes` (options.ts): a whole line with its newline fits a run. */
export const lineBytesLimit = 4_000_000;
/** Hints of this long are looked at together: many small writes make one read. */
export const hintDelayMs = 100;
/** How often an open file is looked at that no folder tells about any more. */
export const rotatedPollMs = 1000;
/** How often everything is looked for where the system gives no hints. */
export const unwatchedScanMs = 2000;
/** How long a file must not be found before its stream ends. Longer than one rotation takes to rename its files. */
export const goneAfterMs = 1000;
/** Files that are identified at a time; each waits for its stream to be durable. */
export const discoveriesMax = 32;
/** Folders that are watched; files in others are found by the scan. */
export const foldersMax = 4096;
/** Paths whose match with the globs is remembered. */
export const matchesRememberedMax = 4096;

assert(lineBytesLimit + 1 <= runBytesMax, 'the longest line fits a run');
assert(turnBytes <= runBytesMax, 'a turn fits a run');
