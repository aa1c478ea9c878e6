/** The options of everything of the hub that listens. What holds for several of them together is checked in rules.ts. */
import { isCidr } from '@tributary/shared/network/allow-list.ts';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { bytesBetween, durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';
import { tenantName, typeName } from './names.ts';

const hostPort = z
  .string()
  .refine((text) => parseHostPort(text) !== undefined, 'must be host:port, such as 127.0.0.1:7701, 0.0.0.0:7701 or [::]:7701');

const plaintext = z
  .boolean()
  .default(false)
  .describe('Without TLS although it can be reached from other machines: passwords, tokens and logs can be read on the way.');

const allowCidr = z
  .array(z.string().refine(isCidr, 'must be a network such as 10.0.0.0/8 or fd00::/8'))
  .min(1)
  .optional()
  .describe('Only addresses in these networks may connect; all others are cut off.');

const limits = z
  .strictObject({
    connections: z.int().min(1).max(1_000_000).default(10_000).describe('Connections at a time.'),
    connections_per_address: z.int().min(1).max(1_000_000).default(256).describe('Connections at a time from one address.'),
    handshake_timeout: durationBetween({ min: '100ms', max: '5m' })
      .prefault('10s')
      .describe('From the connection to the end of the TLS and HTTP handshake.'),
  })
  .prefault({})
  .describe('What strangers can use up.');

export const agentListener = z.strictObject({
  address: hostPort
    .default('127.0.0.1:7701')
    .describe('Where agents and lower sites connect and enrol. Port 0 takes a free one; `status` tells which.'),
  plaintext,
  tenant: tenantName
    .optional()
    .describe('Owner of everything that comes here without a certificate. Needed with `plaintext` outside the loopback.'),
  allow_cidr: allowCidr,
  limits,
});

export const httpListener = z.strictObject({
  address: hostPort.default('127.0.0.1:7700').describe('Where the HTTP API and the page are.'),
  allow_cidr: allowCidr,
  limits,
});

export const pushListener = z.strictObject({
  address: hostPort.default('127.0.0.1:7702').describe('Where programs push that can do neither TLS nor tokens.'),
  plaintext,
  tenant: tenantName.describe('Owner of everything that comes here.'),
  type: typeName.default('app').describe('Log type of what names none by `?type=`.'),
  allow_cidr: allowCidr,
  body_bytes: bytesBetween({ min: '1KiB', max: '64MiB' }).prefault('8MiB').describe('One request, inflated.'),
  limits,
});
