/** Bounds of searches over HTTP. docs/operating/api.md tells them. */
import { assert } from '@tributary/shared/assert.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Searches, exports and the like at a time: of one person, and of all. */
export const searchesPerPersonMax = 4;
export const searchesMax = 12;
/** Threads of all searches together: no more than there are cores. */
export const searchThreadsMax = 4;

/** Records of a page. */
export const pageRecordsDefault = 100;
export const pageRecordsMax = 1000;
/** A page ends early where its records are so long. */
export const pageBytesMax = 8 * mebibyte;
/** Of a record's text, and of the JSON of its fields: what is longer is cut, or left out. */
export const lineBytesMax = 64 * kibibyte;
export const fieldsBytesMax = 256 * kibibyte;

/** How long the pages of a search, and counts of the same conditions, are no events of their own in the audit trail. */
export const pagesHoldMs = 3_600_000;
export const figuresHoldMs = 600_000;
/** Searches that are known by then, of all people. */
export const recentSearchesMax = 2000;

/** Names of tenants, types or hosts in one query. */
export const namesMax = 100;

/** How often a search that streams says how far it is. */
export const progressMs = 500;

/** What waits for the archive is read so much at a time. */
export const waitingEntriesMax = 32;
export const waitingBytesMax = 4 * mebibyte;
/** Entries of one topic and partition that are looked at, the newest of them: an archive that stands still has more. */
export const waitingEntriesAllMax = 50_000;

assert(pageRecordsDefault <= pageRecordsMax, 'a page as it is asked for usually is one');
assert(lineBytesMax < pageBytesMax, 'a page has room for a record');
assert(searchesPerPersonMax <= searchesMax, 'one person is not turned away for others at once');

/** Objects that hold no more than so many bytes together are looked at for a histogram or for facets; beyond it the index tells. */
export const exactBytesMax = 48 * mebibyte;
export const bucketsDefault = 60;
export const bucketsMax = 500;
export const facetValuesDefault = 20;
export const facetValuesMax = 200;

/** Documents of Elasticsearch that one page of a regular expression looks at, and for how long it begins to look at more. */
export const fittedDocumentsMax = 20_000;
export const fittedMs = 15_000;

/** Records before and after one, and how long is looked for them. */
export const contextDefault = 20;
export const contextMax = 200;
export const contextMs = 10_000;

/** Live tails at a time. */
export const tailsPerPersonMax = 3;
export const tailsMax = 16;
/** Of one tail: what is looked at in one go, and shown in a second; the rest is skipped, and told. */
export const tailEntries = 16;
export const tailBytes = 1 * mebibyte;
export const tailRecordsPerSecond = 500;
/** A tail that is so far behind goes on at the end. */
export const tailBehindMs = 10_000;
/** What is said when there is nothing else, so that nobody between takes the connection for dead; and it is looked who asks. */
export const heartbeatMs = 15_000;

/** Previews of pipelines: at a time, and each of one. */
export const previewsPerPersonMax = 1;
export const previewsMax = 3;
export const previewMs = 10_000;
export const previewLinesMax = 200;
export const previewTextMax = 128 * kibibyte;
/** How long is looked for recent lines. */
export const recentMs = 5000;

/** Records of one file. */
export const exportRecordsDefault = 100_000;
export const exportRecordsMax = 5_000_000;
