import type { Socket } from 'node:net';
import { Lane } from './lane.ts';
import type { ConnectionPlan } from './connection-plan.ts';
import type { InFlight } from './in-flight.ts';

/** A held connection's late bytes arrive at the latest after this, also when the agent never came back. */
const holdMsMax = 3000;
/** How long the agent may go on sending into a connection that is being held. */
const holdFillMs = 150;

/**
 * One connection through the proxy.
 *
 *     open → ended                       `cut`/`drop` ended both sides
 *     open → leaving → ended             the hub closed; what it had said before still arrives
 *     open → draining → ended            the agent is gone (killed, say); what it had sent still arrives, late
 *     open → filling → held → ended      `hold`: bytes are kept back, then the agent's side is closed, then they arrive late
 */
export class ProxiedConnection {
  readonly inFlight: InFlight;
  readonly #agent: Socket;
  readonly #hub: Socket;
  readonly #plan: ConnectionPlan;
  readonly #toHub: Lane;
  readonly #toAgent: Lane;
  #state: 'open' | 'leaving' | 'draining' | 'filling' | 'held' | 'ended' = 'open';
  #noted = false;
  #timer: NodeJS.Timeout | undefined;
  onEnding: ((kind: 'cut' | 'drop' | 'hold') => void) | undefined;
  onEnd: (() => void) | undefined;
  onClosed: (() => void) | undefined;

  constructor(options: { agent: Socket; hub: Socket; plan: ConnectionPlan; inFlight: InFlight }) {
    this.#agent = options.agent;
    this.#hub = options.hub;
    this.#plan = options.plan;
    this.inFlight = options.inFlight;
    options.agent.setNoDelay(true);
    this.#toHub = new Lane(options.agent, options.hub, options.plan.toHub);
    this.#toAgent = new Lane(options.hub, options.agent, options.plan.toAgent);
    this.#observe();
    for (const socket of [options.agent, options.hub]) {
      // A reset is what this proxy is for; the close that follows is handled.
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sideClosed());
    }
  }

  /** Whether what was in flight at its end was told. */
  get isNoted(): boolean {
    return this.#noted;
  }

  /** Ends both sides at once with a reset. */
  drop(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#timer);
    this.#noteEnd();
    this.#toHub.close();
    this.#toAgent.close();
    this.#agent.resetAndDestroy();
    this.#hub.resetAndDestroy();
    this.onClosed?.();
  }

  /** Lets the late bytes of a held connection arrive, and ends it. */
  releaseHeld(): void {
    if (this.#state !== 'held' && this.#state !== 'draining') return;
    this.#state = 'ended';
    clearTimeout(this.#timer);
    this.#toHub.flush();
    this.#toHub.close();
    this.#toAgent.close();
    this.#hub.end();
    this.#hub.resume();
    this.onClosed?.();
  }

  #observe(): void {
    let taken = 0;
    this.#toHub.onTaken = (bytes) => {
      this.inFlight.fromAgent(bytes);
      taken += bytes.length;
      if (taken >= (this.#plan.ending?.afterBytes ?? Infinity)) this.#endByPlan();
    };
    this.#toHub.onPassed = (bytes) => this.inFlight.toHub?.(bytes);
    this.#toAgent.onTaken = (bytes) => this.inFlight.takenFromHub?.(bytes);
    this.#toAgent.onPassed = (bytes) => this.inFlight.fromHub(bytes);
  }

  #endByPlan(): void {
    const { ending } = this.#plan;
    if (ending === undefined || this.#state !== 'open') return;
    this.onEnding?.(ending.kind);
    if (ending.kind === 'drop') {
      this.drop();
      return;
    }
    if (ending.kind === 'cut') {
      // What was taken so far goes out to the last byte, in the middle of a frame, and then both sides see an orderly end.
      this.#toHub.flush();
      this.#toHub.close();
      this.#state = 'ended';
      this.#noteEnd();
      this.#hub.end();
      this.#hub.resume();
      this.#agent.end();
      this.#agent.destroySoon();
      this.onClosed?.();
      return;
    }
    this.#state = 'filling';
    this.#toHub.holding = true;
    this.#timer = setTimeout(() => {
      this.#state = 'held';
      this.#noteEnd();
      this.#agent.destroy();
      this.#timer = setTimeout(() => this.releaseHeld(), holdMsMax);
    }, holdFillMs);
  }

  #sideClosed(): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'leaving' || (this.#hub.destroyed && this.#agent.destroyed)) {
      this.drop();
      return;
    }
    if (this.#hub.destroyed) {
      this.#state = 'leaving';
      clearTimeout(this.#timer);
      // What is on its way to the agent now was no answer yet when the hub went.
      this.#noteEnd();
      this.#toAgent.onEmpty = () => this.#agent.destroySoon();
      return;
    }
    this.#noteEnd();
    // A held connection outlives its agent's side, that is its purpose.
    if (this.#state === 'held' || this.#state === 'draining') return;
    this.#state = 'draining';
    this.#toHub.holding = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.releaseHeld(), holdMsMax);
    this.#toHub.onEmpty = () => this.releaseHeld();
  }

  #noteEnd(): void {
    if (this.#noted) return;
    this.#noted = true;
    this.onEnd?.();
  }
}
