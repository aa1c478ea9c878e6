/**
 * A pod as the API and the kubelet tell it. Of their answers only some fields are read, and nothing is believed of their shape: what is
 * of another kind is as if it were not there.
 */
import type { Labels } from '../containers/stream-labels.ts';
import type { ContainerPath } from './container-path.ts';

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly restarts: number;
  /** `containerd://…`, of the container that runs, and of the one before; '' while it is not told. */
  readonly id: string;
  readonly lastId: string;
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly createdMs: number;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly node: string;
  readonly ip: string;
  readonly owner: { readonly kind: string; readonly name: string } | undefined;
  readonly containers: readonly ContainerStatus[];
}

export interface PodList {
  readonly pods: readonly Pod[];
  /** '' at the end. */
  readonly next: string;
}

export function parsePodList(json: unknown): PodList {
  const { items, metadata } = objectOf(json);
  return { pods: listOf(items).flatMap((item) => parsePod(item) ?? []), next: textOf(objectOf(metadata)['continue']) };
}

/** Undefined: it is none. */
export function parsePod(json: unknown): Pod | undefined {
  const { metadata, spec, status } = objectOf(json);
  const { namespace, name, uid, creationTimestamp, labels, annotations, ownerReferences } = objectOf(metadata);
  if (textOf(namespace) === '' || textOf(name) === '') return undefined;
  const { podIP, containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = objectOf(status);
  const { nodeName, containers, initContainers, ephemeralContainers } = objectOf(spec);
  const owner = listOf(ownerReferences)
    .map((reference) => objectOf(reference))
    .find((reference) => reference['controller'] === true);
  return {
    namespace: textOf(namespace),
    name: textOf(name),
    uid: textOf(uid),
    createdMs: Date.parse(textOf(creationTimestamp)),
    labels: textsOf(labels),
    annotations: textsOf(annotations),
    node: textOf(nodeName),
    ip: textOf(podIP),
    owner: owner === undefined ? undefined : { kind: textOf(owner['kind']), name: textOf(owner['name']) },
    containers: containersOf(
      [containerStatuses, initContainerStatuses, ephemeralContainerStatuses].flatMap(listOf).map(parseStatus),
      [containers, initContainers, ephemeralContainers].flatMap(listOf).map(parseStatus),
    ),
  };
}

/** Whether it tells of this start of a container: just after one, who is asked may not know of it yet. */
export function tellsOf({ containers }: Pod, { container, restarts }: Pick<ContainerPath, 'container' | 'restarts'>): boolean {
  const status = containers.find(({ name }) => name === container);
  if (status === undefined) return false;
  if (restarts !== undefined && status.restarts !== restarts) return status.restarts > restarts;
  return status.id !== '';
}

/** What was told of each, and what was asked for where nothing was told yet. */
function containersOf(told: readonly ContainerStatus[], wanted: readonly ContainerStatus[]): readonly ContainerStatus[] {
  const images = new Map(wanted.map(({ name, image }) => [name, image]));
  const names = new Set(told.map(({ name }) => name));
  return [
    ...told.map((status) => (status.image === '' ? { ...status, image: images.get(status.name) ?? '' } : status)),
    ...wanted.filter(({ name }) => !names.has(name)),
  ];
}

/** Also of what a pod is to have, which has a name and an image only. */
function parseStatus(json: unknown): ContainerStatus {
  const { name, image, restartCount, containerID, lastState } = objectOf(json);
  return {
    name: textOf(name),
    image: textOf(image),
    restarts: typeof restartCount === 'number' ? restartCount : 0,
    id: textOf(containerID),
    lastId: textOf(objectOf(objectOf(lastState)['terminated'])['containerID']),
  };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: unknown): Labels {
  const texts = Object.entries(objectOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}
