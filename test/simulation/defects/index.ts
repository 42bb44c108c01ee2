import { CLIENT_DEFECTS } from './client-defects';
import { CLOCK_DEFECTS } from './clock-defects';
import type { Defect } from './defect';
import { HOLD_DEFECTS } from './hold-defects';
import { MEANING_DEFECTS } from './meaning-defects';
import { REOPEN_DEFECTS } from './reopen-defects';
import { REVISION_DEFECTS } from './revision-defects';
import { SERVER_DEFECTS } from './server-defects';

export type { Defect } from './defect';

export const DEFECTS: readonly Defect[] = [
  ...SERVER_DEFECTS,
  ...REVISION_DEFECTS,
  ...CLIENT_DEFECTS,
  ...CLOCK_DEFECTS,
  ...HOLD_DEFECTS,
  ...REOPEN_DEFECTS,
  ...MEANING_DEFECTS,
];
