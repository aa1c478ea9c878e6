/** A container's config has some kilobytes. */
export const configBytesMax = 4 * 1024 * 1024;
/** How long a container's config is waited for. */
export const configWaitMs = 10_000;
/** How often it is looked which containers are gone. */
export const sweepIntervalMs = 10_000;
