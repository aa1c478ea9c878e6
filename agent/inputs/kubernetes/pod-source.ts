/** Who tells about pods. Both speak the same JSON. */
import { AnswerError, getJson } from './get-json.ts';
import { answersMax, podsPerAnswer, podsPerRound } from './limits.ts';
import type { MetadataOptions } from './options.ts';
import { parsePod, parsePodList, type Pod } from './pod.ts';

export interface PodName {
  readonly namespace: string;
  readonly pod: string;
}

export interface PodSource {
  /** Its address, for a person. */
  readonly address: string;
  /** So many may be wanted at a time. */
  readonly podsAtOnce: number;
  /** Some or all of the pods that are wanted, and maybe others. Rejects when it cannot be asked. */
  ask(wanted: readonly PodName[], signal: AbortSignal): Promise<readonly Pod[]>;
}

/** Undefined: nobody is asked. */
export function podSource(options: MetadataOptions): PodSource | undefined {
  if (options.from === 'none') return undefined;
  const isApi = options.from === 'api';
  const base = new URL(options.url ?? (isApi ? 'https://kubernetes.default.svc' : 'https://127.0.0.1:10250'));
  const { node } = options;
  const ask: PodSource['ask'] = isApi
    ? async (wanted, signal) =>
        node === undefined ? await eachPod(base, wanted, { options, signal }) : await podsOfNode(base, node, { options, signal })
    : async (_, signal) => parsePodList(await getJson(new URL('/pods', base), options, signal)).pods;
  return { address: base.origin, podsAtOnce: isApi && node === undefined ? podsPerRound : Infinity, ask };
}

interface Asking {
  readonly options: MetadataOptions;
  readonly signal: AbortSignal;
}

async function podsOfNode(base: URL, node: string, { options, signal }: Asking): Promise<readonly Pod[]> {
  const pods: Pod[] = [];
  let next = '';
  for (let answers = 0; answers < answersMax; answers += 1) {
    const url = new URL('/api/v1/pods', base);
    url.searchParams.set('fieldSelector', `spec.nodeName=${node}`);
    url.searchParams.set('limit', String(podsPerAnswer));
    if (next !== '') url.searchParams.set('continue', next);
    const list = parsePodList(await getJson(url, options, signal));
    pods.push(...list.pods);
    ({ next } = list);
    if (next === '') break;
  }
  return pods;
}

async function eachPod(base: URL, wanted: readonly PodName[], { options, signal }: Asking): Promise<readonly Pod[]> {
  const found = wanted.map(async ({ namespace, pod }) => {
    const url = new URL(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`, base);
    try {
      return parsePod(await getJson(url, options, signal)) ?? [];
    } catch (error) {
      // The pod is gone; its logs may still be there.
      if (!(error instanceof AnswerError) || error.status !== 404) throw error;
      return [];
    }
  });
  // All of them are over before the next round.
  const ends = await Promise.allSettled(found);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
}
