import { bytesBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { checkListening, listenerFields, listenField, maxMessageBytes } from '../sockets/socket-options.ts';

const fields = z.strictObject({
  kind: z.literal('syslog'),
  ...listenerFields,
  type: listenerFields.type.default('syslog'),
  listen: listenField(['udp', 'tcp', 'unix', 'unix-dgram']).describe(
    'Addresses: `udp://HOST:PORT`, `tcp://HOST:PORT`, `unix:PATH` (a stream), `unix-dgram:PATH`. Messages of RFC 3164 and 5424 alike; over connections framed by newlines or octet counts, found out for each message.',
  ),
  max_message_bytes: maxMessageBytes('message'),
  receive_buffer: bytesBetween({ min: '256KiB', max: '1GiB' })
    .prefault('8MiB')
    .describe(
      'Receive buffer of a datagram socket, in the kernel: what comes faster than it is read waits there. The system may allow less (`net.core.rmem_max`) to a process without CAP_NET_ADMIN.',
    ),
  sockets: z
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe(
      'Sockets of each UDP address, each read by a thread of its own. The kernel spreads the senders over them; more than cores are no use.',
    ),
});

export const syslogInputOptions = fields.superRefine(checkListening);

export type SyslogInputOptions = Omit<z.output<typeof fields>, 'kind'>;
