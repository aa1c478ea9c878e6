import { truncating } from './cases/truncating.ts';
import { runGroup } from './run-group.ts';

runGroup(truncating);
