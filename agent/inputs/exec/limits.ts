/** Waits between runs of a command that ends at once. */
export const restartBackoff = { msMin: 500, msMax: 60_000 };
/** A run of this length is no sign of trouble: the next begins soon. */
export const healthyAfterMs = 60_000;
/** A command that was asked to end has this long, then it is killed. */
export const killAfterMs = 2000;
/** What others in its process group still hold open is waited for that long when a command ended by itself. */
export const lingerMs = 1000;
/** What a command that was asked to end may still write: it is read without waiting for room. */
export const farewellBytesMax = 1024 * 1024;
/** Of the last line of standard error. */
export const lastWordsBytesMax = 300;
