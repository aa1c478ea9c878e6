export const dayMs = 86_400_000;
/** How often sums are stored: what a crash may miscount is what came since. */
export const saveIntervalMs = 5000;
/** How often the hubs of a site tell each other their sums: for so long several of them may pass what only one of them may. */
export const tellIntervalMs = 1000;
/** Nobody is asked to wait for longer: a day may begin or a quota may be raised. */
export const retryAfterMsMax = 60_000;
/** At least: each try costs the bytes of a batch. */
export const retryAfterMsMin = 250;
/** Several senders that wait for the same quota do not come back at the same moment. */
export const retrySpread = 0.25;
/** Platform events of a tenant that no quota holds up: so much of the quota on top of it, and not less than so many bytes. */
export const platformShare = 0.1;
export const platformBytesMin = 64 * 1024 * 1024;
/** A warning comes before the quota is used up. */
export const warnShare = 0.8;
