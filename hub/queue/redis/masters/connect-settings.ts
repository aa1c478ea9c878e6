/** How every server of a Redis is connected to: name, password, TLS. Never told to anybody. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { HostPort } from '@tributary/shared/network/listen-address.ts';
import type { RedisOptions } from '../../../config/store-options.ts';

/** Contents of PEM files. */
interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface ConnectSettings {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: TlsFiles | undefined;
}

const defaultPort = 6379;

/** What says who comes, and how. */
type ConnectOptions = Pick<RedisOptions, 'url' | 'username' | 'password' | 'tls' | 'ca' | 'cert' | 'key'>;

export async function connectSettings(options: ConnectOptions): Promise<ConnectSettings> {
  const url = options.url === undefined ? undefined : new URL(options.url);
  const hasTls = url === undefined ? options.tls : url.protocol === 'rediss:' || options.tls;
  return {
    username: options.username ?? textOf(url?.username),
    password: options.password ?? textOf(url?.password),
    database: databaseOf(url),
    tls: hasTls ? await tlsFiles(options) : undefined,
  };
}

async function tlsFiles({ ca, cert, key }: ConnectOptions): Promise<TlsFiles> {
  return {
    ca: await readPem('ca', ca, "the authority of Redis' certificate"),
    cert: await readPem('cert', cert, "this hub's certificate"),
    key: await readPem('key', key, "the key of this hub's certificate"),
  };
}

/** A Sentinel has a password of its own, and no databases. */
export function sentinelSettings(settings: ConnectSettings, password: string | undefined): ConnectSettings {
  return { username: undefined, password, database: 0, tls: settings.tls };
}

export function addressOfUrl(text: string): HostPort {
  const url = new URL(text);
  const host = decodeURIComponent(url.hostname).replaceAll(/^\[|\]$/g, '');
  return { host: host === '' ? '127.0.0.1' : host, port: url.port === '' ? defaultPort : Number(url.port) };
}

export function tlsOptions(settings: ConnectSettings, host: string): ConnectionOptions | undefined {
  if (settings.tls === undefined) return undefined;
  const { ca, cert, key } = settings.tls;
  return {
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    // Names are sent and addresses are not; a certificate is checked against either.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
}

export function addressText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function databaseOf(url: URL | undefined): number {
  const path = url?.pathname.slice(1) ?? '';
  if (path === '') return 0;
  if (!/^\d{1,4}$/.test(path))
    throw new Error('queue.redis.url ends in what is no number of a database: use redis://host:6379 or …/0');
  return Number(path);
}

function textOf(part: string | undefined): string | undefined {
  return part === undefined || part === '' ? undefined : decodeURIComponent(part);
}

async function readPem(option: 'ca' | 'cert' | 'key', path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`queue.redis.${option}: ${path} cannot be read; name a PEM file with ${what}`, { cause: error });
  }
}
