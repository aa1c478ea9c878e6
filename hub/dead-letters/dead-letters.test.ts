import { openSqliteFixture } from '../queue/sqlite/sqlite-fixture.ts';
import { deadLettersContract } from './dead-letters.contract.ts';

deadLettersContract('sqlite', (limits) => openSqliteFixture(limits));
