/** What `archive restore` asks of the running hub, by its socket. Documents come as blocks, so that what is large is compressed. */
import * as z from 'zod';
import { pipelineName } from '../../../config/pipeline-options.ts';
import { tenantName, typeName } from '../../../config/names.ts';

/** Of a request as a whole: a frame of an object gives far less, unless its lines are very long. */
export const restoreBytesMax = 128 * 1024 * 1024;
const rangesMax = 100_000;

const count = z.int().min(0);
const ranges = z.array(z.tuple([count, count])).max(rangesMax);
const time = z.iso.datetime().optional();
const session = z.string().regex(/^[\w-]{22}$/);
const object = z
  .string()
  .max(400)
  .regex(
    /^[a-z0-9_]{1,50}\/[a-z0-9_]{1,50}\/(\d{2,4}\/){4}[\w-]+\.csv\.(zst|gz)(\.enc)?$/,
    'must be the name of an archive object',
  );

export const beginRequest = z.strictObject({
  tenant: tenantName,
  type: typeName,
  into: typeName,
  pipeline: pipelineName,
  /** SHA-256 of its text and of the files that it is made of. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  since: time,
  until: time,
  host: z.string().max(255).optional(),
});

export const objectRequest = z.strictObject({ session, object });

export const linesRequest = z.strictObject({
  session,
  object,
  /** Of the object: those that the blocks are of. */
  rows: ranges,
  /** They were restored before, into the log type that they were archived under: only what stays there is published. */
  again: z.boolean().default(false),
  blocks: z.array(z.strictObject({ type: typeName, body: z.base64(), inflatedBytes: count, records: z.int().min(1) })).max(1000),
});

export type BeginRequest = z.output<typeof beginRequest>;
export type ObjectRequest = z.output<typeof objectRequest>;
export type LinesRequest = z.output<typeof linesRequest>;

export interface BeginAnswer {
  readonly session: string;
}

export interface ObjectAnswer {
  /** Rows of which all documents are published. */
  readonly rows: LinesRequest['rows'];
  /** Rows of which some may be: they come first, together, as they were. */
  readonly pending: LinesRequest['rows'];
}

export interface LinesAnswer {
  /** `full`: there is no room now. What was sent is to be sent again. */
  readonly state: 'done' | 'full';
}

export const restorePaths = {
  begin: '/archive/restore/begin',
  object: '/archive/restore/object',
  lines: '/archive/restore/lines',
} as const;
