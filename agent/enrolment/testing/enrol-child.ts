/** A process that becomes another agent until its crash point kills it: `node enrol-child.ts FOLDER TOKEN POINT`. */
import { decodeEnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { enrolHere } from './enrol-here.ts';

const [folder = '', token = '', point] = process.argv.slice(2);
armCrashPoint(point);
await enrolHere(folder, decodeEnrolmentToken(token), { asNew: true });
