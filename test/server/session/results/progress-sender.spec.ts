import { BehaviorSubject, Observable } from 'rxjs';
import { ProgressSender } from '../../../../src/server/session/results/progress-sender';
import type { SessionOutlet } from '../../../../src/server/session/results/session-outlet';
import type { ReceivedSubmit } from '../../../../src/server/session/submits/submit';
import type { Packet } from '../../../../src/wire/packet';

describe('progress of a client that does not read at times', () => {
  it('is the newest each time, and watches the end of its operation once', () => {
    const pressure$ = new BehaviorSubject(false);
    const sent: string[] = [];
    const send = ({ body }: Packet): void => void sent.push(Buffer.from(body).toString());
    const progress = new ProgressSender(42, { pressure$, send } as unknown as SessionOutlet);
    let watchers = 0;
    let end = (): void => undefined;
    const ended$ = new Observable<string>((subscriber) => {
      watchers += 1;
      end = () => subscriber.next('completed');
    });
    const submit = { frameId: 1, idLow: 1, idHigh: 0, ended$ } as unknown as ReceivedSubmit;
    for (const text of ['a', 'b', 'c']) {
      pressure$.next(true);
      progress.say(submit, { text: 'older' });
      progress.say(submit, { text });
      pressure$.next(false);
      pressure$.next(true);
      pressure$.next(false);
    }
    expect([sent, watchers]).toEqual([['a', 'b', 'c'], 1]);
    pressure$.next(true);
    progress.say(submit, { text: 'd' });
    end();
    pressure$.next(false);
    expect(sent).toEqual(['a', 'b', 'c']);
  });
});
