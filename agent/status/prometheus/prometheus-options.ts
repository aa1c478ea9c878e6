import * as z from 'zod';
import { loopbackRule, parseLoopback } from './loopback-address.ts';

export const prometheusOptions = z
  .strictObject({
    listen: z
      .string()
      .refine((text) => parseLoopback(text) !== undefined, loopbackRule)
      .describe(
        '`GET /metrics` is answered here, and `GET /ready` by 200 or 503. An address of this machine only: `127.0.0.1:9701`.',
      ),
  })
  .optional();
