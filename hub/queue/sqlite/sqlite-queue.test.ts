import { queueModel } from '../contract/model-contract.ts';
import { queueContract } from '../queue.contract.ts';
import { openSqliteFixture } from './sqlite-fixture.ts';

queueContract('sqlite', (limits) => openSqliteFixture(limits));
queueModel('sqlite', (limits) => openSqliteFixture(limits));
