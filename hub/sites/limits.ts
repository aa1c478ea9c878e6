/** Limits of what sites tell each other of their health. */
export const agentsToldMax = 500;
export const findingsToldMax = 200;
export const groupsToldMax = 64;
export const hubsToldMax = 64;
/** Sites directly below one. */
export const sitesBelowMax = 1000;
/** Levels of sites: as many as a batch may pass through. */
export const levelsMax = 16;
/** Older than this, what a site told of itself is not what it is. */
export const unknownAfterMs = 60_000;
/** An agent that another hub of the site serves was seen within this time. */
export const seenLatelyMs = 120_000;
/** A loop of which nothing was seen for so long is none any more. */
export const loopForgottenMs = 600_000;
export const loopLookMs = 30_000;
/** A hub tells its snapshot every 10 seconds and with each connection; what is beyond this is passed over. */
export const snapshotWindowMs = 10_000;
export const snapshotsInWindowMax = 6;
