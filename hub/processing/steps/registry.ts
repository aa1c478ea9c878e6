/** The steps that there are: one line each. */
import { apache } from './access-log/apache.ts';
import { nginx } from './access-log/nginx.ts';
import { cef } from './security-events/cef.ts';
import { convert } from './convert.ts';
import { csv } from './csv.ts';
import { dedupe } from './dedupe.ts';
import { docker } from './docker.ts';
import { drop } from './drop.ts';
import { geoip } from './geoip.ts';
import { grok } from './grok/grok.ts';
import { haproxy } from './haproxy/haproxy.ts';
import { json } from './json.ts';
import { kv } from './kv.ts';
import { leef } from './security-events/leef.ts';
import { logfmt } from './logfmt.ts';
import { lookup } from './lookup.ts';
import { metric } from './metric.ts';
import { redact } from './redact.ts';
import { regex } from './regex.ts';
import { remove } from './remove.ts';
import { rename } from './rename.ts';
import { route } from './route.ts';
import { sample } from './sample.ts';
import { script } from './script/script.ts';
import { set } from './set.ts';
import { split } from './split.ts';
import { syslog } from './syslog/syslog.ts';
import { throttle } from './throttle.ts';
import { timestamp } from './timestamp.ts';
import { userAgent } from './user-agent.ts';
import type { StepDefinition } from './step.ts';

export const stepDefinitions: readonly StepDefinition[] = [
  apache,
  cef,
  convert,
  csv,
  dedupe,
  docker,
  drop,
  geoip,
  grok,
  haproxy,
  json,
  kv,
  leef,
  logfmt,
  lookup,
  metric,
  nginx,
  redact,
  regex,
  remove,
  rename,
  route,
  sample,
  script,
  set,
  split,
  syslog,
  throttle,
  timestamp,
  userAgent,
];
