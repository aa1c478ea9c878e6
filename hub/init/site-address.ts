/** The addresses under which agents reach a new site, as a person types them: `hub.example.com`, `10.0.0.5:7801`, `[fd00::5]:7701`, `fd00::5`. */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { printable } from '@tributary/shared/printable.ts';
import { UsageError } from '../commands/exit.ts';

export interface SiteAddress {
  /** A DNS name or an address, without brackets: what the certificate holds for. */
  readonly host: string;
  readonly port: number;
}

const hostPattern = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const shownCharactersMax = 100;

/** Throws a UsageError. */
export function parseSiteAddress(text: string, portDefault: number): SiteAddress {
  const given =
    isIP(text) === 0 ? (parseHostPort(text) ?? { host: text.replaceAll(/^\[|\]$/g, ''), port: portDefault }) : undefined;
  const { host, port } = given ?? { host: text, port: portDefault };
  const name = hostName(host);
  const shown = printable(text).slice(0, shownCharactersMax);
  if (name === undefined) {
    throw new UsageError(
      `--address ${shown}: is no name or address of a machine, such as hub.example.com, 10.0.0.5 or [fd00::5]:7701`,
    );
  }
  if (port === 0) throw new UsageError(`--address ${shown}: agents need the port that the hub listens at`);
  return { host: name, port };
}

/** `host:port`, an IPv6 host in brackets. */
export function addressText({ host, port }: SiteAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function hostName(host: string): string | undefined {
  const version = isIP(host);
  // A zone is of one machine; an address that stands for all of them is none to connect to.
  if (version === 6) return host.includes('%') || /^[0:]+$/.test(host) ? undefined : host.toLowerCase();
  if (version === 4) return host === '0.0.0.0' ? undefined : host;
  // It reads what stands before a slash or behind an @ as well: only letters, digits and what joins them go in.
  const name = /^[\p{L}\p{M}\p{N}._-]+$/u.test(host) ? domainToASCII(host.toLowerCase()) : '';
  // What looks like an address and is none, such as 10.0.0.300, is no name either.
  return hostPattern.test(name) && !/^[\d.]+$/.test(name) ? name : undefined;
}
