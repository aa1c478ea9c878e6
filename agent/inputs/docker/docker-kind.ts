/**
 * What a file under Docker's `containers` folder is: the log of a container, by the name of its folder, with what the container's config
 * tells. A container is decided upon once, when its log is found; a config that is not there yet is looked for again.
 */
import { access } from 'node:fs/promises';
import type { Clock } from '@tributary/shared/clock.ts';
import { createFraming } from '../../framing/create-framing.ts';
import { anyGlob, anyLabelGlob } from '../containers/name-glob.ts';
import { prefixed, streamLabels, typeFrom } from '../containers/stream-labels.ts';
import type { FileDecision, FileKind, FileTraits } from '../file/file-kind.ts';
import { isMissing, Troubles } from '../file/troubles.ts';
import type { InputEvents } from '../input.ts';
import type { InputDefaults } from '../registry.ts';
import { type ContainerConfig, ContainerConfigError, readContainerConfig } from './container-config.ts';
import { containerFields } from './container-fields.ts';
import { configWaitMs } from './limits.ts';
import type { DockerInputOptions } from './options.ts';

export interface DockerKindOptions {
  readonly options: DockerInputOptions;
  readonly defaults: InputDefaults;
  readonly events: InputEvents;
  readonly clock: Clock;
}

interface Container {
  readonly title: string;
  readonly decision: Exclude<FileDecision, undefined>;
}

export class DockerKind implements FileKind {
  readonly #options: DockerKindOptions;
  readonly #framing: Pick<FileTraits, 'framer' | 'filter'>;
  readonly #isWanted: (config: ContainerConfig) => boolean;
  readonly #isKept: (label: string) => boolean;
  readonly #troubles: Troubles;
  readonly #decided = new Map<string, Container>();
  readonly #underway = new Map<string, Promise<FileDecision>>();
  /** Since when a config is waited for. */
  readonly #waiting = new Map<string, number>();

  constructor(options: DockerKindOptions) {
    const { include, exclude, container_labels: kept, multiline, filters } = options.options;
    this.#options = options;
    this.#framing = createFraming({ encoding: 'utf-8', container: 'docker', multiline, filters });
    const isIncluded = selects(include);
    const isExcluded = selects(exclude);
    const takesAll = isEmpty(include);
    this.#isWanted = (config) => (takesAll || isIncluded(config)) && !isExcluded(config);
    this.#isKept = anyGlob(kept);
    this.#troubles = new Troubles(options.events);
  }

  traitsOf(path: string): FileDecision | Promise<FileDecision> {
    const id = /\/([^/]+)\/\1-json\.log(?:\.[^/]*)?$/.exec(path)?.[1];
    if (id === undefined) return 'not-read';
    return this.#decided.get(id)?.decision ?? this.#underway.getOrInsertComputed(id, () => this.#ask(id));
  }

  /** Forgets the containers that are gone. */
  async sweep(): Promise<void> {
    for (const [id, { title, decision }] of this.#decided) {
      if (await isThere(this.#folder(id))) continue;
      this.#decided.delete(id);
      this.#waiting.delete(id);
      if (decision !== 'not-read') this.#options.events.sourceEnded(title, 'the container was removed');
    }
  }

  async #ask(id: string): Promise<FileDecision> {
    try {
      return await this.#decide(id);
    } finally {
      this.#underway.delete(id);
    }
  }

  async #decide(id: string): Promise<FileDecision> {
    const path = `${this.#folder(id)}/config.v2.json`;
    try {
      const config = await readContainerConfig(path);
      this.#troubles.clear(path);
      return this.#keep(id, config);
    } catch (error) {
      if (!(error instanceof ContainerConfigError) && !isFileError(error)) throw error;
      return await this.#withoutConfig(id, path, error);
    }
  }

  /** Logs are shipped without names rather than not at all, unless it depends on them whether they are to be shipped. */
  async #withoutConfig(id: string, path: string, error: Error): Promise<FileDecision> {
    const { options, clock } = this.#options;
    if (isMissing(error) && !(await isThere(this.#folder(id)))) return undefined;
    const sinceMs = this.#waiting.getOrInsert(id, clock.monotonic());
    if (clock.monotonic() - sinceMs < configWaitMs) return undefined;
    this.#troubles.raise(path, error);
    const isSelective = !isEmpty(options.include) || !isEmpty(options.exclude);
    return isSelective ? undefined : this.#keep(id, { name: '', image: '', labels: {} });
  }

  #keep(id: string, config: ContainerConfig): FileDecision {
    const { events } = this.#options;
    const title = `docker:${config.name === '' ? id : config.name}`;
    this.#waiting.delete(id);
    if (!this.#isWanted(config)) {
      this.#decided.set(id, { title, decision: 'not-read' });
      return 'not-read';
    }
    const traits = this.#traits(id, config);
    this.#decided.set(id, { title, decision: traits });
    events.sourceStarted(title, `container ${id.slice(0, 12)} of image ${config.image === '' ? 'unknown' : config.image}`);
    return traits;
  }

  #traits(id: string, config: ContainerConfig): FileTraits {
    const { options, defaults, events } = this.#options;
    const kept = Object.fromEntries(Object.entries(config.labels).filter(([name]) => this.#isKept(name)));
    const { labels, leftOut } = streamLabels([
      options.labels,
      defaults.labels,
      ...containerFields(id, config),
      prefixed('container.labels', kept),
    ]);
    if (leftOut > 0)
      events.sourceSkipped(`docker:${config.name}`, `${leftOut} labels of the container are more than a stream may have`);
    const attributes = {
      tenant: options.tenant ?? defaults.tenant,
      type: typeFrom(config.labels[options.type_label]) ?? options.type,
      host: defaults.host,
      encoding: 'utf-8',
      counted: false,
      labels,
    };
    return { attributes, ...this.#framing };
  }

  #folder(id: string): string {
    return `${this.#options.options.root}/containers/${id}`;
  }
}

type Selection = DockerInputOptions['include'];

function selects({ names, images, labels }: Selection): (config: ContainerConfig) => boolean {
  const [name, image, label] = [anyGlob(names), anyGlob(images), anyLabelGlob(labels)];
  return (config) => name(config.name) || image(config.image) || label(config.labels);
}

function isEmpty({ names, images, labels }: Selection): boolean {
  return names.length === 0 && images.length === 0 && labels.length === 0;
}

function isFileError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
