/** A container of a pod in the field names of ECS, and in those of Filebeat where ECS has none. */
import { parseImage } from '../containers/image-name.ts';
import { type Labels, prefixed } from '../containers/stream-labels.ts';
import type { ContainerPath } from './container-path.ts';
import type { Pod } from './pod.ts';

export interface PodFieldsOptions {
  readonly cluster: string | undefined;
  readonly isKeptLabel: (name: string) => boolean;
  readonly isKeptAnnotation: (name: string) => boolean;
}

/** In the order of what matters most. */
export function podFields(path: ContainerPath, pod: Pod | undefined, options: PodFieldsOptions): readonly Labels[] {
  const { namespace, container, restarts } = path;
  const uid = path.uid === '' ? (pod?.uid ?? '') : path.uid;
  const known = {
    'kubernetes.namespace': namespace,
    'kubernetes.pod.name': path.pod,
    'kubernetes.pod.uid': uid,
    'kubernetes.container.name': container,
    'kubernetes.container.status.restarts': restarts === undefined ? '' : String(restarts),
    'container.id': path.containerId,
    'orchestrator.type': 'kubernetes',
    'orchestrator.cluster.name': options.cluster ?? '',
    'orchestrator.namespace': namespace,
    'orchestrator.resource.type': 'pod',
    'orchestrator.resource.name': path.pod,
    'orchestrator.resource.id': uid,
  };
  if (pod === undefined) return [known];
  return [
    known,
    containerFields(path, pod),
    { 'kubernetes.node.name': pod.node, 'kubernetes.pod.ip': pod.ip, 'service.name': serviceOf(pod) },
    ownerFields(pod),
    prefixed('kubernetes.labels', kept(pod.labels, options.isKeptLabel)),
    prefixed('kubernetes.annotations', kept(pod.annotations, options.isKeptAnnotation)),
  ];
}

/** The status is of the container that runs now; the log may be that of the one before. */
function containerFields({ container, restarts }: ContainerPath, { containers }: Pod): Labels {
  const status = containers.find(({ name }) => name === container);
  if (status === undefined) return {};
  const behind = restarts === undefined ? 0 : status.restarts - restarts;
  const uri = behind === 0 ? status.id : behind === 1 ? status.lastId : '';
  const [, runtime = '', id = ''] = /^([^:/]+):\/\/(.+)$/.exec(uri) ?? [];
  const { name, tag } = parseImage(status.image);
  return { 'container.id': id, 'container.runtime': runtime, 'container.image.name': name, 'container.image.tag': tag };
}

function serviceOf({ labels }: Pod): string {
  return labels['app.kubernetes.io/name'] ?? '';
}

/**
 * A ReplicaSet is named after its Deployment and the hash of its template; a Job after its CronJob and the minute it was scheduled for.
 * Only where both parts fit is the name of the owner's owner taken from it.
 */
function ownerFields({ owner, labels, createdMs }: Pod): Labels {
  if (owner === undefined || owner.name === '') return {};
  const { kind, name } = owner;
  const fields = { [`kubernetes.${kind.toLowerCase()}.name`]: name, 'orchestrator.resource.parent.type': kind.toLowerCase() };
  const hash = labels['pod-template-hash'] ?? '';
  if (kind === 'ReplicaSet' && hash !== '' && name.endsWith(`-${hash}`)) {
    return { ...fields, 'kubernetes.deployment.name': name.slice(0, -hash.length - 1) };
  }
  const [, cronJob = '', minutes = ''] = /^(.+)-(\d{8})$/.exec(name) ?? [];
  const lateMs = createdMs - Number(minutes) * 60_000;
  if (kind === 'Job' && cronJob !== '' && lateMs > -dayMs && lateMs < 7 * dayMs) {
    return { ...fields, 'kubernetes.cronjob.name': cronJob };
  }
  return fields;
}

const dayMs = 86_400_000;

function kept(labels: Labels, isKept: (name: string) => boolean): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => isKept(name)));
}
