/** Bounds of what is looked at and remembered of numbered records. docs/operating/alerts.md tells them. */

/** How far back the first look goes. */
export const firstLookMs = 3_600_000;
/** Of a time in which something is missing, so much is looked at at once. */
export const gapMsMax = 600_000;
/** Records that are looked at at once; the next look goes on behind them. */
export const lookRecordsMax = 300_000;
/** Looks at what is missing, of one store at a time: each but the last found something. */
export const gapLooksMax = 200;
/** Runs of one agent that are remembered: each start of its input is one. */
export const runsMax = 8;
/** Stretches of a run without a gap; beyond it what is missing before the first of them is given up. */
export const stretchesMax = 100;
/** Numbers of a run that are there more than once. */
export const doubledMax = 1000;
/** Agents of one store. */
export const agentsMax = 20_000;
/** Numbers that a reason names. */
export const namedMax = 5;
