import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, type LogEntry } from '@tributary/shared/log.ts';
import { RecordingFindings } from '../../testing/recording-health.ts';
import { NoAnswerError } from './client/connection.ts';
import { ElasticsearchTelling } from './elasticsearch-telling.ts';

test('a server that does not answer is no error of the hub, anything else is', () => {
  const told: LogEntry[] = [];
  const logger = createLogger({ level: 'info', sink: (entry) => void told.push(entry) });
  const telling = new ElasticsearchTelling({ name: 'main', logger, findings: new RecordingFindings() });
  telling.failed('back/default/app', new NoAnswerError('read ECONNRESET', true), 50);
  telling.failed('back/default/app', new Error('disk I/O error'), 50);
  assert.deepEqual(
    told.map(({ level }) => level),
    ['warn', 'error'],
  );
});
