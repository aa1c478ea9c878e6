import assert from 'node:assert/strict';
import { test } from 'node:test';
import { likelyKibanas } from './find-kibana.ts';

test('Kibana is looked for where it usually is', () => {
  const urls = (...elasticsearch: string[]): string[] => likelyKibanas(elasticsearch).map(({ url }) => url);
  assert.deepEqual(urls('http://es1:9200', 'http://es1:9201', 'https://[::1]:9200'), [
    'http://es1:5601',
    'https://es1:5601',
    'https://[::1]:5601',
    'http://[::1]:5601',
  ]);
  assert.deepEqual(urls('https://logs.es.eu-west-1.aws.elastic-cloud.com:9243'), [
    'https://logs.kb.eu-west-1.aws.elastic-cloud.com',
  ]);
  assert.deepEqual(urls('https://logs-1a2b.es.eu-west-1.aws.elastic.cloud'), [
    'https://logs-1a2b.kb.eu-west-1.aws.elastic.cloud',
  ]);
  // A name of somebody's own is no name of Elastic Cloud.
  assert.deepEqual(urls('https://logs.es.example.com'), ['https://logs.es.example.com:5601', 'http://logs.es.example.com:5601']);
});
