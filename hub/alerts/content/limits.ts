/** Bounds of what is counted of records. */

/** How often it is looked what came. */
export const contentLookMs = 2000;
/** A window of time is counted in so many parts, so that it moves smoothly. */
export const partsPerWindow = 20;
/** Of what is usual. */
export const partsMax = 2000;
/** What is read of one topic and partition at once; the rest follows at once. */
export const readEntries = 32;
export const readBytes = 4 * 1024 * 1024;
/** Of entries whose bytes nobody needs. */
export const countedEntries = 1000;
/** Reads of one topic and partition in one look: a flood keeps no other rule waiting. */
export const readsPerLook = 16;
