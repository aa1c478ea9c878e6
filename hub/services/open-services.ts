/**
 * Looks whether Elasticsearch, Kibana or Redis of this site answers anybody: each is asked as a stranger would ask, at the start and every
 * few minutes. One that answers with what it knows, from an address that is not this machine's loopback, is a red finding. One that wants
 * credentials is as it should be, and one that cannot be reached is for others to look after.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Finding, Findings } from '../health/findings.ts';
import type { HubOptions } from '../options.ts';
import type { Answer, Asked } from './answer.ts';
import { askHttp } from './ask-http.ts';
import { askRedis } from './ask-redis.ts';
import { askedAtOnceMax, askIntervalMs } from './limits.ts';
import { outsideAddresses } from './outside-addresses.ts';

export type ServiceOptions = HubOptions['services'][number];

interface Kind {
  readonly name: string;
  readonly ask: (asked: Asked) => Promise<Answer | undefined>;
  /** Whether the answer is what only who may read the service ought to get. */
  readonly tells: (answer: Answer) => boolean;
  readonly consequence: string;
  readonly remedy: string;
}

const kinds: Readonly<Record<ServiceOptions['kind'], Kind>> = {
  elasticsearch: {
    name: 'Elasticsearch',
    ask: (asked) => askHttp(asked, '/'),
    tells: ({ status, text }) => status === 200 && hasField(text, 'cluster_name', 'cluster_uuid', 'tagline'),
    consequence: 'whoever reaches it can read and delete what is in it',
    remedy: 'turn its security on (xpack.security.enabled: true), or bind it to the loopback',
  },
  kibana: {
    name: 'Kibana',
    ask: (asked) => askHttp(asked, '/api/status'),
    // What it tells strangers by choice (status.allowAnonymous) has neither of these.
    tells: ({ status, text }) => status === 200 && hasField(text, 'version', 'metrics'),
    consequence: 'whoever reaches it can read and change what it shows',
    remedy: 'turn the security of its Elasticsearch on, or bind it to the loopback',
  },
  redis: {
    name: 'Redis',
    ask: askRedis,
    tells: ({ text }) => /^[$=]\d+\r\n/.test(text),
    consequence: 'whoever reaches it can read and delete what is in it, and often run programs there',
    remedy: 'give it a password (requirepass, or ACLs), or bind it to the loopback',
  },
};

export interface OpenServicesParts {
  readonly services: readonly ServiceOptions[];
  readonly findings: Findings;
  readonly clock: Clock;
}

/** Until aborted. */
export async function watchServices({ services, findings, clock }: OpenServicesParts, signal: AbortSignal): Promise<void> {
  while (services.length > 0 && !signal.aborted) {
    findings.set('open-service', await openServices(services));
    await clock.sleep(askIntervalMs, signal).catch(() => undefined);
  }
}

export async function openServices(services: readonly ServiceOptions[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (let first = 0; first < services.length; first += askedAtOnceMax) {
    const asked = services.slice(first, first + askedAtOnceMax).map((service) => findingOf(service));
    for (const finding of await Promise.all(asked)) {
      if (finding !== undefined) found.push(finding);
    }
  }
  return found;
}

async function findingOf(service: ServiceOptions): Promise<Finding | undefined> {
  const url = new URL(service.url);
  const { name, ask, tells, consequence, remedy } = kinds[service.kind];
  const host = url.hostname.replaceAll(/^\[|\]$/g, '');
  const addresses = await outsideAddresses(host);
  const answers = await Promise.all(addresses.map((address) => ask({ url, address })));
  const open = addresses.find((_, index) => {
    const answer = answers[index];
    return answer !== undefined && tells(answer);
  });
  if (open === undefined) return undefined;
  // Credentials that somebody wrote into the address all the same are not shown.
  const shown = `${url.protocol}//${url.host}`;
  const where = open === host ? shown : `${shown}, reached at ${open},`;
  const reason = `${name} at ${where} answers anybody without credentials: ${consequence}; ${remedy}`;
  return { kind: 'open-service', subject: shown, level: 'red', reason };
}

function hasField(text: string, ...names: readonly string[]): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && names.some((name) => Object.hasOwn(value, name));
  } catch {
    return false;
  }
}
