/** A finding that is gone for less than this was not gone: one that comes and goes is told once. */
export const clearedAfterMs = 60_000;
/** How often it is looked whether one has been gone for so long. */
export const findingLooksMs = 5000;
/** Of one kind: a thousand sentences are no more use than these. */
export const findingsPerKindMax = 1000;
