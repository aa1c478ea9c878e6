import * as z from 'zod';
import { defineStep } from './step.ts';

/** With `when`, usually. */
export const drop = defineStep({
  name: 'drop',
  summary:
    'Drops the document: it is counted, and goes nowhere. What the archive keeps of its channel is only what is not dropped.',
  options: z.strictObject({}),
  make: () => ({ run: () => 'drop' }),
});
