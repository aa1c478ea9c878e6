import * as z from 'zod';
import { framingFields } from '../../framing/framing-options.ts';
import { commonInputFields } from '../common-options.ts';
import { maxMessageBytes } from '../sockets/socket-options.ts';

export const stdinInputOptions = z.strictObject({
  kind: z.literal('stdin'),
  ...commonInputFields,
  encoding: z.string().min(1).max(64).default('utf-8').describe('Encoding of the bytes, an IANA name; they are not changed.'),
  max_line_bytes: maxMessageBytes('line'),
  filters: framingFields.filters,
});

export type StdinInputOptions = Omit<z.output<typeof stdinInputOptions>, 'kind'>;
