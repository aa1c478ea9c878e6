/** TCP before one server whose answers can be made late, each byte by the same time, as those of a server that has far too much to do. */
import type { Socket } from 'node:net';
import { CutProxy, type ProxyTarget } from '../harness/cut-proxy.ts';

export class SlowProxy extends CutProxy {
  /** Of what is answered from now on. */
  delayMs = 0;

  static override async start(target: ProxyTarget): Promise<SlowProxy> {
    const proxy = new SlowProxy(target);
    await proxy.listen();
    return proxy;
  }

  protected override passAnswers(from: Socket, to: Socket): void {
    // What is late stays in its order: a later delay is never shorter than what is still to wait.
    let dueMs = 0;
    from.on('data', (bytes: Buffer) => {
      dueMs = Math.max(dueMs, performance.now() + this.delayMs);
      setTimeout(() => to.write(bytes), Math.max(0, dueMs - performance.now()));
    });
  }
}
