import type { Link } from './support';
import { describeClosing } from './contract/closing';
import { describePressure } from './contract/pressure';
import { describeReading } from './contract/reading';
import { describeSending } from './contract/sending';
import type { Subject } from './contract/subject';

/** What every transport keeps to, whatever it carries its packets over; at both ends, where both are its own. */
export function describeTransport(
  subject: Subject,
  ends: readonly (keyof Link)[] = ['connected', 'accepted'],
): void {
  describe.each<keyof Link>(ends)('of the two ends, the %s one', (name) => {
    const end = { ...subject, name, other: name === 'connected' ? 'accepted' : 'connected' } as const;
    describeReading(end);
    describeSending(end);
    describePressure(end);
    describeClosing(end);
  });
}
