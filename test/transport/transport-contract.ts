import type { Link } from './support';
import { describeClosing } from './contract/closing';
import { describePressure } from './contract/pressure';
import { describeReading } from './contract/reading';
import { describeSending } from './contract/sending';
import type { Subject } from './contract/subject';

/** What every transport keeps to, whatever it carries its packets over. */
export function describeTransport(subject: Subject): void {
  describe.each<keyof Link>(['connected', 'accepted'])('of the two ends, the %s one', (name) => {
    const end = { ...subject, name, other: name === 'connected' ? 'accepted' : 'connected' } as const;
    describeReading(end);
    describeSending(end);
    describePressure(end);
    describeClosing(end);
  });
}
