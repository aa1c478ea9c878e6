/**
 * Where the Kibana of a cluster is likely to be, when nobody said. Elastic Cloud has it under a name of its own that follows from that of
 * Elasticsearch; anywhere else it is tried at Kibana's usual port of the hosts that Elasticsearch has. It is asked who it is, as a stranger and
 * without credentials: those go only where the configuration or a person says.
 */
import { isIP } from 'node:net';
import { KibanaClient, KibanaError } from './kibana-client.ts';
import { kibanaPort, lookTimeoutMs } from './limits.ts';

export interface FoundKibana {
  readonly url: string;
  /** Undefined where it does not tell strangers. */
  readonly version: string | undefined;
  readonly because: string;
}

interface Candidate {
  readonly url: string;
  readonly because: string;
}

/** The likeliest first. */
export function likelyKibanas(elasticsearch: readonly string[]): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const text of elasticsearch) {
    const url = new URL(text);
    const cloud = cloudName(url.hostname);
    const candidates: Candidate[] =
      cloud === undefined
        ? [...new Set([url.protocol, 'https:', 'http:'])].map((protocol) => ({
            url: `${protocol}//${url.hostname}:${kibanaPort}`,
            because: `it answers at Kibana's usual port of the host of ${url.origin}`,
          }))
        : [{ url: `https://${cloud}`, because: `it is where Elastic Cloud has the Kibana of ${url.hostname}` }];
    for (const candidate of candidates) found.getOrInsert(candidate.url, candidate);
  }
  return [...found.values()];
}

/** Of Elastic Cloud, hosted and serverless: `logs.es.eu-west-1.aws.elastic-cloud.com` and `logs.kb.eu-west-1…`. */
function cloudName(hostname: string): string | undefined {
  if (isIP(hostname) !== 0) return undefined;
  const [alias, service, ...rest] = hostname.split('.');
  const domain = rest.join('.');
  const isCloud = /(?:^|\.)(?:elastic-cloud\.com|elastic\.cloud|found\.io|elastic\.co)$/.test(domain);
  return service === 'es' && alias !== undefined && isCloud ? [alias, 'kb', domain].join('.') : undefined;
}

/** Undefined where none of them answers as Kibana does. */
export async function findKibana(elasticsearch: readonly string[], ca: string | undefined): Promise<FoundKibana | undefined> {
  for (const { url, because } of likelyKibanas(elasticsearch)) {
    const status = await askStatus(url, ca);
    if (status !== undefined) return { url, because, version: status.version };
  }
  return undefined;
}

/** Undefined: no Kibana. To strangers it tells its state and nothing else, unless it has no security. */
async function askStatus(url: string, ca: string | undefined): Promise<{ readonly version: string | undefined } | undefined> {
  try {
    const { status, body } = await new KibanaClient({ url, ca }).ask({
      method: 'GET',
      path: '/api/status',
      timeoutMs: lookTimeoutMs,
    });
    const isHere = (status === 200 || status === 503) && typeof textAt(body, 'status', 'overall', 'level') === 'string';
    return isHere ? { version: textAt(body, 'version', 'number') } : undefined;
  } catch (error) {
    if (error instanceof KibanaError) return undefined;
    throw error;
  }
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let at: unknown = value;
  for (const name of path)
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined;
  return typeof at === 'string' ? at : undefined;
}
