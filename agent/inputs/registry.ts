/**
 * Every kind of input, one line each. A kind that `resumes` goes on where the site is: it does not begin before the site has told which
 * streams it knows. The others have sources that cannot be read again, and begin at once. The schema of the options is loaded only when it is asked for: a running agent does without
 * the library it is written with. `markAt` looks at a source itself, for a site that doubts a position.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import { createDockerInput } from './docker/docker-input.ts';
import { createExecInput } from './exec/exec-input.ts';
import { createFileInput } from './file/file-input.ts';
import { markAt } from './file/mark-at.ts';
import type { Input, InputEvents, Sink } from './input.ts';
import { createJournaldInput } from './journald/journald-input.ts';
import { createKubernetesInput } from './kubernetes/kubernetes-input.ts';
import { createLinesInput } from './lines/lines-input.ts';
import { createMetricsInput } from './metrics/metrics-input.ts';
import { createStdinInput } from './stdin/stdin-input.ts';
import { createSyslogInput } from './syslog/syslog-input.ts';

export interface InputDefaults {
  readonly tenant: string;
  readonly host: string;
  /** Labels of the agent; an input's own come on top. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface InputParts<Options> {
  readonly name: string;
  readonly options: Options;
  readonly sink: Sink;
  readonly events: InputEvents;
  readonly clock: Clock;
  readonly defaults: InputDefaults;
  /** Of the agent, for documents that say who tells. */
  readonly agentId?: string;
  /** Read what is there to its last byte: a last line that was quiet for `idle_flush` is the end. What `ship` does. */
  readonly once?: boolean;
}

export const inputKinds = {
  docker: {
    options: async () => (await import('./docker/options.ts')).dockerInputOptions,
    create: createDockerInput,
    resumes: true,
  },
  exec: { options: async () => (await import('./exec/options.ts')).execInputOptions, create: createExecInput },
  file: {
    options: async () => (await import('./file/options.ts')).fileInputOptions,
    create: createFileInput,
    resumes: true,
    markAt,
  },
  journald: {
    options: async () => (await import('./journald/options.ts')).journaldInputOptions,
    create: createJournaldInput,
    resumes: true,
  },
  kubernetes: {
    options: async () => (await import('./kubernetes/options.ts')).kubernetesInputOptions,
    create: createKubernetesInput,
    resumes: true,
  },
  lines: { options: async () => (await import('./lines/options.ts')).linesInputOptions, create: createLinesInput },
  metrics: { options: async () => (await import('./metrics/options.ts')).metricsInputOptions, create: createMetricsInput },
  stdin: { options: async () => (await import('./stdin/options.ts')).stdinInputOptions, create: createStdinInput },
  syslog: { options: async () => (await import('./syslog/options.ts')).syslogInputOptions, create: createSyslogInput },
} as const;

type Kinds = typeof inputKinds;
export type InputKindName = keyof Kinds;
type OptionsByKind = { readonly [Kind in InputKindName]: Parameters<Kinds[Kind]['create']>[0]['options'] };
/** One table of one type, so that a kind and its options are looked up together. */
const creators: {
  readonly [Kind in InputKindName]: { readonly create: (parts: InputParts<OptionsByKind[Kind]>) => Input };
} = inputKinds;

/** Whether inputs of this kind go on where the site is. */
export function resumes(kind: InputKindName): boolean {
  return 'resumes' in inputKinds[kind];
}

/** Makes the input that a part of the configuration asks for. */
export function createInput<Kind extends InputKindName>(
  options: OptionsByKind[Kind] & { readonly kind: Kind },
  parts: Omit<InputParts<unknown>, 'options'>,
): Input {
  return creators[options.kind].create({ ...parts, options });
}
