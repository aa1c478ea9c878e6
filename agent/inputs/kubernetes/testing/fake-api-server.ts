/**
 * Stands in for the API server and for a kubelet, because a cluster cannot be had in a test: it speaks their JSON, as the reference of the
 * Kubernetes API describes it, for the three questions that are asked of them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakePod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner?: { readonly kind: string; readonly name: string };
  readonly created?: string;
  readonly containers?: readonly {
    readonly name: string;
    readonly image: string;
    readonly restarts?: number;
    readonly isWaiting?: boolean;
  }[];
}

export class FakeApiServer implements AsyncDisposable {
  readonly token = 'secret-token';
  readonly questions: string[] = [];
  pods: readonly FakePod[] = [];
  /** Undefined: it answers. */
  failure: number | undefined;
  /** How long an answer takes. */
  delayMs = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeApiServer> {
    const server = createServer();
    const fake = new FakeApiServer(server);
    server.on('request', (request, response) => void setTimeout(() => fake.#answer(request, response), fake.delayMs));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    const { port }: AddressInfo = addressOf(this.#server);
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    this.questions.push(`${url.pathname}${url.search}`);
    const isKnown = request.headers.authorization === `Bearer ${this.token}`;
    const status = isKnown ? this.failure : 401;
    if (status !== undefined)
      return send(response, status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status });
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)$/.exec(url.pathname) ?? [];
    if (name !== undefined) {
      const pod = this.pods.find((candidate) => candidate.namespace === namespace && candidate.name === name);
      return pod === undefined ? send(response, 404, { kind: 'Status', code: 404 }) : send(response, 200, podJson(pod));
    }
    if (url.pathname !== '/pods' && url.pathname !== '/api/v1/pods') return send(response, 404, { kind: 'Status', code: 404 });
    return send(response, 200, this.#list(url));
  }

  #list({ searchParams }: URL): unknown {
    const node = /^spec\.nodeName=(.+)$/.exec(searchParams.get('fieldSelector') ?? '')?.[1];
    const all = this.pods.filter((pod) => node === undefined || (pod.node ?? 'node-1') === node);
    const from = Number(searchParams.get('continue') ?? '0');
    const to = from + Number(searchParams.get('limit') ?? all.length);
    const metadata = { resourceVersion: '1', ...(to < all.length ? { continue: String(to) } : {}) };
    return { kind: 'PodList', apiVersion: 'v1', metadata, items: all.slice(from, to).map(podJson) };
  }
}

function podJson(pod: FakePod): unknown {
  const {
    namespace,
    name,
    uid,
    node = 'node-1',
    labels,
    annotations,
    owner,
    created = '2026-11-21T09:59:59Z',
    containers = [],
  } = pod;
  const ownerReferences =
    owner === undefined
      ? undefined
      : [{ apiVersion: 'apps/v1', ...owner, uid: 'owner', controller: true, blockOwnerDeletion: true }];
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, namespace, uid, creationTimestamp: created, labels, annotations, ownerReferences },
    spec: { nodeName: node, containers: containers.map((container) => ({ name: container.name, image: container.image })) },
    status: {
      phase: 'Running',
      podIP: '10.0.0.7',
      containerStatuses: containers.map(({ name: container, image, restarts = 0, isWaiting = false }) => ({
        name: container,
        image,
        imageID: isWaiting ? '' : `${image}@sha256:${'cd'.repeat(32)}`,
        restartCount: restarts,
        ...(isWaiting ? {} : { containerID: `containerd://${container}-now` }),
        lastState: restarts === 0 ? {} : { terminated: { exitCode: 1, containerID: `containerd://${container}-before` } },
      })),
    },
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on a port');
  return address;
}
