/** What the path of a container's log tells. */
import { basename } from 'node:path';

export interface ContainerPath {
  readonly namespace: string;
  readonly pod: string;
  /** '' where the path does not tell. */
  readonly uid: string;
  readonly container: string;
  /** How often the container was started again before this log; undefined where the path does not tell. */
  readonly restarts: number | undefined;
  /** Of the container, where the path tells; ''. */
  readonly containerId: string;
}

/** `…/<namespace>_<pod>_<uid>/<container>/<restarts>.log`, also of a rotated file: `.log.20260101-120000`, and that with `.gz`. */
export function parsePodsPath(path: string): ContainerPath | undefined {
  const match = /\/([^/_]+)_([^/_]+)_([^/_]+)\/([^/]+)\/(\d{1,9})\.log(?:\.[^/]+)?$/.exec(path);
  if (match === null) return undefined;
  const [, namespace = '', pod = '', uid = '', container = '', restarts] = match;
  return { namespace, pod, uid, container, restarts: Number(restarts), containerId: '' };
}

/** `<pod>_<namespace>_<container>-<container id>.log`, a link. */
export function parseContainersName(path: string): ContainerPath | undefined {
  const match = /^([^_]+)_([^_]+)_(.+)-([\da-f]{64})\.log$/.exec(basename(path));
  if (match === null) return undefined;
  const [, pod = '', namespace = '', container = '', containerId = ''] = match;
  return { namespace, pod, uid: '', container, restarts: undefined, containerId };
}
