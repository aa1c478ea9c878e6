/**
 * A pod as the API and the kubelet tell it. Of their answers only some fields are read, and nothing is believed of their shape: what is
 * of another kind is as if it were not there.
 */
import type { Labels } from '../containers/stream-labels.ts';

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly restarts: number;
  /** `containerd://…`, of the container that runs, and of the one before. */
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
    node: textOf(objectOf(spec)['nodeName']),
    ip: textOf(podIP),
    owner: owner === undefined ? undefined : { kind: textOf(owner['kind']), name: textOf(owner['name']) },
    containers: [containerStatuses, initContainerStatuses, ephemeralContainerStatuses].flatMap(listOf).map(parseStatus),
  };
}

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
