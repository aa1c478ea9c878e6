/**
 * TCP before one server whose answers can be made late, as those of a server that has far too much to do. One that has it no more answers what
 * it was asked meanwhile at once.
 */
import type { Socket } from 'node:net';
import { CutProxy, type ProxyTarget } from '../harness/cut-proxy.ts';

interface Held {
  readonly dueMs: number;
  readonly bytes: Buffer;
}

export class SlowProxy extends CutProxy {
  #delayMs = 0;
  readonly #passNow = new Set<() => void>();

  static override async start(target: ProxyTarget): Promise<SlowProxy> {
    const proxy = new SlowProxy(target);
    await proxy.listen();
    return proxy;
  }

  /** Of each answer from now on; 0: all that are held back go, too. */
  set delayMs(ms: number) {
    this.#delayMs = ms;
    if (ms === 0) for (const pass of this.#passNow) pass();
  }

  protected override passAnswers(from: Socket, to: Socket): void {
    const held: Held[] = [];
    const pass = (nowMs: number): void => {
      for (let [first] = held; first !== undefined && first.dueMs <= nowMs; [first] = held) to.write(held.shift()?.bytes ?? '');
    };
    const passAll = (): void => pass(Number.POSITIVE_INFINITY);
    this.#passNow.add(passAll);
    from.once('close', () => this.#passNow.delete(passAll));
    from.on('data', (bytes: Buffer) => {
      held.push({ dueMs: performance.now() + this.#delayMs, bytes });
      // A millisecond later than it is due, as timers may come early.
      setTimeout(() => pass(performance.now()), this.#delayMs === 0 ? 0 : this.#delayMs + 1);
    });
  }
}
