import { assert } from '@tributary/shared/assert.ts';
import { heldMs } from './model/limits.ts';

/** A finding that is gone for less than this was not gone: one that comes and goes is told once. */
export const clearedAfterMs = 60_000;
/** One that was red and is yellow is shown as red for so long: as a trouble that is gone colours its node for a moment (model/limits.ts). */
export const betterAfterMs = 6000;
/** How often it is looked whether one has been gone for so long. */
export const findingLooksMs = 5000;
/**
 * What a hub finds again only some time after its start is not over before that: books that have not balanced for a minute, the clock of an agent after
 * its first measurements, what hubs and sites tell when they are connected again.
 */
export const foundAgainMs = 180_000;
/** How often it is written that what stands still does. */
export const findingsStoredMs = 60_000;
/** What stood when a hub ended is forgotten when it is away for so long. */
export const findingsKeptMs = 86_400_000;
/** Of one kind: of every agent there may be one. */
export const findingsPerKindMax = 20_000;
/** Books that do not balance for so long do not because of a step under way. */
export const unbalancedMs = 60_000;
/** Agents without a certificate, of which nothing but their connections tells. */
export const plainAgentsMax = 20_000;
export const plainAgentsStoredMs = 60_000;
/** Of a core, that a look takes at most: of very many agents it looks less often, but no less than this, as a trouble is to show within fifteen seconds. */
export const lookShareMax = 0.005;
export const slowestLookMs = 4000;

assert(slowestLookMs < heldMs, 'a trouble that comes and goes is looked at again before its colour goes');
