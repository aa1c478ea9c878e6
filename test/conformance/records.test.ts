import { records } from './cases/records.ts';
import { runGroup } from './run-group.ts';

runGroup(records);
