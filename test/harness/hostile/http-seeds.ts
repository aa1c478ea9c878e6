/** Requests that are right, or nearly: what hostile ones are made of. */
import type { HttpSeed } from './http-requests.ts';

const json = { 'Content-Type': 'application/json' };
const ndjson = { 'Content-Type': 'application/x-ndjson' };
const lines = '{"message":"one","level":"info"}\n{"message":"two"}\n';
const push = '/api/v1/logs';
const pushed: readonly HttpSeed[] = [
  { method: 'POST', target: `${push}?type=app`, headers: json, body: '{"message":"one line","host":"web-1"}' },
  { method: 'POST', target: push, headers: json, body: '[{"message":"one"},{"message":"two"}]' },
  { method: 'POST', target: `${push}?type=web`, headers: ndjson, body: lines },
  { method: 'POST', target: push, headers: { ...ndjson, 'Idempotency-Key': 'a-key' }, body: lines.repeat(50) },
];
/** Looking, signing in, signing out, and what only an admin may. */
const others: readonly HttpSeed[] = [
  { method: 'GET', target: '/api/v1/status' },
  { method: 'GET', target: '/api/v1/session' },
  { method: 'POST', target: '/api/v1/session', headers: json, body: '{"user":"admin","password":"guess"}' },
  { method: 'DELETE', target: '/api/v1/session', headers: { Cookie: 'tributary_session=guess' } },
  { method: 'GET', target: '/api/v1/whoami' },
  { method: 'GET', target: '/api/v1/tokens' },
  { method: 'POST', target: '/api/v1/tokens', headers: json, body: '{"kind":"api","tenant":"acme","scope":"read"}' },
  { method: 'GET', target: '/api/v1/agents' },
  {
    method: 'GET',
    target: '/api/v1/agents?state=red,green&label=a:b&text=x&sort=cpu&descending=true&limit=5&after=WyIiLCJhIiwiYiJd',
  },
  { method: 'GET', target: `/api/v1/agents/${'a'.repeat(32)}` },
  { method: 'GET', target: `/api/v1/agents/${'a'.repeat(32)}/events?limit=5&after=WyIiLCJhIiwiYiJd` },
  { method: 'GET', target: `/api/v1/agents/${'a'.repeat(32)}/charts?series=cpu,lag&from=now-1h&to=now&points=3` },
  { method: 'GET', target: '/api/v1/charts?series=received&from=now-1h&to=now&points=3' },
  { method: 'POST', target: `/api/v1/agents/${'a'.repeat(32)}/revoke`, headers: json, body: '{}' },
  { method: 'GET', target: '/api/v1/oidc/callback?code=x&state=y' },
  { method: 'GET', target: '/' },
  { method: 'GET', target: '/index.html' },
];

/** With and without a token of this hub, and with one that looks like it. */
export function httpPortSeeds(bearer: string): readonly HttpSeed[] {
  const good = { Authorization: `Bearer ${bearer}` };
  const wrong = { Authorization: `Bearer ${bearer.slice(0, -4)}AAAA` };
  const all = [...pushed, ...others];
  return all.flatMap((seed) => [
    seed,
    { ...seed, headers: { ...seed.headers, ...good } },
    { ...seed, headers: { ...seed.headers, ...wrong } },
  ]);
}

export function pushPortSeeds(): readonly HttpSeed[] {
  return [...pushed, ...pushed, ...others];
}
