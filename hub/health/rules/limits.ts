/** How often the rules look: often enough that a trouble shows within fifteen seconds. */
export const ruleLookMs = 2000;
/** Disks and memory. */
export const machineLookMs = 4000;
/** A file system that has not answered within this time is left out. */
export const folderPatienceMs = 2000;
/** Channels, listeners and sources of agents of which it is known how often something comes. */
export const sourcesKnownMax = 50_000;
/** Streams of which it is known what they are called: of more, the one that was opened longest ago is forgotten. */
export const streamsKnownMax = 200_000;
/** How often it is stored what is usual. */
export const cadencesStoredMs = 600_000;
/** Agents of which it is kept what they told. */
export const agentsToldMax = 50_000;
/** Troubles of one agent that are kept. */
export const troublesPerAgentMax = 50;
/** Of a name or a reason that an agent tells. */
export const toldTextMax = 500;
