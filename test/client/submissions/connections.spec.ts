import { ConnectionCredit } from '../../../src/client/link/connection-credit';
import {
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../../src/wire/messages/flow-update';
import { text } from '../../support/packets';
import { Stage } from './support';

describe('a connection that Submissions lose', () => {
  it('holds submits and cancels back; the next one gets what the server lacks, then what waits', () => {
    const stage = new Stage({ credit: 3 });
    for (const name of ['a', 'b', 'c']) stage.submit(name);
    stage.submissions.detach();
    stage.submit('d');
    stage.unsubscribe('b');
    stage.submissions.cancel(3);
    expect(stage.news()).toEqual(['submit 1', 'submit 2', 'submit 3']);
    expect(stage.submissions.inFlight.ids()).toEqual([1]);
    stage.attach({ credit: 3 }, 0);
    expect(stage.news()).toEqual(['submit 1', 'submit 4']);
    expect(stage.outcomes.get('c')).toMatchObject([{ reason: 'cancelled' }]);
  });

  it('sends again what was submitted, whatever became of its buffer', () => {
    const stage = new Stage({ credit: 1, maySendAgain: true });
    const bodies: string[] = [];
    stage.carrier.submitted = (_frameId, body) => bodies.push(new TextDecoder().decode(body));
    const buffer = text('one');
    stage.submit('a', { body: buffer });
    buffer.set(text('two'));
    stage.submit('b', { body: buffer });
    buffer.fill(0);
    stage.submissions.detach();
    stage.attach({ credit: 2 }, 0);
    expect(bodies).toEqual(['one', 'one', 'two']);
  });

  it('has sent what the server says it has', () => {
    const stage = new Stage({ credit: 3 });
    for (const name of ['a', 'b', 'c']) stage.submit(name);
    stage.news();
    stage.submissions.detach();
    stage.attach({ credit: 3 }, 2);
    expect(stage.news()).toEqual(['submit 3']);
  });

  it('leaves nothing of the old credit', () => {
    const stage = new Stage({ credit: 1 });
    stage.flow({ updateReason: FlowUpdateReason.Pause });
    stage.submit('a');
    stage.submissions.detach();
    stage.attach({ credit: 2 }, 0);
    expect(stage.news()).toEqual(['submit 1']);
    expect(stage.submissions.credit.now().granted).toBe(2);
  });

  it('leaves nobody its room on the connection that its session comes back over', () => {
    const stage = new Stage({ credit: 1 });
    const connection = new ConnectionCredit();
    const inFlight: number[] = [];
    connection.join(() => inFlight.push(connection.inFlight), 0);
    stage.submissions.detach();
    stage.submissions.attach(0, connection);
    stage.submit('a');
    const flowFlags = FlowFlag.CreditValid;
    const one = { scopeKind: FlowScope.Connection, flowFlags, connectionCredit: 1, creditEpoch: 1 };
    connection.apply(FlowUpdateMetadata.of(one), 0);
    stage.submissions.detach();
    stage.submissions.attach(1, connection);
    expect(connection.inFlight).toBe(1);
    expect(inFlight.length).toBeGreaterThan(1);
    expect(Math.min(...inFlight)).toBe(1);
  });

  it('ends the wait for another try: the next connection knows better', () => {
    const stage = new Stage();
    stage.flow({
      flowFlags: FlowFlag.RetryAfterValid,
      updateReason: FlowUpdateReason.Reduce,
      retryAfterMs: 9,
    });
    stage.submit('a');
    stage.submissions.detach();
    stage.time.advance(100);
    expect(stage.news()).toEqual([]);
  });
});

describe('the end of Submissions', () => {
  it.each(['session-closed', 'connection-lost'] as const)('is that of every submit: %s', (reason) => {
    const stage = new Stage({ credit: 1 });
    stage.submit('in flight');
    stage.submit('waits');
    stage.submissions.end(reason);
    stage.submit('later');
    const error = (frameId: number): unknown => expect.objectContaining({ reason, frameId }) as unknown;
    expect(stage.outcomes.get('in flight')).toEqual([error(1)]);
    expect(stage.outcomes.get('waits')).toEqual([error(0)]);
    expect(stage.outcomes.get('later')).toEqual([error(0)]);
    expect(stage.news()).toEqual(['submit 1']);
  });

  it('is the first one', () => {
    const stage = new Stage();
    stage.submissions.end('connection-lost');
    stage.submissions.end('session-closed');
    stage.submit('later');
    expect(stage.outcomes.get('later')).toMatchObject([{ reason: 'connection-lost' }]);
  });

  it('leaves no timer', () => {
    const stage = new Stage();
    stage.flow({
      flowFlags: FlowFlag.RetryAfterValid,
      updateReason: FlowUpdateReason.Reduce,
      retryAfterMs: 9,
    });
    stage.submit('a');
    stage.submissions.end('session-closed');
    stage.time.advance(100);
    expect(stage.news()).toEqual([]);
  });

  it('of new submits comes first where the session closes; they are taken again where it does not', () => {
    const stage = new Stage({ credit: 1 });
    for (const name of ['in flight', 'waits']) stage.submit(name);
    stage.submissions.refuseNew();
    stage.submit('new');
    for (const name of ['waits', 'new']) {
      expect(stage.outcomes.get(name)).toMatchObject([{ reason: 'session-closed', frameId: 0 }]);
    }
    stage.complete(1);
    expect(stage.outcomes.get('in flight')).toEqual(['end', '|']);
    stage.submissions.admit();
    stage.submit('again');
    expect(stage.news()).toEqual(['submit 1', 'submit 2']);
  });
});
