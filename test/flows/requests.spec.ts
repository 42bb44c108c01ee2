import type { MigrateRequest, PatchRequest } from '../../src/server/session/session-message';
import { MigrateRefusal } from '../../src';
import { TransportId } from '../../src/wire/messages/session-migrate';
import { PatchAckStatus, PatchRejectReason } from '../../src/wire/messages/session-patch';
import {
  flow,
  migrate,
  migrateAck,
  open,
  openAck,
  patch,
  patchAck,
  resumeToken,
  result,
  submit,
  type FlowServerOptions,
} from '../../src/testing';
import { violation } from './support';

const packets = {
  o: open(42),
  A: openAck(42),
  r: open(42).resumable(),
  R: openAck(42).withToken(resumeToken(1)),
  s: submit(42, 1),
  S: result(42, 1),
  p: patch(42, { profileId: 2, patchMask: 3, targetCadenceX100: 3000, qualityTier: 2 }),
};
const effective = { effectiveProfileId: 2, effectiveTargetCadenceX100: 3000, effectiveQualityTier: 2 };
const refused = (reason: PatchRejectReason) => patchAck(42, { effectiveProfileId: 2 }).rejected(reason, 3);

/** An application that does this with each patch. */
const patching = (answer: (request: PatchRequest) => void): FlowServerOptions => ({
  onSession: ({ patches$ }) => patches$.subscribe(answer),
});
const migrating = (answer: (request: MigrateRequest) => void): FlowServerOptions => ({
  onSession: ({ migrations$ }) => migrations$.subscribe(answer),
});

describe('a patch', () => {
  it('is accepted with the values that were asked for', () =>
    flow(({ serve, clientPeer }) => {
      serve(patching((request) => request.ack()));
      const P = patchAck(42, { appliedPatchMask: 3, ...effective });
      clientPeer({ ...packets, P })
        .sends('op')
        .expects('AP');
    }));

  it('is accepted in part, with a body', () =>
    flow(({ serve, clientPeer }) => {
      const part = { ackStatus: PatchAckStatus.PartiallyApplied, appliedPatchMask: 1, rejectedPatchMask: 2 };
      serve(patching((request) => request.ack(part, Uint8Array.of(1, 2))));
      const P = patchAck(42, { ...effective, ...part }).withBody(Uint8Array.of(1, 2));
      clientPeer({ ...packets, P })
        .sends('op')
        .expects('AP');
    }));

  it('is refused where nobody handles patches', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      clientPeer({ ...packets, P: refused(PatchRejectReason.UnsupportedField) })
        .sends('op')
        .expects('AP');
    }));

  it('is refused by the application, and only its first answer counts', () =>
    flow(({ serve, clientPeer }) => {
      const { InvalidRange } = PatchRejectReason;
      serve(patching((request) => [request.reject(InvalidRange), request.ack()]));
      clientPeer({ ...packets, P: refused(InvalidRange) })
        .sends('op')
        .expects('AP');
    }));

  it('is not answered by what the protocol forbids: the next answer counts', () =>
    flow(({ serve, clientPeer }) => {
      const wrong = (request: PatchRequest) =>
        expect(() => request.ack({ appliedPatchMask: 0x80 })).toThrow();
      serve(patching((request) => [wrong(request), request.reject(PatchRejectReason.InvalidRange)]));
      clientPeer({ ...packets, P: refused(PatchRejectReason.InvalidRange) })
        .sends('op')
        .expects('AP');
    }));

  it('is refused where the application does not answer in time', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve({ ...patching(() => undefined), patchTimeoutMs: 5 });
      clientPeer({ ...packets, P: refused(PatchRejectReason.RateLimited) })
        .sends('op')
        .expects('A-----P');
      expectQuiescent();
    }));

  it('that was answered leaves no timer', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve(patching((request) => void setTimeout(() => request.ack(), 3)));
      const P = patchAck(42, { appliedPatchMask: 3, ...effective });
      clientPeer({ ...packets, P })
        .sends('op')
        .expects('A---P');
      expectQuiescent();
    }));
});

/** An application that forgets its first request. */
function refuseSecond(): (request: MigrateRequest) => void {
  let asked = 0;
  return (request) => {
    asked += 1;
    if (asked === 2) request.reject(77);
  };
}

describe('a migration', () => {
  it('of a resumable session is accepted', () =>
    flow(({ serve, clientPeer }) => {
      serve({ respond: (each) => each.complete() });
      const M = migrateAck(42, 1).with({ graceWindowMs: 1000, serverMigrateTsUs: 2000n });
      clientPeer({ ...packets, m: migrate(42, 1), M })
        .sends('rsm')
        .expects('RSM');
    }));

  it.each([
    [
      'to the same transport',
      'r',
      migrate(42, 0, { newTransportId: TransportId.Tcp }),
      MigrateRefusal.SameTransport,
    ],
    ['ahead of what was ever submitted', 'r', migrate(42, 9), MigrateRefusal.CursorAhead],
    ['of a session that is not resumable', 'o', migrate(42), MigrateRefusal.NotResumable],
  ])('%s is refused', (_, opened, m, code) =>
    flow(({ serve, clientPeer }) => {
      serve();
      const M = migrateAck(42).refused(code).ignoring('metadata.resumeFromFrameId');
      clientPeer({ ...packets, m, M })
        .sends(`${opened}m`)
        .expects(opened === 'r' ? 'RM' : 'AM');
    }),
  );

  it('is refused where the application does not answer in time, and holds up no later one', () =>
    flow(({ serve, clientPeer, expectQuiescent }) => {
      serve({ ...migrating(refuseSecond()), patchTimeoutMs: 5 });
      const M = migrateAck(42).refused(MigrateRefusal.Unanswered);
      clientPeer({ ...packets, m: migrate(42), M, N: migrateAck(42).refused(77) })
        .sends('rmm')
        .expects('R-----(MN)');
      expectQuiescent();
    }));

  it('is the application’s to decide where it wants to', () =>
    flow(({ serve, clientPeer }) => {
      serve(migrating((request) => request.reject(77)));
      clientPeer({ ...packets, m: migrate(42), M: migrateAck(42).refused(77) })
        .sends('rm')
        .expects('RM');
    }));

  it('that names no transport is refused as a message', () =>
    flow(({ serve, clientPeer }) => {
      serve();
      const m = migrate(42).withMetadata(migrate(42).metadata.slice().fill(0, 0, 4));
      const E = violation(0, 'SESSION_MIGRATE old_transport_id must name a transport');
      clientPeer({ ...packets, m, E })
        .sends('rm')
        .expects('RE');
    }));
});
