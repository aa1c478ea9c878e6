/** How often due files are looked for. */
export const tickMs = 500;
/** How often globs are expanded, and what was rotated before is looked at. */
export const lookMs = 10_000;
/** A rotated file is compressed this long after its rotation unless `compress_after` says so. */
export const compressAfterMsDefault = 60_000;
/** Copies and compressed files that are written at a time: reading has the other threads of the pool. */
export const copiesMax = 2;
