import { defineStep } from '../step.ts';
import { nginxFormat } from './nginx-format.ts';
import { accessLogOptions, makeAccessLog } from './options.ts';

/** ngx_http_log_module; the variables are those of nginx 1.28. */
export const nginx = defineStep({
  name: 'nginx',
  summary: 'Reads a line of an nginx access log: combined, or of a `log_format`.',
  options: accessLogOptions,
  make: (options) => makeAccessLog({ name: 'nginx', compile: nginxFormat }, options),
});
