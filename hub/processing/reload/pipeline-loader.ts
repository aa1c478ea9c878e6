/**
 * The pipelines of the hub from its files, read again whenever those change. Each one that is new is made once to see that it can be (in a
 * thread). One that cannot stays what it was, and that is told with its place in the file; where there never was a good version its channels
 * wait: nobody knows what their records may become without it.
 */
import { existsSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@tributary/shared/log.ts';
import { ConfigError } from '@tributary/shared/options/config-file.ts';
import { pipelineName } from '../../config/pipeline-options.ts';
import type { Findings } from '../../health/findings.ts';
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { emptyGeneration, Generation, type GenerationParts, type PipelineFacts } from '../generation.ts';
import { problemCharactersMax } from '../limits.ts';
import type { PipelineCheck } from './check-pipeline.ts';
import { type CheckPipelines, filesNamedIn } from './pipeline-checker.ts';
import { isSameSource, pipelineFiles, type PipelinePlace, readSources } from './read-sources.ts';

export interface PipelineLoaderParts {
  readonly place: PipelinePlace;
  readonly check: CheckPipelines;
  /** What channels are worked on with from now on. */
  readonly onGeneration: (generation: Generation) => void;
  /** Which pipelines there are from now on, and what was refused; told to the audit trail. */
  readonly audit: (sources: readonly PipelineSource[], refused: readonly string[]) => Promise<void>;
  readonly findings: Pick<Findings, 'set'>;
  readonly logger: Logger;
}

/** A version that could be made. */
interface GoodPipeline {
  readonly source: PipelineSource;
  readonly facts: PipelineFacts;
  /** Those that it was made for. */
  readonly outputs: readonly string[] | undefined;
}

/** Of one look at the files. */
interface Looked {
  readonly sources: readonly PipelineSource[];
  readonly presets: readonly PipelineSource[];
  readonly problems: Map<string, readonly string[]>;
}

const problemsShownMax = 20;

export class PipelineLoader {
  readonly #parts: PipelineLoaderParts;
  readonly #good = new Map<string, GoodPipeline>();
  /** Files that pipelines are made of, or would be, besides their own. */
  /** Versions that took long to be found bad: they are not made again until something of them is another. */
  readonly #slow = new Map<string, { readonly version: unknown; readonly check: PipelineCheck }>();
  readonly #beside = new Map<string, readonly string[]>();
  #place: PipelinePlace;
  /** In its folder: if that went as a whole, nobody meant that records stay as they are. */
  #hasFiles = false;
  #generation: Generation = emptyGeneration;
  #content: Omit<GenerationParts, 'number'> = { set: emptyGeneration.set, facts: [], refused: [] };
  #refused: ReadonlyMap<string, readonly string[]> = new Map();
  #loading: Promise<void> = Promise.resolve();

  constructor(parts: PipelineLoaderParts) {
    this.#parts = parts;
    this.#place = parts.place;
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** To be looked at for changes, also where they are not there. */
  get paths(): readonly string[] {
    return [...new Set([...pipelineFiles(this.#place.folder), ...[...this.#beside.values()].flat()])];
  }

  /** Before anything else is asked of it. Rejects with a ConfigError where the folder cannot be read. */
  async start(): Promise<void> {
    await this.#load(this.#place);
  }

  /** Reads the files again, one time after the other. Never rejects. */
  load(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load(this.#place)).catch((error: unknown) => this.#failed(error));
    return this.#loading;
  }

  /** Rejects with a ConfigError where the rules name what is not there, or the folder cannot be read; all is as before then. */
  async change(place: PipelinePlace): Promise<void> {
    await this.#loading;
    const { sources, presets, problems } = readSources(place);
    const there = new Set(['none', ...[...sources, ...presets].map(({ name }) => name)]);
    const unknown = place.rules.flatMap(({ pipeline }) => (there.has(pipeline) ? [] : (problems.get(pipeline) ?? [])));
    if (unknown.length > 0) throw new Error(unknown.join('\n'));
    this.#place = place;
    await this.load();
  }

  async #load(place: PipelinePlace): Promise<void> {
    if (place.folder === this.#place.folder && this.#hasFiles && !existsSync(place.folder))
      throw new ConfigError([{ file: place.folder, path: '', message: 'is not there any more' }]);
    const { sources, presets, problems } = readSources(place);
    this.#hasFiles = sources.length > 0;
    const looked = { sources, presets, problems: new Map(problems) };
    await this.#checkNew(looked, place.outputs);
    this.#place = place;
    const content = this.#contentOf(looked);
    const isOther = !isDeepStrictEqual(content, this.#content);
    const isNews = !isDeepStrictEqual(looked.problems, this.#refused);
    this.#refused = looked.problems;
    if (isOther) this.#use(content);
    if (isNews) this.#tellRefused(new Set(content.refused));
    if (isOther || isNews) await this.#parts.audit(content.set.sources, [...looked.problems.values()].flat());
  }

  /** Those whose texts, or files beside them, are others than those that are known to be good. */
  async #checkNew({ sources, presets, problems }: Looked, outputs: readonly string[] | undefined): Promise<void> {
    const changed = [...sources, ...presets].filter((source) => {
      const good = this.#good.get(source.name);
      return good === undefined || !isDeepStrictEqual(good.outputs, outputs) || !isSameSource(good.source, source);
    });
    const versions = new Map(changed.map((source) => [source, versionOf(source, outputs)]));
    const isKnown = ({ name }: PipelineSource, version: unknown): boolean =>
      isDeepStrictEqual(this.#slow.get(name)?.version, version);
    const wanted = changed.filter((source) => !isKnown(source, versions.get(source)));
    const checks = await this.#parts.check(wanted, outputs);
    for (const source of changed) {
      const { name } = source;
      const check = checks[wanted.indexOf(source)] ?? this.#slow.get(name)?.check;
      if (check === undefined) continue;
      const { facts, files, missing, isSlow } = check;
      this.#beside.set(name, [...Object.keys(files), ...missing]);
      this.#slow.delete(name);
      if (facts !== undefined) this.#good.set(name, { source: { ...source, files }, facts, outputs });
      else problems.set(name, check.problems);
      if (facts === undefined && isSlow === true) this.#slow.set(name, { version: versions.get(source), check });
    }
    const present = new Set([...sources, ...presets].map(({ name }) => name));
    for (const kept of [this.#beside, this.#slow]) for (const name of kept.keys()) if (!present.has(name)) kept.delete(name);
  }

  /** Good versions, old ones where the new one is not good; what has none stands by its name, so that its channels are found. */
  #contentOf({ sources, presets, problems }: Looked): Omit<GenerationParts, 'number'> {
    const { rules, outputs } = this.#place;
    const read = new Map(sources.map((source) => [source.name, source]));
    const isPreset = new Set(presets.map(({ name }) => name));
    // Of a file that cannot be read, or that went while a rule names it, only the name is known.
    for (const name of problems.keys()) {
      if (pipelineName.safeParse(name).success && !read.has(name) && !isPreset.has(name))
        read.set(name, { name, file: this.#place.folder, text: '' });
    }
    const names = [...read.keys()].toSorted();
    const used = names.flatMap((name) => this.#good.get(name)?.source ?? read.get(name) ?? []);
    const facts = [...names, ...isPreset].flatMap((name) => this.#good.get(name)?.facts ?? []);
    const refused = names.filter((name) => !this.#good.has(name));
    for (const name of this.#good.keys()) if (!read.has(name) && !isPreset.has(name)) this.#good.delete(name);
    return { set: { sources: used, rules, ...(outputs !== undefined && { outputs }) }, facts, refused };
  }

  #use(content: Omit<GenerationParts, 'number'>): void {
    const before = new Map(this.#content.set.sources.map((source) => [source.name, source]));
    const after = new Map(content.set.sources.map((source) => [source.name, source]));
    const names = [...new Set([...before.keys(), ...after.keys()])];
    const changed = names.filter((name) => !isDeepStrictEqual(before.get(name), after.get(name)));
    this.#content = content;
    this.#generation = new Generation({ ...content, number: this.#generation.number + 1 });
    this.#parts.logger.info('the pipelines are others from now on', { changed: changed.join(' ') || 'which channel has which' });
    this.#parts.onGeneration(this.#generation);
  }

  #tellRefused(held: ReadonlySet<string>): void {
    const { findings, logger } = this.#parts;
    findings.set(
      'pipeline-refused',
      [...this.#refused].map(([subject, problems]) => {
        const first = (problems[0] ?? '').slice(0, problemCharactersMax);
        const isHeld = held.has(subject);
        const what = isHeld ? 'there is no good version of it, and what it is for waits' : 'what ran before goes on';
        const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
        const shown = problems.slice(0, problemsShownMax).join('\n');
        logger.error(`a pipeline was refused: ${what}`, { pipeline: subject, problems: shown });
        const level = isHeld ? 'red' : 'yellow';
        return { kind: 'pipeline-refused', subject, level, reason: `pipeline ${subject} was refused: ${what}: ${first}${more}` };
      }),
    );
  }

  #failed(error: unknown): void {
    const { findings, logger } = this.#parts;
    const isConfig = error instanceof ConfigError;
    const message = error instanceof Error ? error.message : String(error);
    logger.error('the pipelines could not be read again: what ran before goes on', isConfig ? { problems: message } : { error });
    const reason = `the pipelines could not be read again, and what ran before goes on: ${message.slice(0, problemCharactersMax)}`;
    this.#refused = new Map([['pipelines_dir', [message]]]);
    findings.set('pipeline-refused', [{ kind: 'pipeline-refused', subject: 'pipelines_dir', level: 'yellow', reason }]);
  }
}

/** What makes a version another one, as far as it is known before it is made. */
function versionOf(source: PipelineSource, outputs: readonly string[] | undefined): unknown {
  const files = filesNamedIn(source).map((path) => {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
    return [path, ino, size, mtimeMs, ctimeMs];
  });
  return [source.file, source.text, outputs, files];
}
