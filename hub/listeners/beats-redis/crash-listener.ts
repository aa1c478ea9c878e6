/** A hub's process for beats-redis.redis.test.ts: `node crash-listener.ts URL FOLDER POINT` reads the list until it is killed at the point. */
import { once } from 'node:events';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { openSqliteFixture } from '../../queue/sqlite/sqlite-fixture.ts';
import { listenTo } from './beats-fixture.ts';

const [url = '', folder = '', point = ''] = process.argv.slice(2);
armCrashPoint(point);
await using fixture = await openSqliteFixture({}, folder);
listenTo(fixture.queue, { url });
await once(process.stdin, 'end');
