import { isIP } from 'node:net';
import { parseHostPort } from '@tributary/shared/network/listen-address.ts';
import { agentsUseTls } from '../../config/rules.ts';
import type { HubOptions } from '../../options.ts';
import { HttpError } from './http-error.ts';

/** What an enrolment token carries beside its secret. */
export interface EnrolmentPlace {
  /** `host:port` of the agents' listeners. */
  readonly hubs: readonly string[];
  /** Of the site's authority. */
  readonly fingerprint: string;
}

/** Of HubTls, as much as this needs. */
interface SigningSite {
  readonly authority: object | undefined;
  readonly material: { readonly current: { readonly anchorFingerprint: string } };
}

export interface EnrolmentPlaceParts {
  readonly options: HubOptions;
  readonly tls: SigningSite | undefined;
  /** `host:port` as the agents' listener is bound. */
  readonly bound: () => string;
}

/** Throws an HttpError where agents cannot enrol here, with what to do. */
export function enrolmentPlace({ options, tls, bound }: EnrolmentPlaceParts): EnrolmentPlace {
  if (tls === undefined || !agentsUseTls(options)) {
    throw cannot('listeners.agents has no TLS; run tributary-hub init, or give tls');
  }
  if (tls.authority === undefined)
    throw cannot("this hub signs no certificates: it has another's authority, or no key of its own");
  const hubs = options.advertise.length > 0 ? options.advertise : [bound()];
  if (!hubs.every(canBeReached)) throw cannot('advertise in the configuration does not tell how agents reach this hub');
  return { hubs, fingerprint: tls.material.current.anchorFingerprint };
}

/** Every address of a machine is the address of none. */
function canBeReached(address: string): boolean {
  const { host = '' } = parseHostPort(address) ?? {};
  return host !== '' && !(isIP(host) !== 0 && /^[0:.]+$/.test(host));
}

function cannot(reason: string): HttpError {
  return new HttpError(409, 'no-enrolment', `nobody can enrol here: ${reason}`);
}
