/** The ways by which a receiver is told: one file each, and one line here. */
import type { AlertOptions, ReceiverOptions } from '../../config/alert-options.ts';
import type { AlertMessage } from '../alert.ts';
import { emailChannel } from './email.ts';
import { webhookChannel } from './webhook.ts';

export interface AlertChannel {
  /** Resolves when the receiver has it; rejects with a sentence why it has not, or may not have, and when aborted. */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
}

export function alertChannel(
  receiver: ReceiverOptions,
  { timeout, page_url: pageUrl }: Pick<AlertOptions, 'timeout' | 'page_url'>,
): AlertChannel {
  const how = { timeoutMs: timeout, pageUrl };
  return receiver.kind === 'webhook' ? webhookChannel(receiver, how) : emailChannel(receiver, how);
}
