import { hubAway } from './cases/hub-away.ts';
import { runGroup } from './run-group.ts';

runGroup(hubAway);
