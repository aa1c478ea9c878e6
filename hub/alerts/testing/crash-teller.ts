/**
 * A process that tells a receiver of one trouble and may be killed at a crash point, for crash.test.ts: `node crash-teller.ts FOLDER URL`. It ends by itself
 * when the receiver was told and that was noted.
 */
import { systemClock } from '@tributary/shared/clock.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { alertOptions } from '../../config/alert-options.ts';
import { openRegistry } from '../../registry/open-registry.ts';
import type { Alert } from '../alert.ts';
import { AlertSender } from '../alert-sender.ts';
import { alertChannel } from '../channels/alert-channel.ts';

const [folder = '', url = ''] = process.argv.slice(2);
armCrashPoint(process.env['TRIBUTARY_CRASH_POINT']);
const log = createLogger({ level: 'error', sink: () => undefined });
const options = alertOptions.parse({ group_wait: '0s', interval: '0s', receivers: [{ kind: 'webhook', name: 'ops', url }] });
await using registry = await openRegistry({ folder, log, thread: false, create: true });
const [receiver] = options.receivers;
if (receiver === undefined) throw new Error('no receiver');
const place = { node: 'output/main', nodeKind: 'output' as const, name: 'main', owners: 'site' as const };
const alert: Alert = { ...place, kind: 'archive-waits', subject: 'main', level: 'red', reason: 'the disk is full', sinceMs: 0 };
const sender = new AlertSender({
  site: { name: 'main', siteId: 'ab'.repeat(16) },
  options,
  receiver,
  channel: alertChannel(receiver, options),
  registry,
  lock: { name: 'alerts', token: 1, isHeld: async () => true },
  clock: systemClock,
  logger: log,
});
const held = { isSilenced: () => false, isAcknowledged: () => false, isUnknown: () => false };
const signal = new AbortController().signal;
// A message that was under way goes first, then whatever else there is to say.
for (let look = 0; look < 3; look += 1) await sender.tick([alert], held, signal);
