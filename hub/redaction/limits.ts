/** Limits of redaction at intake. */
import { assert } from '@tributary/shared/assert.ts';

/** How long a thread may look at one body before it is ended: many times what the largest one takes. */
export const redactMsMax = 60_000;
/** How often it is looked whether one does. */
export const redactLooksMs = 500;
/** A process that was stopped for a while did not work meanwhile: of the time since the last look so much counts. */
export const redactLookCountsMsMax = 1000;
/** So long behind the last one that was ended people are told of it, as long as bodies are redacted. */
export const redactToldMs = 10 * 60_000;

assert(redactLooksMs * 4 <= redactMsMax && redactLooksMs <= redactLookCountsMsMax, 'a limit is looked after in time');
