/** Requests of enrolment as strangers send them: everything is bounded, and a field that is not known is refused. */
import type { EnrolRequest, RenewRequest } from '@tributary/protocol/enrolment/messages.ts';
import * as z from 'zod';
import { hostCharactersMax, keyCharactersMax, versionCharactersMax } from './limits.ts';

const id = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');
const base64 = z
  .string()
  .max(keyCharactersMax)
  .refine((text) => text !== '' && Buffer.from(text, 'base64').toString('base64') === text, 'must be base64');
/** For people: it ends up in lists and in the audit trail, where it is made printable. */
const words = (max: number): z.ZodString => z.string().min(1).max(max);

const renewRequest = z.strictObject({ publicKey: base64, proof: base64 });

const enrolRequest = renewRequest.extend({
  tokenId: z.string().regex(/^[a-z0-9]{8,32}$/, 'must be 8 to 32 of a-z and 0-9'),
  secret: z.string().regex(/^[\w-]{32,64}$/, 'must be 32 to 64 characters of base64url'),
  kind: z.enum(['agent', 'hub']),
  id,
  siteId: id.exactOptional(),
  instanceId: id,
  bootId: id,
  host: words(hostCharactersMax),
  version: words(versionCharactersMax),
  replaces: z.strictObject({ agentId: id, bootId: id }).exactOptional(),
});

export type Read<Request> = { readonly request: Request } | { readonly problem: string };

export function readEnrolRequest(body: string): Read<EnrolRequest> {
  return read(body, enrolRequest);
}

export function readRenewRequest(body: string): Read<RenewRequest> {
  return read(body, renewRequest);
}

/** The problem names a field and a rule, and never repeats what was sent. */
function read<Request>(body: string, schema: z.ZodType<Request>): Read<Request> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { request: parsed.data };
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') return { problem: 'it has a field that is not known' };
  const field = issue?.path.join('.') ?? '';
  return {
    problem:
      field === '' ? 'it is not an object with the fields of a request' : `${field} is missing or is not what it should be`,
  };
}
