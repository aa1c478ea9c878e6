/** The options of kinds of inputs that listen. Loaded only while a configuration is read. */
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { framingFields } from '../../framing/framing-options.ts';
import { commonInputFields, encodingOption } from '../common-options.ts';
import { isCidr } from '@tributary/shared/network/allow-list.ts';
import { isLocalAddress, parseListenAddress } from './listen-address.ts';

const addressRule =
  'must be an address such as udp://127.0.0.1:5514, tcp://[::1]:5514, unix:/run/log.sock or unix-dgram:/run/log.sock, with a numeric host';

export function listenField(schemes: readonly string[]): z.ZodType<string[], string[]> {
  const address = z
    .string()
    .refine((text) => parseListenAddress(text) !== undefined, addressRule)
    .refine((text) => schemes.includes(parseListenAddress(text)?.scheme ?? schemes[0] ?? ''), `takes only ${schemes.join(', ')}`);
  return z
    .array(address)
    .min(1, 'needs at least one address')
    .max(64)
    .refine((addresses) => new Set(addresses).size === addresses.length, 'has an address twice');
}

/** What every kind that listens has. */
export const listenerFields = {
  ...commonInputFields,
  encoding: encodingOption,
  plaintext: z
    .boolean()
    .default(false)
    .describe(
      'Must be true for an address that other machines can reach: nothing is encrypted, and whoever may connect may write.',
    ),
  allow_cidr: z
    .array(z.string().refine(isCidr, 'must be a network such as 10.0.0.0/8 or fd00::/8'))
    .min(1, 'needs at least one network')
    .max(1000)
    .optional()
    .describe('Networks whose senders are listened to. Must be there for an address that other machines can reach.'),
  max_connections: z.int().min(1).max(100_000).default(1000).describe('Open connections of an address; more are refused.'),
  idle_timeout: durationBetween({ min: '1s', max: '365d' })
    .optional()
    .describe(
      'A connection over which nothing came for this long is closed. Without it: never. Many senders lose what they write into a connection that was closed.',
    ),
  confirm: z
    .boolean()
    .default(false)
    .describe('Answers `OK <records>` to a sender that ended its half of a connection, once all that it sent is durable here.'),
  max_senders: z
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .describe('Addresses that have a stream of their own at a time. Beyond that senders share one, without their address.'),
  sender_idle: durationBetween({ min: '1s', max: '30d' })
    .prefault('10m')
    .describe('The stream of an address from which nothing came for this long is ended.'),
  socket_mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, "must be an octal mode such as '0660'")
    .default('0660')
    .describe('Mode of unix sockets.'),
  filters: framingFields.filters,
};

interface Listening {
  readonly listen: readonly string[];
  readonly confirm: boolean;
  readonly overflow: string;
  readonly plaintext: boolean;
  readonly allow_cidr?: readonly string[] | undefined;
}

/** Nothing is open by default: whoever opens a port to others must say that it is in the clear, and to whom. */
export function checkListening(options: Listening, context: z.RefinementCtx): void {
  const { listen, plaintext, allow_cidr: networks, confirm, overflow } = options;
  if (confirm && overflow !== 'block') {
    const problem = `must go without \`overflow: ${overflow}\`: what is dropped cannot be confirmed`;
    context.addIssue({ code: 'custom', path: ['confirm'], message: problem });
  }
  const open = listen.find((text) => {
    const address = parseListenAddress(text);
    return address !== undefined && !isLocalAddress(address);
  });
  if (open === undefined || (plaintext && networks !== undefined)) return;
  const missing = [plaintext ? '' : 'plaintext: true', networks === undefined ? 'allow_cidr: [NETWORK, …]' : ''];
  const message = `${open} can be reached by other machines: that needs ${missing.filter((text) => text !== '').join(' and ')}`;
  context.addIssue({ code: 'custom', path: ['listen'], message });
}

export const maxMessageBytes = (what: string): z.ZodType<number, number | string | undefined> =>
  bytesBetween({ min: '480B', max: '1MiB' })
    .prefault('64KiB')
    .describe(`A longer ${what} is cut into records of this size that are marked partial. Nothing is dropped.`);
