/**
 * The table of file cases: what happens to files, and what must be in the archive afterwards. Each case has a folder and a channel of its
 * own; a whole group shares one hub and one agent, which are real processes, so that hundreds of them take no longer than a few.
 * docs/FILE-CASES.md is made of this (page.ts).
 */
import type { ToolName } from '../harness/require.ts';
import type { CaseRun } from './case-run.ts';

export type OtherProgram = 'rsyslog' | 'Fluent Bit' | 'Filebeat' | 'Vector' | 'OpenTelemetry' | 'Alloy';

/** What another program does, where its documentation or its issues say so. */
export interface OtherBehaviour {
  readonly program: OtherProgram;
  readonly says: string;
  readonly reference: string;
}

export interface FileCase {
  /** `[a-z0-9_]{1,50}`: folder and log type of the case. */
  readonly name: string;
  /** What happens to the files. */
  readonly title: string;
  /** How it is brought about, where the title does not say. */
  readonly how?: string;
  /** What one gets; by default each line once, in order. */
  readonly result?: string;
  readonly others?: readonly OtherBehaviour[];
  /** Options of its input that differ from those of a test; several inputs, if it has several. */
  readonly inputs?: (folder: string, name: string) => readonly Readonly<Record<string, unknown>>[];
  /** Other log types than the case's name under which its records arrive. */
  readonly types?: readonly string[];
  readonly needs?: ToolName;
  run(it: CaseRun): void | Promise<void>;
}

/** What is done to the processes when all cases of the group are ready for it. */
export type Interruption =
  /** SIGTERM, then what the cases do to their files, then a new start. */
  | 'agent-stopped'
  /** `kill -9` instead. */
  | 'agent-killed'
  /** SIGSTOP and SIGCONT: whatever the cases do in between is done between two looks of the agent. */
  | 'agent-paused'
  /** The hub is stopped and started again; the agent goes on reading. */
  | 'hub-stopped'
  | 'none';

export interface CaseGroup {
  readonly name: string;
  readonly title: string;
  readonly interruption: Interruption;
  /** Options of the agent that differ, for all cases of the group. */
  readonly agent?: Readonly<Record<string, unknown>>;
  /** Runs the agent as somebody who is not root, who may read everything otherwise. */
  readonly unprivileged?: boolean;
  /** The code was broken by hand once, in this way, and then these cases failed. */
  readonly broken: { readonly change: string; readonly failed: readonly string[] };
  readonly cases: readonly FileCase[];
}
