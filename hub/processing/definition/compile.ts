/**
 * Makes a pipeline of its text: steps with their conditions, ready to run. Everything that is wrong is told at once, with its place in the
 * file; a preset's steps take the place of the item that names it.
 */
import { dirname } from 'node:path';
import { assert } from '@tributary/shared/assert.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { type ConfigProblem, ConfigError, parseConfig, problemAt } from '@tributary/shared/options/config-file.ts';
import type { Expressions } from '../conditions/compile-conditions.ts';
import type { Condition } from '../conditions/condition.ts';
import type { FieldType } from '../conditions/field-types.ts';
import { suggest } from '@tributary/shared/options/suggest.ts';
import { presetNames, presetSource } from '../presets/presets.ts';
import { stepDefinitions } from '../steps/registry.ts';
import type { TimeZone } from '../steps/time/time-zone.ts';
import { type Step, StepOptionError, type WatchedFile, type WatchedFileRequest } from '../steps/step.ts';
import { type GoodParts, goodParts } from './good-parts.ts';
import { type FailureAction, type PipelineFile, pipelineSchema, stepKinds } from './pipeline-schema.ts';
import type { PipelineSource } from './pipeline-set.ts';

/** Where a step stands, for what it has to tell. */
export interface StepPlace {
  readonly pipeline: string;
  readonly step: string;
  /** Relative paths are below it. */
  readonly folder: string;
}

/** What the makers of steps are given: another one in a hub's thread than in a check. */
export interface CompileHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Over ECS and these fields of the pipeline's own. */
  readonly expressions: (fields: Readonly<Record<string, FieldType>>) => Expressions;
  readonly watchFile: <Content>(request: WatchedFileRequest<Content>, place: StepPlace) => WatchedFile<Content>;
  /** Of a file that a step is made of. Throws a StepOptionError. */
  readonly readFile: (path: string, option: readonly (string | number)[], place: StepPlace) => Buffer<ArrayBuffer>;
  /** As StepContext.outputs. */
  readonly outputs?: readonly string[] | undefined;
  /** As StepContext.outputsNow. */
  readonly outputsNow?: readonly string[] | undefined;
  readonly scriptTimeLimitMs: number;
  readonly tell: (place: StepPlace, problem: string | undefined) => void;
}

export interface CompiledStep {
  /** Its number in the pipeline, a preset's steps counted one by one. */
  readonly index: number;
  /** Which of the steps in the pipeline's own file it is, a preset's all the one that names it; undefined: it is in no file. */
  readonly item?: number;
  /** Its name, or else its kind; where steps before have the same, with a number: `set_2`. */
  readonly name: string;
  readonly kind: string;
  readonly step: Step;
  readonly when: Condition | undefined;
  readonly onError: FailureAction;
}

export interface CompiledPipeline extends Disposable {
  readonly name: string;
  readonly source: PipelineSource;
  readonly steps: readonly CompiledStep[];
  /** Some step keeps something between records: one thread at a time. */
  readonly keepsState: boolean;
}

interface NamedPreset {
  readonly timezone: TimeZone | undefined;
  /** Of the pipeline's own file. */
  readonly item: number;
}

type Path = readonly (string | number)[];

const presetDepthMax = 5;
/** What a file's schema says of keys that it does not know (shared/options/explain.ts). */
const notAnOption = 'is not an option';

/** Throws a ConfigError. */
export function compilePipeline(source: PipelineSource, host: CompileHost): CompiledPipeline {
  const compiler = new Compiler(source.name, host);
  compiler.add(source, [source.name]);
  const { steps, problems, keepsState } = compiler;
  const dispose = (): void => {
    for (const { step } of steps) step.dispose?.();
  };
  if (problems.length > 0) {
    dispose();
    throw new ConfigError(inOrder(problems, source.file));
  }
  return { name: source.name, source, steps, keepsState, [Symbol.dispose]: dispose };
}

/** Those of the file itself by their places, and behind them those of what it names. */
function inOrder(problems: readonly ConfigProblem[], file: string): ConfigProblem[] {
  const own = problems.filter((problem) => problem.file === file).toSorted(byPlace);
  return [...own, ...problems.filter((problem) => problem.file !== file)];
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

class Compiler {
  readonly steps: CompiledStep[] = [];
  readonly problems: ConfigProblem[] = [];
  keepsState = false;
  readonly #pipeline: string;
  readonly #host: CompileHost;
  readonly #names = new Set<string>();
  #hasSplit = false;
  /** A step that keeps something between records, behind a split. */
  #stateBehindSplit: string | undefined;
  /** By name; undefined where it has problems. */
  readonly #files = new Map<string, PipelineFile | undefined>();

  constructor(pipeline: string, host: CompileHost) {
    this.#pipeline = pipeline;
    this.#host = host;
  }

  /** `within`: the pipeline and the presets that lead here. `preset`: what was said of the last of these. */
  add(source: PipelineSource, within: readonly string[], preset?: NamedPreset): void {
    const file = this.#fileOf(source);
    const good = file === undefined ? goodParts(source, this.#host.env) : { ...file, areFieldsKnown: true };
    if (good === undefined) return;
    const expressions = good.areFieldsKnown ? this.#host.expressions(this.#fieldsOf(good, within.length)) : anyExpressions;
    for (const [index, item] of good.steps.entries()) {
      if (item === undefined) continue;
      const path = ['steps', index];
      const named = { timezone: item.timezone ?? preset?.timezone, item: preset?.item ?? index };
      if (item.preset === undefined) this.#addStep(source, { item, path, expressions, named });
      else this.#addPreset(source, item, { path, within, named });
    }
  }

  #fileOf(source: PipelineSource): PipelineFile | undefined {
    if (this.#files.has(source.file)) return this.#files.get(source.file);
    let file: PipelineFile | undefined;
    try {
      file = parseConfig({ file: source.file, text: source.text, schema: pipelineSchema, env: this.#host.env });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.problems.push(...error.problems.map(withPlaceOfKey));
    }
    this.#files.set(source.file, file);
    return file;
  }

  /** What a file declares, and what the presets do that it has steps of: its own conditions may name it all. */
  #fieldsOf({ fields, steps }: Pick<GoodParts, 'fields' | 'steps'>, depth: number): Readonly<Record<string, FieldType>> {
    const found: Record<string, FieldType> = {};
    for (const step of steps) {
      const preset = step?.preset;
      const source = preset === undefined ? undefined : presetSource(preset);
      const file = source === undefined || depth > presetDepthMax ? undefined : this.#fileOf(source);
      if (file !== undefined) Object.assign(found, this.#fieldsOf(file, depth + 1));
    }
    return { ...found, ...fields };
  }

  #addPreset(
    source: PipelineSource,
    item: PipelineFile['steps'][number],
    { path, within, named }: { readonly path: Path; readonly within: readonly string[]; readonly named: NamedPreset },
  ): void {
    const name = item.preset ?? '';
    const preset = presetSource(name);
    if (preset === undefined) this.#problem(source, [...path, 'preset'], noPreset(name));
    else if (within.includes(preset.file)) this.#problem(source, [...path, 'preset'], 'leads back to itself');
    else if (within.length > presetDepthMax) this.#problem(source, [...path, 'preset'], 'leads through too many presets');
    else if (item.when !== undefined) this.#problem(source, [...path, 'when'], 'is not for a preset: its steps have their own');
    else this.add(preset, [...within, preset.file], named);
  }

  #addStep(
    source: PipelineSource,
    {
      item,
      path,
      expressions,
      named,
    }: {
      readonly item: PipelineFile['steps'][number];
      readonly path: Path;
      readonly expressions: Expressions;
      readonly named: NamedPreset;
    },
  ): void {
    const kind = stepKinds.find((one) => Reflect.get(item, one) !== undefined);
    const definition = stepDefinitions.find((one) => one.name === kind);
    assert(kind !== undefined && definition !== undefined, 'the schema takes items with one step');
    const name = this.#nameFor(item.name ?? kind);
    const place = { pipeline: this.#pipeline, step: name, folder: dirname(source.file) };
    const given: unknown = Reflect.get(item, kind);
    const options = given === null ? definition.options.safeParse({}) : { success: true as const, data: given };
    if (!options.success) {
      const missing = options.error.issues.map((issue) => issue.path.join('.')).join(', ');
      this.#problem(source, [...path, kind], `has no options: ${missing} is needed`);
      return;
    }
    const when = this.#tried(source, [...path, kind], () =>
      item.when === undefined ? undefined : readAt([...path, 'when'], expressions.condition, item.when),
    );
    this.#tried(source, [...path, kind], () => {
      const step = definition.make(inZone(options.data, named.timezone), {
        ...place,
        clock: this.#host.clock,
        condition: (text, option) => readAt([...path, kind, ...option], expressions.condition, text),
        expression: (text, option) => readAt([...path, kind, ...option], expressions.expression, text),
        watchFile: (request) => this.#host.watchFile(request, place),
        readFile: (file, option) => this.#host.readFile(file, option, place),
        outputs: this.#host.outputs,
        outputsNow: this.#host.outputsNow,
        scriptTimeLimitMs: this.#host.scriptTimeLimitMs,
        tell: (problem) => this.#host.tell(place, problem),
      });
      this.steps.push({ index: this.steps.length, item: named.item, name, kind, step, when, onError: item.on_error });
      this.#noteOrder(source, { kind, name, path, keepsState: definition.keepsState === true });
      if (step.redactRaw !== undefined && when !== undefined)
        this.#problem(source, [...path, 'when'], 'is not for `scope: raw`: it is done before anything is read');
    });
  }

  /** What is wrong with it is told; undefined then. */
  #tried<Made>(source: PipelineSource, path: Path, make: () => Made): Made | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof ExpressionProblem) this.#problem(source, error.path, error.message);
      else if (error instanceof StepOptionError) this.#problem(source, [...path, ...error.path], error.message);
      else throw error;
      return undefined;
    }
  }

  /** Documents get their numbers, which are a part of their ids, when they are split: what was dropped before is not to change them. */
  #noteOrder(
    source: PipelineSource,
    { kind, name, path, keepsState }: Pick<CompiledStep, 'kind' | 'name'> & { readonly path: Path; readonly keepsState: boolean },
  ): void {
    if (keepsState) {
      this.keepsState = true;
      if (this.#hasSplit) this.#stateBehindSplit ??= name;
    }
    if (kind !== 'split') return;
    this.#hasSplit = true;
    const between = this.#stateBehindSplit;
    if (between === undefined) return;
    const why = `is a second split behind ${between}: the ids of its documents would depend on what ${between} saw before`;
    this.#problem(source, [...path, kind], `${why}. Put ${between} behind the last split, or before the first`);
  }

  /** The second one of a name is told from the first, in counts, errors and findings. */
  #nameFor(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#names.has(name); number += 1) name = `${wanted}_${number}`;
    this.#names.add(name);
    return name;
  }

  #problem({ file, text }: PipelineSource, path: Path, message: string): void {
    this.problems.push(problemAt({ file, text, env: this.#host.env }, path, message));
  }
}

/** Where it is not known which fields there are. */
const anyExpressions: Expressions = {
  condition: (text) => ({ text, holds: () => false }),
  expression: (text) => ({ text, valueOf: () => undefined }),
};

function noPreset(name: string): string {
  const meant = suggest(name, presetNames);
  return `${name} is no preset; ${meant === undefined ? `there are ${presetNames.join(', ')}` : `did you mean ${meant}?`}`;
}

/** Of a preset's step that reads times. */
function inZone(options: unknown, timezone: TimeZone | undefined): unknown {
  if (timezone === undefined || typeof options !== 'object' || options === null || !Object.hasOwn(options, 'timezone'))
    return options;
  return { ...options, timezone };
}

/** What stands beside a step is often put among its options. */
function withPlaceOfKey(problem: ConfigProblem): ConfigProblem {
  const [, kind, key] = /^steps\[\d+\]\.(\w+)\.(when|on_error|name|description)$/.exec(problem.path) ?? [];
  if (kind === undefined || key === undefined || problem.message !== notAnOption || !stepKinds.includes(kind)) return problem;
  return { ...problem, hint: `${key} stands beside ${kind}, with the same indentation, and not within its options` };
}

function readAt<Read>(path: Path, read: (text: string) => Read, text: string): Read {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof StepOptionError) throw new ExpressionProblem(path, error.message);
    throw error;
  }
}

/** A condition or another expression that cannot be used, with its whole path. */
class ExpressionProblem extends Error {
  override readonly name = 'ExpressionProblem';
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}
