/** What one input would read now, for `check --explain`. Nothing is read but what describes containers, nothing bound or started. */
import { systemClock } from '@tributary/shared/clock.ts';
import { inputDefaultsOf } from '../../agent-options.ts';
import { DockerKind } from '../../inputs/docker/docker-kind.ts';
import { dockerPaths } from '../../inputs/docker/docker-input.ts';
import { fileKind } from '../../inputs/file/file-input.ts';
import type { InputEvents, StreamState } from '../../inputs/input.ts';
import { KubernetesKind } from '../../inputs/kubernetes/kubernetes-kind.ts';
import { kubernetesPaths } from '../../inputs/kubernetes/kubernetes-input.ts';
import type { AgentConfig, InputConfig } from '../../options.ts';
import { explainFiles, type ExplainedFiles } from './explain-files.ts';
import { framingText } from './framing-text.ts';

export interface ExplainedInput extends ExplainedFiles {
  /** What a record is. */
  readonly records: string;
  /** What else there is to know, a sentence each. */
  readonly notes: readonly string[];
}

type Config<Kind extends InputConfig['kind']> = Extract<InputConfig, { kind: Kind }>;

interface Surroundings {
  readonly config: AgentConfig;
  readonly streams: readonly StreamState[];
}

const noFiles: ExplainedFiles = { files: [], leftOut: [] };

export async function explainInput(input: InputConfig, around: Surroundings): Promise<ExplainedInput> {
  switch (input.kind) {
    case 'file':
      return await explainFileInput(input, around);
    case 'docker':
      return await explainDocker(input, around);
    case 'kubernetes':
      return await explainKubernetes(input, around);
    case 'syslog':
      return { ...noFiles, records: filtersOf(input, 'syslog messages'), notes: listenNotes(input) };
    case 'lines':
      return { ...noFiles, records: filtersOf(input), notes: listenNotes(input) };
    case 'stdin':
      return { ...noFiles, records: filtersOf(input), notes: ['reads the standard input of the agent to its end'] };
    case 'exec':
      return { ...noFiles, records: filtersOf(input), notes: [commandNote(input)] };
    case 'journald':
      return { ...noFiles, records: 'entries of the journal', notes: journalNotes(input, around) };
    case 'canary':
      return { ...noFiles, records: 'numbered records', notes: [`sends one every ${input.interval / 1000} s`] };
    case 'metrics':
    default:
      return {
        ...noFiles,
        records: 'metrics, as platform events',
        notes: [`measures ${input.sets.join(', ')} every ${input.interval / 1000} s`],
      };
  }
}

async function explainFileInput(input: Config<'file'>, { config, streams }: Surroundings): Promise<ExplainedInput> {
  const files = await explainFiles({
    paths: input.paths,
    exclude: input.exclude,
    ignoreOlderMs: input.ignore_older,
    kind: fileKind(input, inputDefaultsOf(config)),
    streams,
    nowMs: Date.now(),
  });
  const first = input.start === 'end' ? ['a file that is there at the first start of this input is read from its end'] : [];
  return { ...files, records: framingText(input), notes: first };
}

async function explainDocker(input: Config<'docker'>, { config, streams }: Surroundings): Promise<ExplainedInput> {
  const kind = new DockerKind({ options: input, defaults: inputDefaultsOf(config), events: silentEvents, clock: systemClock });
  const paths = dockerPaths(input);
  const files = await explainFiles({ paths, exclude: [], ignoreOlderMs: input.ignore_older, kind, streams, nowMs: Date.now() });
  return { ...files, records: framingText({ ...input, encoding: 'utf-8', container: 'docker' }), notes: [] };
}

async function explainKubernetes(input: Config<'kubernetes'>, { config, streams }: Surroundings): Promise<ExplainedInput> {
  const defaults = inputDefaultsOf(config);
  const kind = new KubernetesKind({ options: input, defaults, events: silentEvents, clock: systemClock, book: undefined });
  const [paths, exclude] = kubernetesPaths(input);
  const files = await explainFiles({ paths, exclude, ignoreOlderMs: input.ignore_older, kind, streams, nowMs: Date.now() });
  const { from } = input.metadata;
  const notes = from === 'none' ? [] : [`labels of pods come from the ${from} when it runs: they are not asked for here`];
  return { ...files, records: framingText({ ...input, encoding: 'utf-8', container: 'cri' }), notes };
}

function filtersOf({ encoding, filters }: Config<'syslog' | 'lines' | 'stdin' | 'exec'>, unit = 'lines'): string {
  return framingText({ unit, encoding, filters });
}

function listenNotes({ listen, allow_cidr: allowed, overflow }: Config<'syslog' | 'lines'>): string[] {
  const from = allowed === undefined ? '' : `, from ${allowed.join(', ')} only`;
  return [...listen.map((address) => `would listen at ${address}${from}`), `while the buffer is full: ${overflow}`];
}

function commandNote({ command, interval, schedule }: Config<'exec'>): string {
  const when =
    schedule === undefined
      ? interval === undefined
        ? 'again whenever it ends'
        : `every ${interval / 1000} s`
      : `at ${schedule}`;
  return `would run ${JSON.stringify(command)} ${when}`;
}

function journalNotes({ directory, start }: Config<'journald'>, { streams }: Surroundings): string[] {
  const place = directory === undefined ? 'the journal of this machine' : `the journal in ${directory}`;
  const isKnown = streams.some(({ identity, ended, attributes }) => {
    return (
      !ended && attributes.counted && identity.token !== '' && (directory === undefined || identity.path.includes(directory))
    );
  });
  return [`reads ${place}`, isKnown ? 'goes on at the cursor that is stored' : `begins at its ${start}: no cursor is stored`];
}

const nothing = (): void => undefined;

const silentEvents: InputEvents = {
  fileOpened: nothing,
  fileRotated: nothing,
  fileTruncated: nothing,
  fileReplaced: nothing,
  fileFinished: nothing,
  sourceSkipped: nothing,
  sourceFailed: nothing,
  sourceRecovered: nothing,
  lost: nothing,
  filtered: nothing,
  listening: nothing,
  sourceStarted: nothing,
  sourceEnded: nothing,
};
