import { bytesBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';

export const measurementOptions = z.strictObject({
  max_bytes: bytesBetween({ min: '1MiB' })
    .prefault('512MiB')
    .describe(
      'What charts are drawn from: of each agent and of the site, every ten seconds for a day and every five minutes for a month, in `data_dir/measurements.db`, or in the Redis of the site. Beyond it the oldest go first.',
    ),
});
