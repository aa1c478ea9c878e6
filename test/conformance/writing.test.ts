import { writing } from './cases/writing.ts';
import { runGroup } from './run-group.ts';

runGroup(writing);
