/**
 * The patterns that people know by name from grok. The names and what they match are those of Logstash; the patterns are written for an
 * engine without look-ahead, back-references and atomic groups, and name their fields as ECS does. A pattern may use others: `%{INT}`.
 */
import { databasePatterns } from './database-patterns.ts';
import { httpdPatterns } from './httpd-patterns.ts';
import { javaPatterns } from './java-patterns.ts';
import { networkPatterns } from './network-patterns.ts';
import { syslogPatterns } from './syslog-patterns.ts';
import { timePatterns } from './time-patterns.ts';
import { wordPatterns } from './word-patterns.ts';

export type GrokPatterns = Readonly<Record<string, string>>;

export const standardPatterns: ReadonlyMap<string, string> = new Map(
  [wordPatterns, networkPatterns, timePatterns, syslogPatterns, httpdPatterns, javaPatterns, databasePatterns].flatMap(
    (patterns: GrokPatterns) => Object.entries(patterns),
  ),
);
