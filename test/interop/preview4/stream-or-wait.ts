import { NEVER, of, type Observable } from 'rxjs';
import type { Submit } from '../../../src';

/** What the programs of the reference ask for: an answer in two parts, or none until it is cancelled. */
export function streamOrWait({ text }: Submit): Observable<string> {
  return text === 'wait' ? NEVER : of('one', 'two');
}
