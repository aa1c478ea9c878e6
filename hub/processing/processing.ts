/** Processing as the hub has it: pipelines from files, threads that run them, and what people are told of both. */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Id } from '@tributary/protocol/messages.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Findings } from '../health/findings.ts';
import { documentOutputs } from '../config/output-options.ts';
import type { HubOptions } from '../options.ts';
import { auditPipelines } from '../platform/audit-configuration.ts';
import type { CurrentRedactions } from '../redaction/current-redactions.ts';
import type { Registry } from '../registry/registry.ts';
import type { Current } from '../reload/current.ts';
import { FileWatch } from '../reload/file-watch.ts';
import { pipelineCheckWorker, pipelineWorker } from '../workers.ts';
import type { PipelineSet } from './definition/pipeline-set.ts';
import { emptyGeneration, type Generation } from './generation.ts';
import { brokenStepsLookMs, problemCharactersMax } from './limits.ts';
import { PipelineFindings } from './pipeline-findings.ts';
import { PipelinePool } from './pipeline-pool.ts';
import { Pipelines, type PipelinesOptions } from './pipelines.ts';
import type { ThreadLimits } from './pool-thread.ts';
import { pipelineChecker } from './reload/pipeline-checker.ts';
import { PipelineLoader } from './reload/pipeline-loader.ts';
import type { PipelinePlace } from './reload/read-sources.ts';
import { SitePipelines } from './site-pipelines.ts';

export interface ProcessingParts extends Omit<PipelinesOptions, 'processor' | 'isHeld'> {
  readonly options: Pick<HubOptions, 'pipelines' | 'pipelines_dir' | 'scripts' | 'outputs'>;
  readonly hubId: Id;
  /** Threads at most. */
  readonly size: number;
  readonly registry: Pick<Registry, 'meta' | 'setMeta' | 'record'>;
  readonly findings: Pick<Findings, 'set'>;
  /** The hubs of the site; nobody else is asked unless given. */
  readonly site?: Pick<Cluster, 'hubId' | 'members' | 'tell'>;
  readonly redactions: Pick<CurrentRedactions, 'use'>;
  /** Told of the pipelines that hold. */
  readonly current?: Pick<Current<PipelineSet>, 'use'>;
  readonly crashPoint?: string | undefined;
}

export class Processing implements AsyncDisposable {
  readonly pipelines: Pipelines;
  readonly #pool: PipelinePool;
  readonly #loader: PipelineLoader;
  readonly #findings: PipelineFindings;
  readonly #watch: FileWatch;
  readonly #site: SitePipelines | undefined;
  readonly #clock: Clock;
  readonly #current: Pick<Current<PipelineSet>, 'use'> | undefined;
  #limits: Partial<ThreadLimits>;

  /** Rejects where `pipelines_dir` cannot be read. A pipeline that is not good is told, and its channels wait. */
  static async start(parts: ProcessingParts): Promise<Processing> {
    let processing: Processing | undefined;
    const loader = new PipelineLoader({
      place: placeOf(parts.options),
      check: pipelineChecker(pipelineCheckWorker),
      onGeneration: (generation) => processing?.use(generation),
      audit: (sources, refused) => auditOf(parts, { sources, refused }),
      findings: parts.findings,
      logger: parts.logger,
    });
    // Before they are read: what changes while they are made is another then.
    const watch = new FileWatch({ paths: () => loader.paths, changed: () => loader.load(), clock: parts.clock });
    await loader.start();
    processing = new Processing(parts, loader, watch);
    return processing;
  }

  private constructor(parts: ProcessingParts, loader: PipelineLoader, watch: FileWatch) {
    const { size, clock, findings, options } = parts;
    this.#clock = clock;
    this.#current = parts.current;
    this.#loader = loader;
    this.#limits = limitsOf(options);
    this.#findings = new PipelineFindings(findings);
    this.#pool = new PipelinePool(pipelineWorker, {
      size,
      limits: this.#limits,
      crashPoint: parts.crashPoint,
      onProblems: (pipeline, problems) => this.#findings.problems(pipeline, problems),
    });
    const isHeld = (channel: string): boolean => this.#loader.generation.isHeld(channel);
    this.pipelines = new Pipelines({ ...parts, processor: this.#pool, isHeld });
    this.#watch = watch;
    const { site } = parts;
    this.#site = site && new SitePipelines({ cluster: site, findings, monotonic: () => clock.monotonic() });
    parts.redactions.use((channel) => this.#loader.generation.redactionOf(channel));
    if (loader.generation === emptyGeneration) parts.current?.use(loader.generation.set);
    else this.use(loader.generation);
  }

  /** What is worked on from now on is worked on with these. */
  use(generation: Generation): void {
    this.#pool.change(generation, this.#limits);
    const { sources, rules } = generation.set;
    this.#site?.use(generation.set);
    this.#current?.use(generation.set);
    this.pipelines.changed(new Set([...sources.map(({ name }) => name), ...rules.map(({ pipeline }) => pipeline)]));
  }

  /** What runs now. */
  get set(): PipelineSet {
    return this.#loader.generation.set;
  }

  /** Other options hold. Rejects, and all is as before, where they cannot. */
  async change(options: ProcessingParts['options']): Promise<void> {
    await this.#loader.change(placeOf(options));
    this.#limits = limitsOf(options);
    this.use(this.#loader.generation);
  }

  /** Looks at the files now. */
  async load(): Promise<void> {
    this.#watch.look();
    await this.#loader.load();
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.pipelines.run(signal), this.#watch.run(signal), this.#tellBrokenSteps(signal)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }

  async #tellBrokenSteps(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#site?.look();
      this.#findings.switchedOff(this.#pool.brokenSteps(), this.#loader.generation);
      await this.#clock.sleep(brokenStepsLookMs, signal).catch(() => undefined);
    }
  }
}

function placeOf({ pipelines_dir: folder, pipelines: rules, outputs }: ProcessingParts['options']): PipelinePlace {
  return { folder, rules, outputs: documentOutputs(outputs) };
}

function limitsOf({ scripts }: ProcessingParts['options']): Partial<ThreadLimits> {
  return { memoryBytes: scripts.memory_limit, scripts: { timeLimitMs: scripts.time_limit } };
}

async function auditOf(
  { registry, hubId, logger }: ProcessingParts,
  { sources, refused }: { readonly sources: readonly { readonly name: string }[]; readonly refused: readonly string[] },
): Promise<void> {
  try {
    await auditPipelines(registry, sources, hubId);
    const [problem] = refused;
    if (problem === undefined) return;
    await registry.record({
      action: 'configuration-refused',
      actor: 'hub',
      address: '',
      outcome: 'failure',
      tenant: undefined,
      details: { problem: problem.slice(0, problemCharactersMax) },
    });
  } catch (error) {
    logger.error('a change of the pipelines could not be told to the audit trail', { error });
  }
}
