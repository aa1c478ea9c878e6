import { defineStep } from '../step.ts';
import { apacheFormat } from './apache-format.ts';
import { accessLogOptions, makeAccessLog } from './options.ts';

/** mod_log_config, mod_logio and mod_ssl of Apache 2.4. */
export const apache = defineStep({
  name: 'apache',
  summary: 'Reads a line of an Apache access log: common, combined, vhost_combined, or of a `LogFormat`.',
  options: accessLogOptions,
  make: (options) => makeAccessLog({ name: 'apache', compile: apacheFormat }, options),
});
