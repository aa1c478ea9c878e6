/** Bytes handed to the socket and not yet taken by the kernel, at most about this and one batch more; bodies are read no sooner. */
export const socketBytesMax = 1024 * 1024;

/** From the first packet to the open WebSocket. */
export const connectTimeoutMs = 10_000;

/** How long a socket may take to close politely before it is cut. */
export const closeTimeoutMs = 1000;

/** Waits between tries, with full jitter. A connection that lasted `healthyAfterMs` makes the next wait short again. */
export const retryMsMin = 100;
export const retryMsMax = 15_000;
export const healthyAfterMs = 3000;

/** Where only a person can help (a clone, no right, another version), tries are far apart. */
export const hopelessRetryMs = 30_000;

/** Where there are several hubs, one is waited for so long before the next is tried, too. */
export const headStartMs = 250;

/** Where there are others, a hub has so long to open a connection, and to answer the Hello. */
export const connectTimeoutAmongOthersMs = 3000;
export const welcomeTimeoutAmongOthersMs = 4000;

/** How often the preferred hub is looked for while another one serves. */
export const probeIntervalMs = 30_000;

/** A hub that sent this agent away is not preferred for so long, twice as long each time that it does so again soon after. */
export const avoidDrainedMs = 300_000;
export const avoidDrainedMsMax = 14_400_000;

/** A hub that takes connections and says no Welcome is not preferred for so long, twice as long each time. */
export const avoidMuteMsMin = 60_000;
export const avoidMuteMsMax = 3_600_000;

/** How soon a connection that cannot be left yet is looked at again. */
export const leaveRetryMs = 200;

/** A connection that is left by choice waits so long for its last answers; what has none is sent again. */
export const leaveDeadlineMs = 5000;
