import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ConfigError } from '@tributary/shared/options/problem.ts';
import { parseConfig } from '@tributary/shared/options/config-file.ts';
import { hubOptions } from '../options.ts';

function problemOf(text: string): string {
  try {
    parseConfig({ file: 'hub.yaml', schema: hubOptions, env: {}, text });
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
}

const refused: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
  'the agents listener without TLS': [
    'listeners: { agents: { address: 0.0.0.0:7701 } }',
    /^hub\.yaml:1:33: listeners\.agents\.address: is reached by other machines: run tributary-hub init/,
  ],
  'every address of IPv6': ["listeners: { agents: { address: '[::]:7701' } }", /is reached by other machines/],
  'a name that may be anything': ['listeners: { agents: { address: hub.example.com:7701 } }', /is reached by other machines/],
  'the API without TLS': ['listeners: { http: { address: 0.0.0.0:7700 } }', /listeners\.http\.address: .* needs TLS/],
  'a plain agents listener of no tenant': [
    'tls: {}\nlisteners: { agents: { address: 0.0.0.0:7701, plaintext: true, allow_cidr: [10.0.0.0/8] } }',
    /^hub\.yaml:2:58: listeners\.agents\.plaintext: needs a tenant/,
  ],
  'a plain agents listener for every network': [
    'listeners: { agents: { address: 0.0.0.0:7701, plaintext: true, tenant: acme } }',
    /listeners\.agents\.plaintext: needs allow_cidr/,
  ],
  'a push listener that does not say that it is plain': [
    'tls: {}\nlisteners: { push: [{ address: 0.0.0.0:7702, tenant: acme, allow_cidr: [10.0.0.0/8] }] }',
    /listeners\.push\[0\]\.address: .* declare it plaintext: true/,
  ],
  'a push listener for every network': [
    'listeners: { push: [{ address: 127.0.0.1:1, tenant: a }, { address: 192.0.2.1:7702, tenant: acme, plaintext: true }] }',
    /listeners\.push\[1\]\.plaintext: needs allow_cidr/,
  ],
  'a push listener of no tenant': [
    'listeners: { push: [{ address: 127.0.0.1:7702 }] }',
    /listeners\.push\[0\]\.tenant: is missing/,
  ],
  'a tenant with a path in it': [
    "listeners: { push: [{ address: 127.0.0.1:7702, tenant: '../x' }] }",
    /tenant: must be 1 to 50 of a-z, 0-9 and _/,
  ],
  'a network that is none': ['listeners: { agents: { allow_cidr: [10.0.0.0] } }', /must be a network such as 10\.0\.0\.0\/8/],
  'events straight to no Elasticsearch': ['platform_reporter: direct', /platform_reporter: direct needs an output of kind/],
  'a key without its certificate': ['tls: { key: /k }', /tls: cert and key are given together/],
};

suite('what would be open by mistake is refused', () => {
  for (const [name, [text, problem]] of Object.entries(refused)) {
    test(name, () => assert.match(problemOf(text), problem));
  }
});

const accepted: Readonly<Record<string, string>> = {
  'every default': '{}',
  'any loopback address':
    "listeners: { agents: { address: '127.9.9.9:1' }, http: { address: '[::1]:0' }, push: [{ tenant: acme }] }",
  'what has TLS': 'tls: {}\nlisteners: { agents: { address: 0.0.0.0:7701 }, http: { address: 0.0.0.0:7700 } }',
  'what says that it is plain':
    'listeners: { push: [{ address: 0.0.0.0:7702, plaintext: true, tenant: acme, allow_cidr: [10.0.0.0/8, fd00::/8] }] }',
};

suite('accepted', () => {
  for (const [name, text] of Object.entries(accepted)) test(name, () => assert.equal(problemOf(text), ''));
});
