import { logrotate } from './cases/logrotate.ts';
import { runGroup } from './run-group.ts';

runGroup(logrotate);
