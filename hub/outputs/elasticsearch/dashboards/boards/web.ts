/** Requests to web servers and to HAProxy. */
import { atLeast, has, is, not } from '../condition.ts';
import { by, type Board, count, numbers, percentile, rate, valueOf } from '../chart.ts';

const failed = atLeast('http.response.status_code', 500);
const status = by('http.response.status_code', 'Status', 20);
const tookMs = 'event.duration';

export const web: Board = {
  name: 'web',
  title: 'Web requests',
  description:
    'Requests by status, path, client and time taken, of whatever writes an access log (the presets nginx, apache and haproxy).',
  view: 'logs',
  only: has('http.response.status_code'),
  choices: [
    { field: 'event.module', label: 'Server' },
    { field: 'data_stream.dataset', label: 'Log type' },
    { field: 'host.name', label: 'Machine' },
    { field: 'url.domain', label: 'Domain' },
  ],
  charts: [
    ...numbers(
      ['requests', count('Requests')],
      ['server-errors', count('Server errors', failed)],
      ['clients', valueOf('unique_count', 'source.ip', 'Clients')],
      ['bytes', valueOf('sum', 'http.response.bytes', 'Bytes sent', { format: 'bytes' })],
    ),
    {
      name: 'by-status',
      title: 'Requests by status',
      shape: 'bars',
      values: [rate('Requests a second')],
      by: [status],
      width: 32,
      height: 14,
    },
    {
      name: 'methods',
      title: 'Methods',
      shape: 'ring',
      values: [count('Requests')],
      by: [by('http.request.method', 'Method')],
      width: 16,
      height: 14,
    },
    {
      name: 'paths',
      title: 'Paths',
      shape: 'table',
      values: [
        count('Requests'),
        count('Server errors', failed),
        valueOf('average', tookMs, 'Average time'),
        valueOf('sum', 'http.response.bytes', 'Bytes', { format: 'bytes' }),
      ],
      by: [by('url.path', 'Path', 50)],
      width: 32,
      height: 14,
    },
    {
      name: 'clients-table',
      title: 'Clients',
      shape: 'table',
      values: [count('Requests'), count('Server errors', failed)],
      by: [by('source.ip', 'Client', 50)],
      width: 16,
      height: 14,
    },
    {
      name: 'agents',
      title: 'User agents',
      shape: 'ranks',
      values: [count('Requests')],
      by: [by('user_agent.name', 'User agent')],
      width: 24,
      height: 12,
    },
    {
      name: 'countries',
      title: 'Countries',
      shape: 'ranks',
      values: [count('Requests')],
      by: [by('source.geo.country_iso_code', 'Country')],
      width: 24,
      height: 12,
    },
  ],
  listing: {
    name: 'requests',
    title: 'Requests',
    columns: ['source.ip', 'http.request.method', 'url.path', 'http.response.status_code'],
  },
};

const gateway = by('haproxy.gateway', 'Gateway', 20);
const service = by('service.name', 'Service', 20);
const instance = by('service.node.name', 'Instance', 20);
const ofRequests = has('http.response.status_code');

/** Levels, gateways, services and instances are as the preset takes them from the names of proxies. */
export const haproxy: Board = {
  name: 'haproxy',
  title: 'HAProxy',
  description:
    'Requests and connections through HAProxy by gateway, service and instance: how many, how many failed, how long they took and why they ended.',
  view: 'logs',
  only: is('event.module', 'haproxy'),
  choices: [
    { field: 'haproxy.level', label: 'Level' },
    { field: 'haproxy.gateway', label: 'Gateway' },
    { field: 'service.name', label: 'Service' },
    { field: 'service.node.name', label: 'Instance' },
    { field: 'host.name', label: 'Machine' },
  ],
  charts: [
    ...numbers(
      ['requests', count('Requests'), ofRequests],
      ['server-errors', count('Server errors', failed)],
      ['p95', percentile(95, tookMs, '95 of 100 took at most')],
      ['connections', valueOf('max', 'haproxy.connections.active', 'Connections at once')],
      ['down', count('Servers that went down', is('haproxy.server_state', 'DOWN'))],
    ),
    {
      name: 'by-gateway',
      title: 'Requests by gateway',
      shape: 'bars',
      only: ofRequests,
      values: [rate('Requests a second')],
      by: [gateway],
      width: 24,
      height: 12,
    },
    {
      name: 'by-service',
      title: 'Requests by service',
      shape: 'bars',
      only: ofRequests,
      values: [rate('Requests a second')],
      by: [service],
      width: 24,
      height: 12,
    },
    {
      name: 'errors-by-service',
      title: 'Server errors by service',
      shape: 'bars',
      only: failed,
      values: [count('Server errors')],
      by: [service],
      width: 24,
      height: 12,
    },
    {
      name: 'statuses',
      title: 'Status',
      shape: 'bars',
      only: ofRequests,
      values: [rate('Requests a second')],
      by: [status],
      width: 24,
      height: 12,
    },
    {
      name: 'times',
      title: 'Time taken',
      shape: 'line',
      values: [
        percentile(50, tookMs, 'Half took at most'),
        percentile(95, tookMs, '95 of 100'),
        percentile(99, tookMs, '99 of 100'),
      ],
      width: 24,
      height: 12,
    },
    {
      name: 'time-parts',
      title: 'Where the time goes (ms)',
      shape: 'line',
      values: [
        valueOf('average', 'haproxy.time_queue', 'In the queue'),
        valueOf('average', 'haproxy.time_backend_connect', 'Connecting to the server'),
        valueOf('average', 'haproxy.http.request.time_wait_without_data_ms', 'Waiting for the answer'),
        valueOf('average', 'haproxy.http.request.time_wait_ms', 'Waiting for the request'),
      ],
      width: 24,
      height: 12,
    },
    {
      name: 'instances',
      title: 'Instances',
      shape: 'table',
      only: has('service.node.name'),
      values: [
        count('Requests'),
        count('Server errors', failed),
        valueOf('average', tookMs, 'Average time'),
        percentile(95, tookMs, '95 of 100'),
        valueOf('sum', 'haproxy.connections.retries', 'Retries'),
        valueOf('max', 'haproxy.connections.server', 'Connections at once'),
      ],
      by: [gateway, service, instance],
      width: 48,
      height: 14,
    },
    {
      name: 'queues',
      title: 'Queues',
      shape: 'line',
      values: [valueOf('max', 'haproxy.backend_queue', 'Of backends'), valueOf('max', 'haproxy.server_queue', 'Of servers')],
      width: 24,
      height: 12,
    },
    {
      name: 'endings',
      title: 'How they ended (termination state)',
      shape: 'table',
      only: not(is('haproxy.termination_state', '--', '----')),
      values: [count('Connections')],
      by: [by('haproxy.termination_state', 'State', 20), by('haproxy.backend_name', 'Backend', 10)],
      width: 24,
      height: 12,
    },
    {
      name: 'states',
      title: 'Servers that went up and down',
      shape: 'table',
      only: has('haproxy.server_state'),
      values: [count('Times')],
      by: [
        by('haproxy.backend_name', 'Backend', 20),
        by('haproxy.server_name', 'Server', 20),
        by('haproxy.server_state', 'State', 2),
      ],
      width: 24,
      height: 12,
    },
    {
      name: 'connection-errors',
      title: 'Errors of connections',
      shape: 'table',
      only: has('haproxy.error_message'),
      values: [count('Times')],
      by: [by('haproxy.frontend_name', 'Frontend', 20), by('haproxy.error_message', 'Error', 20)],
      width: 24,
      height: 12,
    },
  ],
  listing: {
    name: 'lines',
    title: 'Lines of HAProxy',
    columns: [
      'haproxy.gateway',
      'service.name',
      'service.node.name',
      'http.response.status_code',
      'url.path',
      'haproxy.termination_state',
      'message',
    ],
  },
};
