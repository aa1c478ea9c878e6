/**
 * What a file in the folders of the kubelet is: the log of a container of a pod, by its path, with what the API or the kubelet tells of
 * the pod. A log is decided upon once per start of its container: with its labels, or without when they do not come in time.
 */
import { readdir, readlink, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '@tributary/shared/clock.ts';
import { createFraming } from '../../framing/create-framing.ts';
import { anyGlob } from '../containers/name-glob.ts';
import { streamLabels, typeFrom } from '../containers/stream-labels.ts';
import type { FileDecision, FileKind, FileTraits } from '../file/file-kind.ts';
import type { InputEvents } from '../input.ts';
import type { InputDefaults } from '../registry.ts';
import { type ContainerPath, parseContainersName, parsePodsPath } from './container-path.ts';
import type { KubernetesInputOptions } from './options.ts';
import { podFields, type PodFieldsOptions } from './pod-fields.ts';
import type { PodBook } from './pod-book.ts';
import { type Pod, tellsOf } from './pod.ts';

export interface KubernetesKindOptions {
  readonly options: KubernetesInputOptions;
  readonly defaults: InputDefaults;
  readonly events: InputEvents;
  readonly clock: Clock;
  /** Undefined: nobody is asked about pods. */
  readonly book: PodBook | undefined;
}

type Framing = Pick<FileTraits, 'framer' | 'filter'>;

interface Decided {
  readonly title: string;
  readonly decision: Exclude<FileDecision, undefined>;
  /** Folder and beginning of the names of its files. */
  readonly folder: string;
  readonly prefix: string;
}

export class KubernetesKind implements FileKind {
  readonly #options: KubernetesKindOptions;
  readonly #framings: { readonly cri: Framing; readonly docker: Framing };
  readonly #isWanted: (path: ContainerPath) => boolean;
  readonly #fields: PodFieldsOptions;
  readonly #decided = new Map<string, Decided>();
  /** Since when labels are waited for. */
  readonly #waiting = new Map<string, number>();

  constructor(options: KubernetesKindOptions) {
    const { include, exclude, pod_labels: labels, pod_annotations: annotations, cluster, multiline, filters } = options.options;
    this.#options = options;
    this.#framings = {
      cri: createFraming({ encoding: 'utf-8', container: 'cri', multiline, filters }),
      docker: createFraming({ encoding: 'utf-8', container: 'docker', multiline, filters }),
    };
    const isIncluded = selects(include, (lists, matches) =>
      lists.every((globs, index) => globs.length === 0 || matches[index] === true),
    );
    const isExcluded = selects(exclude, (_, matches) => matches.includes(true));
    this.#isWanted = (path) => isIncluded(path) && !isExcluded(path);
    this.#fields = { cluster, isKeptLabel: anyGlob(labels), isKeptAnnotation: anyGlob(annotations) };
  }

  traitsOf(path: string): FileDecision | Promise<FileDecision> {
    const key = keyOf(path);
    return this.#decided.get(key)?.decision ?? this.#decide(key, path);
  }

  /** Forgets the containers whose logs are gone. */
  async sweep(): Promise<void> {
    for (const [key, { title, decision, folder, prefix }] of this.#decided) {
      const names = await readdir(folder).catch((): string[] => []);
      if (names.some((name) => name.startsWith(prefix))) continue;
      this.#decided.delete(key);
      if (decision !== 'not-read') this.#options.events.sourceEnded(title, 'its logs were removed');
    }
  }

  async #decide(key: string, path: string): Promise<FileDecision> {
    const { layout } = this.#options.options;
    const place = layout === 'pods' ? parsePodsPath(path) : await linkedPlace(path);
    if (place === undefined) return 'not-read';
    if (!this.#isWanted(place)) return this.#keep(key, { path, place, decision: 'not-read' });
    const pod = this.#podOf(key, place);
    if (pod === 'wait') return undefined;
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) return undefined;
    // Another question about this log may have been answered meanwhile: all get the same answer.
    const decided = this.#decided.get(key);
    if (decided !== undefined) return decided.decision;
    this.#waiting.delete(key);
    const framing = /-json\.log(?:\.[^/]*)?$/.test(target) ? this.#framings.docker : this.#framings.cri;
    const decision = this.#traits(place, pod, framing);
    const title = titleOf(place);
    const detail =
      pod === undefined && this.#options.book !== undefined ? 'without the labels of its pod: they did not come in time' : '';
    this.#options.events.sourceStarted(title, detail === '' ? `log ${path}` : `log ${path}, ${detail}`);
    return this.#keep(key, { path, place, decision });
  }

  /** `undefined` is a pod that nobody knows, or not in time. One that is known may not tell of this start of the container in time. */
  #podOf(key: string, place: ContainerPath): Pod | undefined | 'wait' {
    const { book, clock, options } = this.#options;
    const pod = book?.find(place);
    if (book === undefined || (pod !== undefined && tellsOf(pod, place))) return pod;
    const nowMs = clock.monotonic();
    const sinceMs = Math.min(this.#waiting.getOrInsert(key, nowMs), book.failingSinceMs ?? nowMs);
    return nowMs - sinceMs < options.metadata.wait ? 'wait' : pod;
  }

  #traits(place: ContainerPath, pod: Pod | undefined, framing: Framing): FileTraits {
    const { options, defaults, events } = this.#options;
    const { labels, leftOut } = streamLabels([options.labels, defaults.labels, ...podFields(place, pod, this.#fields)]);
    if (leftOut > 0) events.sourceSkipped(titleOf(place), `${leftOut} labels of the pod are more than a stream may have`);
    const name = pod?.annotations[options.type_label] ?? pod?.labels[options.type_label];
    const attributes = {
      tenant: options.tenant ?? defaults.tenant,
      type: typeFrom(name) ?? options.type,
      host: defaults.host,
      encoding: 'utf-8',
      counted: false,
      labels,
    };
    return { attributes, ...framing };
  }

  #keep(
    key: string,
    { path, place, decision }: { path: string; place: ContainerPath; decision: Decided['decision'] },
  ): FileDecision {
    this.#decided.set(key, { title: titleOf(place), decision, folder: dirname(path), prefix: basename(key) });
    return decision;
  }
}

/** The same for a log and its rotated files. */
function keyOf(path: string): string {
  const end = path.indexOf('.log', path.lastIndexOf('/'));
  return end < 0 ? path : path.slice(0, end + '.log'.length);
}

/** A link in `/var/log/containers` leads to the folder of the pod, which tells more than the link's name. */
async function linkedPlace(path: string): Promise<ContainerPath | undefined> {
  const named = parseContainersName(path);
  const target = parsePodsPath(await readlink(path).catch(() => ''));
  if (target === undefined || named === undefined) return named ?? target;
  return { ...target, containerId: named.containerId };
}

type Selection = KubernetesInputOptions['include'];

function selects(
  { namespaces, pods, containers }: Selection,
  decide: (lists: readonly (readonly string[])[], matches: readonly boolean[]) => boolean,
): (path: ContainerPath) => boolean {
  const lists = [namespaces, pods, containers];
  const [namespace, pod, container] = [anyGlob(namespaces), anyGlob(pods), anyGlob(containers)];
  return (path) => decide(lists, [namespace(path.namespace), pod(path.pod), container(path.container)]);
}

function titleOf({ namespace, pod, container }: ContainerPath): string {
  return `kubernetes:${namespace}/${pod}/${container}`;
}
