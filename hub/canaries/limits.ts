/** Bounds of what is remembered of numbered records. */

/** How far back the first look goes. */
export const firstLookMs = 3_600_000;
/** Runs of one agent that are remembered: each start of its input is one. */
export const runsMax = 8;
/** Numbers of a run behind one that is missing; beyond it the missing one is given up. */
export const aheadMax = 10_000;
/** Agents of one store. */
export const agentsMax = 20_000;
/** Records that are asked for at once. */
export const scanPage = 100_000;
/** Numbers that a reason names. */
export const namedMax = 5;
