import * as z from 'zod';
import { checkListening, listenerFields, listenField, maxMessageBytes } from '../sockets/socket-options.ts';

const fields = z.strictObject({
  kind: z.literal('lines'),
  ...listenerFields,
  listen: listenField(['tcp', 'unix']).describe('Addresses: `tcp://HOST:PORT`, `unix:PATH`. Each line is a record.'),
  max_message_bytes: maxMessageBytes('line'),
});

export const linesInputOptions = fields.superRefine(checkListening);

export type LinesInputOptions = Omit<z.output<typeof fields>, 'kind'>;
