import { openSqliteFixture } from '../queue/sqlite/sqlite-fixture.ts';
import { kindsContract } from './kinds.contract.ts';

kindsContract('sqlite', (limits) => openSqliteFixture(limits));
