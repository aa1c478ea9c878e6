/** Mail as plain text, by an SMTP server. Sent again it has the same Message-ID, by which many mail programs show it once. */
import { readFileSync } from 'node:fs';
import { getCACertificates } from 'node:tls';
import type { EmailOptions } from '../../config/alert-options.ts';
import type { AlertMessage } from '../alert.ts';
import { summaryOf, textOf } from '../message-text.ts';
import type { AlertChannel } from './alert-channel.ts';
import { RefusedError } from './refused-error.ts';
import type { HowSent } from './webhook.ts';

/** So that it is said in our words that nothing came. */
const graceMs = 1000;
const submission = { starttls: 587, tls: 465, none: 587 } as const;

export function emailChannel(options: EmailOptions, how: HowSent): AlertChannel {
  return { send: (message, signal) => sendMail(options, message, { ...how, signal }) };
}

async function sendMail(
  options: EmailOptions,
  message: AlertMessage,
  { timeoutMs, pageUrl, signal }: HowSent & { readonly signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  // Only who sends mail has it in memory.
  const { createTransport } = await import('nodemailer');
  const { host, port, tls, username, password, ca, proxy, from, to } = options;
  const authorities =
    ca === undefined ? [...getCACertificates('default'), ...getCACertificates('system')] : [readFileSync(ca, 'utf8')];
  const transport = createTransport({
    host,
    port: port ?? submission[tls],
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { ca: authorities },
    ...(username !== undefined && password !== undefined && { auth: { user: username, pass: password } }),
    ...(proxy !== undefined && { proxy }),
    connectionTimeout: timeoutMs + graceMs,
    greetingTimeout: timeoutMs + graceMs,
    socketTimeout: timeoutMs + graceMs,
    dnsTimeout: timeoutMs + graceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // What the library waits for cannot be ended: it is left alone then, and ends by its own timeouts.
  const ended = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const { promise: over, reject } = Promise.withResolvers<never>();
  const onEnded = (): void =>
    reject(signal.aborted ? new Error('it was given up') : new Error(`no answer within ${timeoutMs / 1000} s`));
  ended.addEventListener('abort', onEnded, { once: true });
  const sent = transport.sendMail({
    from,
    to,
    subject: summaryOf(message),
    text: textOf(message, pageUrl),
    messageId: `<${message.id}@${message.siteId}.tributary>`,
    headers: { 'auto-submitted': 'auto-generated', 'tributary-alert-id': message.id },
  });
  try {
    await Promise.race([sent, over]);
  } catch (error) {
    throw isRefusal(error) ? new RefusedError(error.message, { cause: error }) : error;
  } finally {
    sent.catch(() => undefined);
    ended.removeEventListener('abort', onEnded);
    transport.close();
  }
}

/** A final no to the mail itself, not to who sends it or who gets it. */
function isRefusal(error: unknown): error is Error {
  return (
    error instanceof Error &&
    'command' in error &&
    error.command === 'DATA' &&
    'responseCode' in error &&
    Number(error.responseCode) >= 500
  );
}
