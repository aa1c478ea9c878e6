import { fileURLToPath } from 'node:url';
import * as agentWorkers from '@tributary/agent/workers.ts';
import { pageAsset } from '@tributary/hub/dashboard/page-file.ts';
import * as hubWorkers from '@tributary/hub/workers.ts';
import type { WorkerEntry } from '@tributary/shared/async/worker-entry.ts';
import { buildPage } from './build-page.ts';

/** What becomes one executable. */
export interface Product {
  readonly name: string;
  readonly version: string;
  /** The file that the program begins with. */
  readonly main: string;
  readonly workers: readonly WorkerEntry[];
  /** Assets beside its threads, each with what is in it and the files that went into it. */
  readonly assets?: Readonly<Record<string, () => Promise<{ readonly text: string; readonly inputs: readonly string[] }>>>;
  /** Flags of Node that the program always runs with; it takes none from NODE_OPTIONS. */
  readonly nodeFlags: readonly string[];
}

/** Patterns that users write must not be able to hang a thread: V8 changes to its linear engine when one backtracks too much. */
const nodeFlags = ['--enable-experimental-regexp-engine-on-excessive-backtracks'];

/**
 * An agent's lines never become strings or objects, so it gains nothing from a roomy heap: with this flag it peaks 35 MB lower, holds
 * 25 MB less while it watches 1,000 files, and takes the same time. What its heap does not need any more it gives back itself
 * (shared/spare-memory.ts).
 */
const agentNodeFlags = [...nodeFlags, '--optimize-for-size', '--expose-gc'];

/**
 * Very many agents leave garbage by their handshakes, which the hub has collected once all have come (listeners/agents). The young space
 * of each of its threads may grow to three times this: more than the default's quarter makes nothing faster.
 *
 * Where collecting takes a few hundredths of the time only, V8 marks all that lives anew whenever it has grown by a tenth: of a hub that knows 2,000
 * agents that is 70 MB every two seconds, to find next to nothing. With this it waits for more than half, as it does under load by itself.
 */
const hubNodeFlags = [...nodeFlags, '--max-semi-space-size=4', '--heap-growing-percent=60', '--expose-gc'];

export function products(version: string): Product[] {
  return [
    {
      name: 'tributary-agent',
      version,
      main: fileOf('@tributary/agent/main.ts'),
      workers: Object.values(agentWorkers),
      nodeFlags: agentNodeFlags,
    },
    {
      name: 'tributary-hub',
      version,
      main: fileOf('@tributary/hub/main.ts'),
      workers: Object.values(hubWorkers),
      assets: { [pageAsset]: buildPage },
      nodeFlags: hubNodeFlags,
    },
  ];
}

function fileOf(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier));
}
