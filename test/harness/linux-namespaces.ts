/**
 * Several machines on this one, each with a network of its own: network namespaces with one interface each (`eth0`), all on one bridge, which
 * is in a namespace as well. Nothing of the machine's own network is touched. Needs root.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ifAllowed } from './forbidden.ts';

const run = promisify(execFile);
const network = '10.77.0';
const switchHost = 254;
let made = 0;

/** Rejects where the kernel does not let us make them. */
export async function probeNamespaces(): Promise<void> {
  const name = `tb-probe-${process.pid}`;
  await ifAllowed(async () => {
    await ip('netns', 'add', name);
    try {
      await ip('-n', name, 'link', 'add', 'probe', 'type', 'veth', 'peer', 'name', 'other');
      await ip('-n', name, 'link', 'add', 'bridge', 'type', 'bridge');
    } finally {
      await ip('netns', 'del', name);
    }
  });
}

export class Machine {
  readonly address: string;
  readonly #namespace: string;
  readonly #port: string | undefined;
  readonly #switch: string;

  constructor(place: {
    readonly namespace: string;
    readonly host: number;
    readonly port: string | undefined;
    readonly hub: string;
  }) {
    this.#namespace = place.namespace;
    this.address = `${network}.${place.host}`;
    this.#port = place.port;
    this.#switch = place.hub;
  }

  /** What goes before a command so that it runs there. */
  get wrap(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#namespace];
  }

  /** Addresses that its interface has now. */
  async addresses(): Promise<readonly string[]> {
    const { stdout } = await ip('-n', this.#namespace, '-4', '-o', 'addr', 'show', 'dev', 'eth0');
    return [...stdout.matchAll(/ inet ([\d.]+)\//g)].map(([, address = '']) => address);
  }

  /** The cable is out: what was sent and what comes is lost without a word, and its own interface does not notice. */
  async unplug(): Promise<void> {
    if (this.#port !== undefined) await ip('-n', this.#switch, 'link', 'set', this.#port, 'nomaster');
  }

  async plug(): Promise<void> {
    if (this.#port !== undefined) await ip('-n', this.#switch, 'link', 'set', this.#port, 'master', 'br0');
  }
}

export class Machines implements AsyncDisposable {
  readonly #namespaces: string[] = [];
  readonly #machines = new Map<string, Machine>();

  /** Those named, at `.1`, `.2` and so on; and `switch`, at `.254`, which is on the bridge itself. */
  static async make(names: readonly string[]): Promise<Machines> {
    const machines = new Machines();
    try {
      await machines.#make(names);
      return machines;
    } catch (error) {
      await machines[Symbol.asyncDispose]();
      throw error;
    }
  }

  get(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  /** Of the same network, for `virtual`. */
  addressOf(host: number): string {
    return `${network}.${host}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.#namespaces.toReversed()) await ip('netns', 'del', namespace);
  }

  async #make(names: readonly string[]): Promise<void> {
    const prefix = `tb${process.pid}-${(made += 1)}`;
    const hub = await this.#namespace(`${prefix}-switch`);
    await ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', hub, 'addr', 'add', `${network}.${switchHost}/24`, 'dev', 'br0');
    await ip('-n', hub, 'link', 'set', 'br0', 'up');
    this.#machines.set('switch', new Machine({ namespace: hub, host: switchHost, port: undefined, hub }));
    for (const [index, name] of names.entries()) {
      const namespace = await this.#namespace(`${prefix}-${name}`);
      const port = `port${index}`;
      await ip('-n', hub, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
      await ip('-n', hub, 'link', 'set', port, 'master', 'br0', 'up');
      await ip('-n', namespace, 'addr', 'add', `${network}.${index + 1}/24`, 'dev', 'eth0');
      await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
      this.#machines.set(name, new Machine({ namespace, host: index + 1, port, hub }));
    }
  }

  async #namespace(name: string): Promise<string> {
    await ip('netns', 'add', name);
    this.#namespaces.push(name);
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    return name;
  }
}

async function ip(...args: readonly string[]): Promise<{ stdout: string }> {
  return await run('ip', [...args], { timeout: 120_000 });
}
