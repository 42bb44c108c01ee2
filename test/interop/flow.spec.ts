import type { ClientSession } from '../../src';
import {
  BackpressureLevel,
  FlowFlag,
  FlowScope,
  FlowUpdateMetadata,
  FlowUpdateReason,
} from '../../src/wire/messages/flow-update';
import { PriorityClass } from '../../src/wire/messages/session-open';
import { Inbox } from './inbox';
import type { RustServerSession } from './rust-peer';
import { rustError, stage } from './stage';

const on = stage();

const UPDATES: Readonly<Record<'connection' | 'session' | 'operation', FlowUpdateMetadata>> = {
  connection: FlowUpdateMetadata.of({
    scopeKind: FlowScope.Connection,
    updateReason: FlowUpdateReason.Reduce,
    backpressureLevel: BackpressureLevel.Soft,
    connectionCredit: 0xffff,
    creditEpoch: 0xffffffff,
    flowFlags: FlowFlag.CreditValid,
  }),
  session: FlowUpdateMetadata.of({
    scopeKind: FlowScope.Session,
    updateReason: FlowUpdateReason.Pause,
    backpressureLevel: BackpressureLevel.Hard,
    sessionCredit: 3,
    retryAfterMs: 250,
    creditEpoch: 7,
    flowFlags: FlowFlag.CreditValid | FlowFlag.RetryAfterValid | FlowFlag.DrainInFlightOnly,
  }),
  operation: FlowUpdateMetadata.of({
    scopeKind: FlowScope.Operation,
    updateReason: FlowUpdateReason.Congestion,
    operationCredit: 1,
    operationId: 0xffff_ffff_ffffn,
    creditEpoch: 1,
    flowFlags: FlowFlag.CreditValid | FlowFlag.BackgroundOnly,
  }),
};

/** An update of session scope; what is not said is 0. */
function sessionFlow(fields: Partial<FlowUpdateMetadata>): Partial<FlowUpdateMetadata> {
  return { scopeKind: FlowScope.Session, ...fields };
}

describe('flow updates, of this server', () => {
  it.each(['connection', 'session', 'operation'] as const)(
    'of %s scope reach the Rust client',
    async (scope) => {
      const { rust, session } = await on.rustClient();
      session.sendFlowUpdate(UPDATES[scope]);
      expect(await rust.awaitEvent()).toEqual({ event: 'flow_update', metadata: UPDATES[scope] });
    },
  );

  it('are made of what the application says, each with a newer epoch', async () => {
    const { rust, session } = await on.rustClient({ grantedOperationCredit: 6 });
    session.pause();
    session.unpause();
    session.grant(3);
    session.grant(5, { scope: FlowScope.Connection });
    session.grant(1, { scope: FlowScope.Operation, frameId: 9 });
    const told: unknown[] = [];
    for (let count = 0; count < 5; count += 1) told.push(await rust.awaitEvent());
    const { Pause, Resume, Grant } = FlowUpdateReason;
    const inSession = { scopeKind: FlowScope.Session };
    expect(told).toMatchObject([
      {
        metadata: {
          ...inSession,
          updateReason: Pause,
          backpressureLevel: BackpressureLevel.Hard,
          creditEpoch: 1,
        },
      },
      { metadata: { ...inSession, updateReason: Resume, sessionCredit: 6, creditEpoch: 2 } },
      { metadata: { ...inSession, updateReason: Grant, sessionCredit: 3, creditEpoch: 3 } },
      { metadata: { scopeKind: FlowScope.Connection, updateReason: Grant, connectionCredit: 5 } },
      { metadata: { scopeKind: FlowScope.Operation, operationId: 9n, operationCredit: 1 } },
    ]);
  });

  it('are refused where scope and fields do not fit, and nothing is sent', async () => {
    const { rust, session } = await on.rustClient();
    expect(() => {
      session.sendFlowUpdate({ ...UPDATES.session, connectionCredit: 1 });
    }).toThrow('session-scope FLOW_UPDATE requires');
    session.sendFlowUpdate(UPDATES.session);
    expect(await rust.awaitEvent()).toMatchObject({ event: 'flow_update', metadata: { sessionCredit: 3 } });
  });

  it('tell a client that does not keep to its credit to stop, and then to go on', async () => {
    const { rust, session } = await on.rustClient({ maxInFlightOperations: 4, queue: { maxSubmits: 1 } });
    const submits = new Inbox(session.submits$);
    for (let id = 1; id <= 6; id += 1) await rust.submit({});

    // Four are worked on, one waits, the sixth is too many.
    const working = await submits.take(4);
    expect(await rust.awaitEvent()).toEqual({ event: 'result_drop', frameId: 6 });
    expect(await rust.awaitEvent()).toMatchObject({
      event: 'flow_update',
      metadata: {
        scopeKind: FlowScope.Session,
        updateReason: FlowUpdateReason.Congestion,
        backpressureLevel: BackpressureLevel.Hard,
      },
    });

    session.sendResult(working[0]!.complete());
    expect((await submits.next()).frameId).toBe(5);
    expect(await rust.awaitEvent()).toMatchObject({ event: 'result', frameId: 1 });
    expect(await rust.awaitEvent()).toMatchObject({
      event: 'flow_update',
      metadata: {
        scopeKind: FlowScope.Session,
        updateReason: FlowUpdateReason.Grant,
        backpressureLevel: BackpressureLevel.None,
        sessionCredit: 2,
      },
    });
  });
});

/** What the client is about to send, or has sent already, comes after a patch: it was held back. */
async function nothingIsSubmitted(session: ClientSession, rust: RustServerSession): Promise<void> {
  await Promise.all([session.patch({}), rust.receivePatch().then(() => rust.sendPatchAck({}))]);
}

describe('flow updates, of a Rust server', () => {
  it.each(['connection', 'session', 'operation'] as const)('of %s scope reach this client', async (scope) => {
    const { rust, session } = await on.rustServer();
    const updates = new Inbox(session.flowUpdates$);
    await rust.sendFlowUpdate(UPDATES[scope]);
    expect(await updates.next()).toEqual(UPDATES[scope]);
  });

  it('are not even sent where scope and fields do not fit', async () => {
    const { rust } = await on.rustServer();
    expect(await rustError(rust.sendFlowUpdate(sessionFlow({ connectionCredit: 1 })))).toBe(
      'Protocol InvalidProtocolCombination: invalid protocol combination: ' +
        'session-scope FLOW_UPDATE requires header.session_id!=0 and non-session fields cleared',
    );
  });

  it('begin with the credit of the ack: that many submits are sent, the others wait', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 2 });
    const credit = new Inbox(session.credit$);
    const answers = ['a', 'b', 'c', 'd', 'e'].map((body) => new Inbox(session.submit({ body })));
    expect(credit.untaken().at(-1)).toEqual({ granted: 2, inFlight: 2, waiting: 3 });

    for (const frameId of [1, 2]) expect((await rust.receiveSubmit()).frameId).toBe(frameId);
    await nothingIsSubmitted(session, rust);
    for (const frameId of [1, 2, 3]) {
      await rust.sendResult({ frameId });
      await answers[frameId - 1]!.rest();
      expect((await rust.receiveSubmit()).frameId).toBe(frameId + 2);
      await nothingIsSubmitted(session, rust);
    }
    expect(credit.untaken().at(-1)).toEqual({ granted: 2, inFlight: 2, waiting: 0 });
  });

  it('raise and lower the window of a session', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 1, maxInFlightOperations: 4 });
    const answers = [1, 2, 3, 4, 5].map(() => new Inbox(session.submit({})));
    expect((await rust.receiveSubmit()).frameId).toBe(1);
    await nothingIsSubmitted(session, rust);

    const updates = new Inbox(session.flowUpdates$);
    const grant = sessionFlow({ sessionCredit: 3, creditEpoch: 1, flowFlags: FlowFlag.CreditValid });
    await rust.sendFlowUpdate(grant);
    await updates.next();
    for (const frameId of [2, 3]) expect((await rust.receiveSubmit()).frameId).toBe(frameId);
    await nothingIsSubmitted(session, rust);

    const reduce = { ...grant, updateReason: FlowUpdateReason.Reduce, sessionCredit: 1, creditEpoch: 2 };
    await rust.sendFlowUpdate(reduce);
    await updates.next();
    for (const frameId of [1, 2]) {
      await rust.sendResult({ frameId });
      await answers[frameId - 1]!.rest();
    }
    await nothingIsSubmitted(session, rust);
    await rust.sendResult({ frameId: 3 });
    expect((await rust.receiveSubmit()).frameId).toBe(4);
    await nothingIsSubmitted(session, rust);
  });

  const STOPS: readonly [string, Partial<FlowUpdateMetadata>][] = [
    ['hard', { updateReason: FlowUpdateReason.Congestion, backpressureLevel: BackpressureLevel.Hard }],
    ['pause', { updateReason: FlowUpdateReason.Pause }],
    ['drain_in_flight_only', { flowFlags: FlowFlag.DrainInFlightOnly }],
  ];
  const RELEASES: readonly [string, Partial<FlowUpdateMetadata>][] = [
    ['a grant', { updateReason: FlowUpdateReason.Grant, creditEpoch: 5 }],
    ['a resume', { updateReason: FlowUpdateReason.Resume, creditEpoch: 5 }],
    ['a newer epoch', { updateReason: FlowUpdateReason.Reduce, creditEpoch: 6 }],
  ];
  const PAIRS = STOPS.flatMap(([stop, stopping]) =>
    RELEASES.map(([release, releasing]) => ({ stop, stopping, release, releasing })),
  );

  it.each(PAIRS)('stop with $stop, until $release', async ({ stopping, releasing }) => {
    const { rust, session } = await on.rustServer();
    const updates = new Inbox(session.flowUpdates$);
    const inFlight = new Inbox(session.submit({}));
    await rust.receiveSubmit();

    await rust.sendFlowUpdate(sessionFlow({ creditEpoch: 5, ...stopping }));
    await updates.next();
    const held = new Inbox(session.submit({}));
    await nothingIsSubmitted(session, rust);

    // It is about new operations: those in flight go on.
    await rust.sendResult({ frameId: 1 });
    await inFlight.rest();
    await nothingIsSubmitted(session, rust);

    // Older than the stop, so it does not count.
    await rust.sendFlowUpdate(sessionFlow({ updateReason: FlowUpdateReason.Grant, creditEpoch: 4 }));
    await updates.next();
    await nothingIsSubmitted(session, rust);

    await rust.sendFlowUpdate(sessionFlow(releasing));
    expect((await rust.receiveSubmit()).frameId).toBe(2);
    await rust.sendResult({ frameId: 2 });
    await held.rest();
  });

  it('stop a connection, and let it go on', async () => {
    const { rust, session } = await on.rustServer();
    const updates = new Inbox(session.flowUpdates$);
    const hard = {
      scopeKind: FlowScope.Connection,
      backpressureLevel: BackpressureLevel.Hard,
      creditEpoch: 1,
    };
    await rust.sendFlowUpdate(hard);
    await updates.next();
    const held = new Inbox(session.submit({}));
    await nothingIsSubmitted(session, rust);

    // Another scope's grant is not the connection's.
    await rust.sendFlowUpdate(sessionFlow({ updateReason: FlowUpdateReason.Grant, creditEpoch: 9 }));
    await updates.next();
    await nothingIsSubmitted(session, rust);

    await rust.sendFlowUpdate({ scopeKind: FlowScope.Connection, creditEpoch: 2 });
    expect((await rust.receiveSubmit()).frameId).toBe(1);
    await rust.sendResult({ frameId: 1 });
    await held.rest();
  });

  it('limit a connection to a credit', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 4 });
    const updates = new Inbox(session.flowUpdates$);
    await rust.sendFlowUpdate({
      scopeKind: FlowScope.Connection,
      connectionCredit: 1,
      creditEpoch: 1,
      flowFlags: FlowFlag.CreditValid,
    });
    await updates.next();
    const answers = [1, 2].map(() => new Inbox(session.submit({})));
    expect((await rust.receiveSubmit()).frameId).toBe(1);
    await nothingIsSubmitted(session, rust);
    await rust.sendResult({ frameId: 1 });
    expect((await rust.receiveSubmit()).frameId).toBe(2);
    await rust.sendResult({ frameId: 2 });
    for (const answer of answers) await answer.rest();
  });

  it('of an operation hold back what depends on it, and nothing else', async () => {
    const { rust, session } = await on.rustServer({ grantedOperationCredit: 4 });
    const updates = new Inbox(session.flowUpdates$);
    const root = new Inbox(session.submit({ body: 'root' }));
    await rust.receiveSubmit();

    const one = { scopeKind: FlowScope.Operation, operationId: 1n, operationCredit: 1, creditEpoch: 1 };
    await rust.sendFlowUpdate({ ...one, flowFlags: FlowFlag.CreditValid });
    await updates.next();
    const first = new Inbox(session.submit({ metadata: { dependencyFrameId: 1 } }));
    const second = new Inbox(session.submit({ metadata: { retryOfFrame: 1 } }));
    expect((await rust.receiveSubmit()).metadata.dependencyFrameId).toBe(1);
    await nothingIsSubmitted(session, rust);

    await rust.sendFlowUpdate({
      ...one,
      operationCredit: 2,
      creditEpoch: 2,
      flowFlags: FlowFlag.CreditValid,
    });
    expect((await rust.receiveSubmit()).metadata.retryOfFrame).toBe(1);
    for (const frameId of [1, 2, 3]) await rust.sendResult({ frameId });
    for (const answer of [root, first, second]) await answer.rest();
  });

  it('name a time to wait, after which the client goes on by itself', async () => {
    const { rust, session } = await on.rustServer();
    const updates = new Inbox(session.flowUpdates$);
    await rust.sendFlowUpdate(sessionFlow({ retryAfterMs: 60, flowFlags: FlowFlag.RetryAfterValid }));
    await updates.next();
    const toldAt = performance.now();
    const held = new Inbox(session.submit({}));
    await rust.receiveSubmit();
    expect(performance.now() - toldAt).toBeGreaterThan(50);
    await rust.sendResult({ frameId: 1 });
    await held.rest();
  });

  it.each([
    ['holds back a balanced session', PriorityClass.Balanced, 0],
    ['lets a background session go on', PriorityClass.Background, 1],
  ] as const)('for background only: %s', async (_, priorityClass, submitted) => {
    const { rust, session } = await on.rustServer({}, { priorityClass });
    const updates = new Inbox(session.flowUpdates$);
    await rust.sendFlowUpdate(sessionFlow({ creditEpoch: 1, flowFlags: FlowFlag.BackgroundOnly }));
    await updates.next();
    const answer = new Inbox(session.submit({}));
    if (submitted === 1) await rust.receiveSubmit();
    await nothingIsSubmitted(session, rust);
    if (submitted === 0) {
      await rust.sendFlowUpdate(sessionFlow({ creditEpoch: 2 }));
      await rust.receiveSubmit();
    }
    await rust.sendResult({ frameId: 1 });
    await answer.rest();
  });
});
