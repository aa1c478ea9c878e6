import { betweenLooks } from './cases/truncating.ts';
import { runGroup } from './run-group.ts';

runGroup(betweenLooks);
