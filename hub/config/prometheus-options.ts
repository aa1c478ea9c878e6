import * as z from 'zod';

export const prometheusOptions = z.strictObject({
  agents: z
    .int()
    .min(0)
    .max(1000)
    .default(10)
    .describe('So many agents are told one by one: those that are furthest behind. 0: none.'),
});
