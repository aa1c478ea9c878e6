/**
 * The hub's socket from the first moment of its start on. Until all of the hub is there it tells what is waited for, and refuses everything
 * else with that.
 */
import type { StoreAway } from '../store/hub-store.ts';
import { type StartingParts, startingReason, startingStatus } from './starting-status.ts';
import { startStatusServer, type StatusServerOptions } from './status-server.ts';

export type ServedHub = Required<Pick<StatusServerOptions, 'report' | 'readiness' | 'routes'>>;

export class StatusDoor implements AsyncDisposable {
  readonly #starting: StartingParts;
  #waitsFor: StoreAway | undefined;
  #hub: ServedHub | undefined;
  #server: AsyncDisposable | undefined;

  private constructor(starting: StartingParts) {
    this.#starting = starting;
  }

  /** Rejects with a StatusError. */
  static async open(socketPath: string, starting: StartingParts): Promise<StatusDoor> {
    const door = new StatusDoor(starting);
    door.#server = await startStatusServer({
      socketPath,
      report: () => door.#report(),
      readiness: () => door.#readiness(),
      routes: (ask, body, by) => door.#route(ask, body, by),
    });
    return door;
  }

  waitsFor(away: StoreAway | undefined): void {
    this.#waitsFor = away;
  }

  /** The hub is there. */
  serve(hub: ServedHub): void {
    this.#hub = hub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.[Symbol.asyncDispose]();
  }

  #report(): Promise<unknown> {
    return this.#hub?.report() ?? Promise.resolve(startingStatus(this.#starting, this.#waitsFor));
  }

  #readiness(): ReturnType<ServedHub['readiness']> {
    return this.#hub?.readiness() ?? Promise.resolve({ ready: false, why: startingReason(this.#waitsFor) });
  }

  #route(...asked: Parameters<ServedHub['routes']>): ReturnType<ServedHub['routes']> {
    const message = `${startingReason(this.#waitsFor)}; try again when it is ready`;
    return this.#hub?.routes(...asked) ?? Promise.resolve({ status: 503, body: { error: 'starting', message } });
  }
}
