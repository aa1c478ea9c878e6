/** What operators may ask for, by the socket and by the HTTP API. */
import * as z from 'zod';

const groupName = z.string().regex(/^[a-z0-9:_-]{1,100}$/, 'must be the name of a group, as GET /api/v1/channels lists them');
const partition = z.int().min(0).max(65_535).optional();

export const pauseRequest = z.strictObject({ group: groupName.optional() });

export const seekRequest = z.strictObject({
  group: groupName,
  to: z.string().min(1).max(64),
  partition,
  /** Records may be skipped. */
  yes: z.boolean().optional(),
});

export const skipRequest = z.strictObject({ group: groupName, count: z.int().min(1).max(100_000).optional(), partition });

export type SeekRequest = z.output<typeof seekRequest>;
export type SkipRequest = z.output<typeof skipRequest>;
