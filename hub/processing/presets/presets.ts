/** Pipelines for common log types that come with the hub: the same YAML as in files, one file here each, one line below. */
import type { PipelineSource } from '../definition/pipeline-set.ts';
import { apache } from './apache.ts';
import { auditd } from './auditd.ts';
import { auth } from './auth.ts';
import { docker } from './docker.ts';
import { haproxy } from './haproxy.ts';
import { java } from './java.ts';
import { kubernetes } from './kubernetes.ts';
import { mysql } from './mysql.ts';
import { nginx } from './nginx.ts';
import { postgresql } from './postgresql.ts';
import { redis } from './redis.ts';
import { syslog } from './syslog.ts';
import { windowsEvent } from './windows-event.ts';

const presets: Readonly<Record<string, string>> = {
  apache,
  auditd,
  auth,
  docker,
  haproxy,
  java,
  kubernetes,
  mysql,
  nginx,
  postgresql,
  redis,
  syslog,
  windows_event: windowsEvent,
};

export const presetNames: readonly string[] = Object.keys(presets);

/** Undefined where there is none of that name. */
export function presetSource(name: string): PipelineSource | undefined {
  const text = Object.hasOwn(presets, name) ? presets[name] : undefined;
  return text === undefined ? undefined : { name, file: `preset:${name}`, text };
}
