/** `listeners.http` and `listeners.push` together: what the hub's wiring starts, asks for its status, and stops. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Logger } from '@tributary/shared/log.ts';
import { LoginThrottle } from '../access/login-throttle.ts';
import type { Strangers } from '../intake/strangers.ts';
import type { HubOptions } from '../options.ts';
import type { QuotaGate } from '../quotas/quota-gate.ts';
import { noRedactor, type Redactor } from '../redaction/redaction-pool.ts';
import type { Registry } from '../registry/registry.ts';
import type { Verdict } from '../status/readiness.ts';
import type { SiteIds } from '../store/hub-store.ts';
import type { ApiRoutes, Authenticator } from './http/api-routes.ts';
import type { ServerTls } from './http/limited-server.ts';
import { type HttpLimits, httpLimitsDefault, pushBytesInMemoryMax } from './http/limits.ts';
import { liveRoutes } from './http/live-routes.ts';
import { ByteBudget } from './http/logs/byte-budget.ts';
import { LogReceiver, type PushCounters } from './http/logs/log-receiver.ts';
import { logsRoute } from './http/logs/logs-route.ts';
import { ownNames } from './http/own-host.ts';
import { type HttpListener, startHttpListener } from './http/server.ts';
import { tokenAuthenticator } from './http/token-authenticator.ts';
import { byAddress, ListenerSet } from './listener-set.ts';
import { ListenerStreams, type ListenerStreamsOptions } from './listener-stream.ts';
import { startPushListener, type PushListener } from './push/push-listener.ts';

export interface HttpListenersParts {
  readonly options: Pick<HubOptions, 'listeners' | 'advertise' | 'oidc'>;
  readonly tls: ServerTls | undefined;
  readonly queue: ListenerStreamsOptions['queue'];
  readonly site: SiteIds;
  readonly registry: Pick<Registry, 'apiToken' | 'apiTokenUsed'>;
  readonly quotas: QuotaGate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly strangers: Pick<Strangers, 'count' | 'turnedAway'>;
  /** What is covered before anything is stored. */
  readonly redactor?: Redactor;
  /** Told the bytes of what is stored. */
  readonly noteBytes: (bytes: number) => void;
  readonly readiness: () => Promise<Verdict>;
  /** Routes besides those for records, and the ways to sign in besides tokens. */
  readonly api: { readonly routes: readonly ApiRoutes[]; readonly authenticators: readonly Authenticator[] };
  readonly limits?: Partial<HttpLimits>;
  /** For the bodies of all listeners together. */
  readonly budget?: ByteBudget;
}

export interface HttpListenerStatus extends PushCounters {
  readonly address: string;
  readonly url: string;
  readonly connections: number;
}

export interface HttpListenersStatus {
  readonly http?: HttpListenerStatus;
  readonly push?: readonly (HttpListenerStatus & { readonly tenant: string })[];
}

export interface HttpListeners extends AsyncDisposable {
  status(): HttpListenersStatus;
  /** Rejects with the reason when one of them takes no connection now. */
  knock(): Promise<void>;
  /** The same one by one, with what it is called. */
  doors(): { readonly name: string; readonly knock: () => Promise<void> }[];
  /** As the configuration has them now: those that did not change go on. Rejects with a ListenAddressError. */
  changePush(options: HubOptions['listeners']['push']): Promise<void>;
  changeHttp(options: HubOptions['listeners']['http']): Promise<void>;
  /** Takes no more connections, and lets what was sent be stored and answered. */
  drain(deadlineMs: number): Promise<void>;
}

type HttpOptions = NonNullable<HubOptions['listeners']['http']>;
type PushOptions = HubOptions['listeners']['push'][number];

interface Running<Listener extends AsyncDisposable> extends AsyncDisposable {
  readonly listener: Listener;
  readonly receiver: LogReceiver;
}

/** Requests under way of a listener that is closed get so long. */
const changeDrainMs = 5000;

/** Starts those that are configured. Rejects with a ListenAddressError when an address cannot be had; none listens then. */
export async function startHttpListeners(parts: HttpListenersParts): Promise<HttpListeners> {
  await using unlessAll = new AsyncDisposableStack();
  const { budget = new ByteBudget(pushBytesInMemoryMax) } = parts;
  const end = ({ listener }: Running<HttpListener | PushListener>): Promise<void> => listener.drain(changeDrainMs);
  const push = unlessAll.use(
    new ListenerSet<PushOptions, Running<PushListener>>({ start: (options) => startPush(parts, options, budget), end }),
  );
  const http = unlessAll.use(
    new ListenerSet<HttpOptions, Running<HttpListener>>({ start: (options) => startHttp(parts, options, budget), end }),
  );
  const changePush = (options: readonly PushOptions[]): Promise<void> => push.change(byAddress(options));
  const changeHttp = (options: HttpOptions | undefined): Promise<void> =>
    http.change(new Map(options === undefined ? [] : [['http', options]]));
  await changePush(parts.options.listeners.push);
  await changeHttp(parts.options.listeners.http);
  const all = unlessAll.move();
  const listeners = (): (HttpListener | PushListener)[] => [...push.all, ...http.all].map(({ listener }) => listener);
  return {
    changePush,
    changeHttp,
    knock: async () => {
      await Promise.all(listeners().map((listener) => listener.knock()));
    },
    doors: () => [
      ...http.all.map(({ listener }) => ({ name: 'http', knock: () => listener.knock() })),
      ...push.all.map(({ listener }) => ({ name: `push ${listener.address}`, knock: () => listener.knock() })),
    ],
    status: () => {
      const [page] = http.all;
      return {
        ...(page === undefined ? {} : { http: statusOf(page) }),
        ...(push.all.length === 0 ? {} : { push: push.all.map((one) => ({ ...statusOf(one), tenant: one.listener.tenant })) }),
      };
    },
    drain: async (deadlineMs) => {
      await Promise.all(listeners().map((listener) => listener.drain(deadlineMs)));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function startPush(parts: HttpListenersParts, options: PushOptions, budget: ByteBudget): Promise<Running<PushListener>> {
  const receiver = receiverOf(parts, budget, `push ${options.address}`);
  const { log, strangers, limits = {} } = parts;
  return runningOf(await startPushListener({ options, receiver, log, strangers, limits }), receiver);
}

async function startHttp(parts: HttpListenersParts, options: HttpOptions, budget: ByteBudget): Promise<Running<HttpListener>> {
  const { tls, registry, clock, log, strangers, api, readiness, limits = {} } = parts;
  const receiver = receiverOf(parts, budget, 'http');
  const throttle = new LoginThrottle(clock);
  const listener = await startHttpListener({
    options,
    tls,
    names: ownNames({ ...parts.options, listeners: { ...parts.options.listeners, http: options } }),
    routes: [liveRoutes(readiness), logsRoute(receiver), ...api.routes],
    authenticators: [tokenAuthenticator({ registry, throttle, clock, strangers }), ...api.authenticators],
    log,
    strangers,
    limits,
  });
  return runningOf(listener, receiver);
}

function runningOf<Listener extends AsyncDisposable>(listener: Listener, receiver: LogReceiver): Running<Listener> {
  return { listener, receiver, [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose]() };
}

function receiverOf(parts: HttpListenersParts, budget: ByteBudget, listener: string): LogReceiver {
  const { queue, quotas, clock, noteBytes, redactor = noRedactor } = parts;
  const { siteId, hubId } = parts.site;
  const streams = new ListenerStreams({ queue, siteId, hubId, listener, now: () => clock.now(), noteBytes, redactor });
  return new LogReceiver({ streams, budget, quotas, limits: { ...httpLimitsDefault, ...parts.limits } });
}

function statusOf({ listener, receiver }: Running<HttpListener | PushListener>): HttpListenerStatus {
  const { address, url, connections } = listener;
  return { address, url, connections, ...receiver.counters() };
}
