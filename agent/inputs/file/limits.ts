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
/** Hints that come within this time are looked at together: many small writes make one read. The first one is not waited with. */
export const hintDelayMs = 100;
/** How often an open file is looked at that no folder tells about any more. */
export const rotatedPollMs = 1000;
/** How often everything is looked for where the system gives no hints. */
export const unwatchedScanMs = 2000;
/** How soon a scan follows another that is asked for, as a folder was made or a file could not be decided about. */
export const soonScanMs = 200;
/** How long a file must not be found before its stream ends. Longer than one rotation takes to rename its files. */
export const goneAfterMs = 1000;
/** A file that holds what another one does is taken for a copy in the making while it did not stay the same for this long. */
export const copyQuietMs = 2000;
/**
 * A file that was not read for this long is closed; its next line opens it again. What is written to a closed file just before it is deleted nobody can
 * read any more, so this is rather long.
 */
export const idleCloseMs = 300_000;
/** Known files that are looked at between hints, a second: the most that may go unnoticed is found so, at little cost. */
export const looksPerSecond = 50;
/** As many where the system gives no hints. */
export const pollsPerSecond = 2000;
/** Known files that each scan looks at at least. */
export const looksPerScanMin = 32;
/** Of a folder with more files than this, a scan looks only at names that are new; known files are looked at in turn. */
export const folderFilesMax = 1000;
/** So many hints at a time may mean that the system lost some: every file is looked at. */
export const hintsMax = 8192;
/** Files that are identified at a time; each waits for its stream to be durable. */
export const discoveriesMax = 32;
/** Folders in a log's folder that are searched for what was rotated. */
export const subfoldersMax = 64;
/** Folders that are watched; files in others are found by the scan. */
export const foldersMax = 4096;
/** Paths whose match with the globs is remembered. */
export const matchesRememberedMax = 4096;

assert(lineBytesLimit + 1 <= runBytesMax, 'the longest line fits a run');
assert(turnBytes <= runBytesMax, 'a turn fits a run');
