/** Who is told of what is wrong, and how. */
import { isLoopbackHost } from '@tributary/shared/network/listen-address.ts';
import { durationBetween } from '@tributary/shared/options/units.ts';
import { isTimeZone } from '@tributary/shared/schedule/schedule-rules.ts';
import * as z from 'zod';
import { nodeKind } from '../dashboard/api/health-shapes.ts';
import { contentAlert } from './content-alert-options.ts';
import { tenantName } from './names.ts';

const receiverName = z.string().regex(/^[a-z0-9_-]{1,50}$/, 'must be 1 to 50 of a-z, 0-9, - and _');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be http:// or https://' });
/** What posts where is likely a secret in itself: what is wrong with it is said without it. */
const webhookUrl = z.url({ protocol: /^https?$/, error: 'is no address that begins with https://' });
const mailAddress = z
  .string()
  .max(320)
  .regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, 'must be an address such as operators@example.com');

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const hours = z
  .strictObject({
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .max(weekdays.length)
      .default([...weekdays])
      .describe('Days of the week on which they begin.'),
    from: z
      .string()
      .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "08:00"')
      .default('00:00')
      .describe('When they begin.'),
    to: z
      .string()
      .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'must be a time such as "18:00"')
      .default('24:00')
      .describe('When they end; on the day after where that is before they begin.'),
    zone: z
      .string()
      .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
      .optional()
      .describe('Time zone, such as `Europe/Berlin`; the hub’s unless set.'),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'must be another time than from' });
export type Hours = z.output<typeof hours>;

const route = z.strictObject({
  level: z.enum(['yellow', 'red']).default('yellow').describe('From this colour on.'),
  tenants: z
    .array(tenantName)
    .max(1000)
    .optional()
    .describe('Only what belongs to one of these tenants: nothing of the site itself then.'),
  nodes: z.array(nodeKind).max(20).optional().describe('Only nodes of these kinds.'),
  findings: z.array(z.string().min(1).max(100)).max(100).optional().describe('Only these kinds of findings.'),
  hours: hours.optional().describe('Only at these times: what changes at others is told when they begin, if it is still so.'),
});

const common = {
  name: receiverName.describe('What `tributary-hub alerts` calls it; what it was told is kept under this name.'),
  routes: z
    .array(route)
    .min(1)
    .max(50)
    .prefault([{}])
    .describe('What it is told: all that one of these fits. Everything from yellow on unless set.'),
};

const ca = z
  .string()
  .min(1)
  .optional()
  .describe('File with the authorities that the server is checked by. The system’s unless set.');
const proxy = httpUrl.optional().describe('HTTP proxy that is asked for a tunnel (CONNECT) to the server; none unless set.');
const plaintext = z.boolean().default(false).describe('What is told may go to another machine without TLS.');

/** What a message says, by the names that a `body` has for it. */
const bodyFields = ['id', 'status', 'level', 'summary', 'text', 'site', 'at', 'page_url'] as const;
export type BodyField = (typeof bodyFields)[number];
export const fieldPattern = /\{([a-z_]+)\}/g;

export function isBodyField(name: string): name is BodyField {
  return bodyFields.some((field) => field === name);
}

/** A server that is asked by HTTP: where, and how it is reached. */
const httpTarget = {
  url: webhookUrl.describe('Where it is sent.'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'must be the name of a header'),
      z.string().max(4096, 'has more than 4096 characters'),
    )
    .default({})
    .describe('Further headers, such as `authorization`.'),
  ca,
  proxy,
  plaintext,
};

function reportUrl(
  { url, plaintext: isPlain }: { readonly url: string; readonly plaintext: boolean },
  report: z.RefinementCtx,
): void {
  if (!URL.canParse(url)) return;
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '')
    report.addIssue({ code: 'custom', path: ['url'], message: 'name and password belong into headers: authorization' });
  if (protocol === 'http:' && !isPlain && !isLoopbackHost(hostname))
    report.addIssue({ code: 'custom', path: ['url'], message: 'is not https, and plaintext: true is not said' });
}

const webhook = z
  .strictObject({
    kind: z.literal('webhook').describe('An HTTP server: a POST of JSON for each message.'),
    ...common,
    ...httpTarget,
    secret: z
      .string()
      .min(16, 'needs at least 16 characters')
      .optional()
      .describe(
        'Messages are signed with it (HMAC-SHA-256, header `tributary-signature`): `${file:/etc/tributary/webhook.secret}`.',
      ),
    body: z
      .record(z.string(), z.unknown(), 'is no mapping ("key: value")')
      .optional()
      .describe(
        `JSON that is sent instead of ours, for receivers that want their own: \`{ text: '{text}' }\` for Slack and Mattermost. In its texts stand for what the message says: ${bodyFields.map((name) => `\`{${name}}\``).join(', ')}.`,
      ),
  })
  .superRefine((given, report) => {
    const { body } = given;
    const [unknown] = [...JSON.stringify(body ?? {}).matchAll(fieldPattern)].filter(([, name = '']) => !isBodyField(name));
    if (unknown !== undefined)
      report.addIssue({
        code: 'custom',
        path: ['body'],
        message: `${unknown[0]} is nothing that a message says: there are ${bodyFields.map((name) => `{${name}}`).join(', ')}`,
      });
    reportUrl(given, report);
  });

const email = z
  .strictObject({
    kind: z.literal('email').describe('Mail by an SMTP server: plain text.'),
    ...common,
    host: z.string().min(1).max(300).describe('The SMTP server.'),
    port: z.int().min(1).max(65_535).optional().describe('587 unless set; 465 with `tls: tls`.'),
    tls: z
      .enum(['starttls', 'tls', 'none'])
      .default('starttls')
      .describe('`starttls`: the connection becomes encrypted before anything is said. `tls`: it is from the first byte on.'),
    username: z.string().min(1).optional().describe('For a server that wants to know who sends; with `password`.'),
    password: z.string().min(1).optional().describe('`${file:/etc/tributary/smtp.pass}`.'),
    from: mailAddress.describe('Address of the sender.'),
    to: z.array(mailAddress).min(1).max(100).describe('Who gets it.'),
    ca,
    proxy,
    plaintext,
  })
  .superRefine(({ host, tls, plaintext: isPlain, username, password }, report) => {
    if ((username === undefined) !== (password === undefined))
      report.addIssue({ code: 'custom', path: ['username'], message: 'needs username and password together' });
    if (tls === 'none' && !isPlain && !isLoopbackHost(host))
      report.addIssue({
        code: 'custom',
        path: ['tls'],
        message: 'must be starttls or tls, or the receiver says plaintext: true',
      });
  });

const heartbeat = z
  .strictObject({
    ...httpTarget,
    url: webhookUrl.describe('Where it asks (GET): of a service that tells people when it hears nothing for a while.'),
    every: durationBetween({ min: '10s', max: '1h' }).prefault('1m').describe('How often.'),
  })
  .superRefine(reportUrl);

const times = { min: '1s', max: '30d' };

export const alertOptions = z
  .strictObject({
    receivers: z
      .array(z.discriminatedUnion('kind', [webhook, email]))
      .max(50)
      .default([])
      .describe('Who is told of what changes its colour.'),
    heartbeat: heartbeat
      .optional()
      .describe('A sign of life to something else, that tells people where this site cannot tell them any more.'),
    group_wait: durationBetween({ min: '0s', max: '1h' })
      .prefault('10s')
      .describe('From the first change on so long is waited for others, which go with it in one message.'),
    interval: durationBetween({ min: '0s', max: '1d' })
      .prefault('1m')
      .describe('Between two messages to a receiver is at least so much time.'),
    resolve_after: durationBetween({ min: '0s', max: '1d' })
      .prefault('1m')
      .describe(
        'What is gone for so long is told as resolved; one that came back within the last hour has to be gone for longer.',
      ),
    repeat: durationBetween(times)
      .prefault('4h')
      .describe('What lasts is told again after so long, unless somebody acknowledged it.'),
    retry_for: durationBetween(times).prefault('1d').describe('How long a message is tried to be sent, under the same id.'),
    timeout: durationBetween({ min: '100ms', max: '5m' })
      .prefault('15s')
      .describe('How long a receiver, or what hears the heartbeat, has for its answer.'),
    page_url: httpUrl.optional().describe('Address of this page as people reach it: messages have a link to it.'),
    content: z
      .array(contentAlert)
      .max(20)
      .default([])
      .describe('Findings that are made of what records say, or of how many come.'),
  })
  .superRefine(({ receivers, content }, report) => {
    for (const [list, key] of [
      [receivers, 'receivers'],
      [content, 'content'],
    ] as const) {
      const names = new Set<string>();
      for (const [index, { name }] of list.entries()) {
        if (names.has(name))
          report.addIssue({ code: 'custom', path: [key, index, 'name'], message: `another one is called ${name} already` });
        names.add(name);
      }
    }
  });

export type AlertOptions = z.output<typeof alertOptions>;
export type ReceiverOptions = AlertOptions['receivers'][number];
export type HeartbeatOptions = NonNullable<AlertOptions['heartbeat']>;
export type HttpTarget = Pick<HeartbeatOptions, 'url' | 'headers' | 'ca' | 'proxy'>;
export type WebhookOptions = Extract<ReceiverOptions, { kind: 'webhook' }>;
export type EmailOptions = Extract<ReceiverOptions, { kind: 'email' }>;
