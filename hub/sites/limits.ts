/** Limits of what sites tell each other of their health. */
export const agentsToldMax = 500;
export const findingsToldMax = 200;
export const groupsToldMax = 64;
export const hubsToldMax = 64;
/** Of the tree of health: nodes with a trouble and what is above them, troubles of one of them, and what changed last. */
export const nodesToldMax = 400;
export const causesToldMax = 5;
export const changesToldMax = 200;
/** Sites directly below one. */
export const sitesBelowMax = 1000;
/** Levels of sites: as many as a batch may pass through. */
export const levelsMax = 16;
/** Older than this, what a site told of itself is not what it is. What comes from below is older with each site that passes it on. */
export const unknownAfterMs = 60_000;
/** A site directly below tells it every five seconds: one that missed two of them is not known to be well. */
export const silentAfterMs = 12_000;
/** Without any connection for so long a site below is not known to be well. */
export const cutAfterMs = 8000;
/** An agent that another hub of the site serves was seen within this time. */
export const seenLatelyMs = 120_000;
/** A loop of which nothing was seen for so long is none any more. */
export const loopForgottenMs = 600_000;
export const loopLookMs = 30_000;
/** A hub looks every 2.5 seconds whether to tell its snapshot, and tells it with each connection; what is beyond this is passed over. */
export const snapshotWindowMs = 10_000;
export const snapshotsInWindowMax = 6;
