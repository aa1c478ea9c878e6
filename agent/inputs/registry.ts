/**
 * Every kind of input, one line each. An agent loads those that its configuration asks for. A kind that `resumes` goes on where the
 * site is: it does not begin before the site has told which streams it knows. The others have sources that cannot be read again, and
 * begin at once.
 */
import type { Clock } from '@tributary/shared/clock.ts';
import type { Input, InputEvents, Sink } from './input.ts';

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

const inputKinds = {
  canary: { load: async () => (await import('./canary/canary-input.ts')).createCanaryInput, resumes: false },
  docker: { load: async () => (await import('./docker/docker-input.ts')).createDockerInput, resumes: true },
  exec: { load: async () => (await import('./exec/exec-input.ts')).createExecInput, resumes: false },
  file: { load: async () => (await import('./file/file-input.ts')).createFileInput, resumes: true },
  journald: { load: async () => (await import('./journald/journald-input.ts')).createJournaldInput, resumes: true },
  kubernetes: { load: async () => (await import('./kubernetes/kubernetes-input.ts')).createKubernetesInput, resumes: true },
  lines: { load: async () => (await import('./lines/lines-input.ts')).createLinesInput, resumes: false },
  metrics: { load: async () => (await import('./metrics/metrics-input.ts')).createMetricsInput, resumes: false },
  stdin: { load: async () => (await import('./stdin/stdin-input.ts')).createStdinInput, resumes: false },
  syslog: { load: async () => (await import('./syslog/syslog-input.ts')).createSyslogInput, resumes: false },
} as const;

type Kinds = typeof inputKinds;
export type InputKindName = keyof Kinds;
type Create<Kind extends InputKindName> = Awaited<ReturnType<Kinds[Kind]['load']>>;
type OptionsByKind = { readonly [Kind in InputKindName]: Parameters<Create<Kind>>[0]['options'] };
/** One table of one type, so that a kind and its options are looked up together. */
const loaders: {
  readonly [Kind in InputKindName]: { readonly load: () => Promise<(parts: InputParts<OptionsByKind[Kind]>) => Input> };
} = inputKinds;

/** Whether inputs of this kind go on where the site is. */
export function resumes(kind: InputKindName): boolean {
  return inputKinds[kind].resumes;
}

/** Makes the input that a part of the configuration asks for. */
export async function createInput<Kind extends InputKindName>(
  options: OptionsByKind[Kind] & { readonly kind: Kind },
  parts: Omit<InputParts<unknown>, 'options'>,
): Promise<Input> {
  const create = await loaders[options.kind].load();
  return create({ ...parts, options });
}
