import * as z from 'zod';
import { framingFields } from '../../framing/framing-options.ts';
import { commonInputFields, encodingOption } from '../common-options.ts';
import { maxMessageBytes } from '../sockets/socket-options.ts';

export const stdinInputOptions = z.strictObject({
  kind: z.literal('stdin'),
  ...commonInputFields,
  encoding: encodingOption,
  max_line_bytes: maxMessageBytes('line'),
  filters: framingFields.filters,
});

export type StdinInputOptions = Omit<z.output<typeof stdinInputOptions>, 'kind'>;
