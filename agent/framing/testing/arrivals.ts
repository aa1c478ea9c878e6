import fc from 'fast-check';
import type { Arrival } from './frame-all.ts';

/** Bytes that come a few at a time, and are looked at with little room to spare. */
export const arrivals: fc.Arbitrary<Arrival> = fc.record({
  steps: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
  more: fc.integer({ min: 0, max: 20 }),
  recordsMax: fc.integer({ min: 1, max: 5 }),
});
