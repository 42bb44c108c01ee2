import type { Observable } from 'rxjs';
import { sharedObjects } from '../../src/client/session/shared-objects';
import type { ResultStream } from '../../src/client/submissions/results/result-stream';
import { OperationState } from '../../src/protocol/operation/operation';
import { SessionState } from '../../src/protocol/session/session-lifecycle';
import type { ServerSession } from '../../src/server/session/session';
import type { Submit } from '../../src/server/session/session-message';
import { HintReason } from '../../src/wire/messages/result-hint';
import { SessionMigrateMetadata, TransportId } from '../../src/wire/messages/session-migrate';
import { errorOf } from '../client/support';
import { resultPacket } from '../support/packets';
import { VirtualTime } from '../support/virtual-time';
import type { House } from './house';

/** One stream, and what can be done to it. */
export interface Stage {
  readonly stream$: Observable<unknown>;
  /** Makes it tell something; undefined where only its end is told. */
  readonly tell?: () => unknown;
  /** What is to complete it. */
  readonly end: { readonly when: string; readonly act: () => unknown };
  /** What is to error it, if anything. */
  readonly fail?: { readonly when: string; readonly act: () => unknown };
  /** How often it was begun, where a subscription begins it. */
  readonly begun?: () => number;
  /** What a subscriber that throws costs besides. */
  readonly costs?: { readonly what: string; readonly isPaid: (told: unknown) => boolean };
}

type Make = (house: House) => Promise<Stage>;

function ofServer(
  stream: 'violations$' | 'limits$' | 'failures$',
  tell: (house: House) => Promise<() => unknown>,
): Make {
  return async (house) => ({
    stream$: house.server[stream],
    tell: await tell(house),
    end: serverCloses(house),
  });
}

/** What a handler says of its answer, beside the results. */
function besideAnswer(
  stream: (answer: ResultStream) => Observable<unknown>,
  tell: (submit: Submit) => void,
): Make {
  return async (house) => {
    const { asked } = await house.taking();
    const answer = asked.submit({ body: 'x' });
    answer.subscribe({ error: () => undefined });
    await house.quiet();
    return {
      stream$: stream(answer),
      tell: () => {
        house.submits.forEach(tell);
      },
      end: { when: 'the session is over', act: () => house.abort(asked) },
    };
  };
}

function serverCloses({ server }: House): Stage['end'] {
  return { when: 'the server is closed', act: () => server.close({ graceMs: 0 }) };
}

type Ends = Awaited<ReturnType<House['session']>>;

function ofSession(
  stream: (ends: Ends) => Observable<unknown>,
  tell: (ends: Ends, house: House) => unknown,
  more: Pick<Stage, 'costs'> = {},
): Make {
  return async (house) => {
    const ends = await house.session();
    return {
      stream$: stream(ends),
      tell: () => tell(ends, house),
      end: { when: 'the session is over', act: () => house.abort(ends.asked) },
      ...more,
    };
  };
}

function ofSubmit(
  stream: 'state$' | 'ended$' | 'budget$' | 'pressure$',
  tell?: (operation: Awaited<ReturnType<House['operation']>>, house: House) => unknown,
): Make {
  return async (house) => {
    const operation = await house.operation();
    return {
      stream$: operation.submit[stream],
      ...(tell && { tell: () => tell(operation, house) }),
      end: {
        when: 'the operation is over',
        act: () => {
          house.answer(operation.served, 'complete');
        },
      },
    };
  };
}

function ofClient(stream: 'violations$' | 'errors$', tell: (house: House) => void): Make {
  return async (house) => {
    const client = await house.client();
    return {
      stream$: client[stream],
      tell: () => {
        tell(house);
      },
      end: { when: 'the client has ended', act: () => client.close() },
    };
  };
}

function ofAnswer(stream: (ends: Ends) => Observable<unknown>): Make {
  return async (house) => {
    const ends = await house.taking();
    return {
      stream$: stream(ends),
      tell: () => {
        house.answer(ends.served, 'partial');
      },
      end: {
        when: 'the operation is over',
        act: () => {
          house.answer(ends.served, 'complete');
        },
      },
      fail: {
        when: 'there is no answer',
        act: () => {
          for (const submit of house.submits) submit.fail();
        },
      },
      begun: () => house.submits.length,
    };
  };
}

const submitOne = ({ asked }: Ends): unknown =>
  asked.submit({ body: 'x' }).subscribe({ error: () => undefined });
const cut = ({ asked }: Ends, house: House): unknown => house.cut(asked);
const MOVE = { oldTransportId: TransportId.Tcp, newTransportId: TransportId.Quic };

/** How each stream of the table comes about. */
export const STAGES: Readonly<Record<string, Make>> = {
  'Server.sessions$': async (house) => {
    await house.client();
    const costs = {
      what: 'that session is closed',
      isPaid: (session: unknown) => (session as ServerSession).state === SessionState.Closed,
    };
    return {
      stream$: house.server.sessions$,
      tell: () => house.openSession(),
      end: serverCloses(house),
      fail: {
        when: 'a listener fails',
        act: () => {
          house.failListener();
        },
      },
      costs,
    };
  },
  'Server.violations$': ofServer('violations$', async (house) => {
    await house.client();
    return () => house.transports.at(-1)?.send(resultPacket({ sessionId: 77, frameId: 1 }));
  }),
  'Server.health$': async (house) => {
    // Something to wait for: a server that has nothing to do is closed as soon as it closes.
    await house.operation();
    let graceMs = 10_000;
    return {
      stream$: house.server.health$,
      tell: () => {
        void house.server.close({ graceMs });
        graceMs = 0;
      },
      end: serverCloses(house),
    };
  },
  'Server.limits$': ofServer('limits$', async (house) => {
    for (let place = 0; place < 2; place += 1) await house.stranger();
    return () => house.stranger();
  }),
  'Server.failures$': ofServer('failures$', async (house) => {
    const { served } = await house.session();
    return () =>
      served.state$.subscribe(() => {
        throw new Error('somebody else has failed');
      });
  }),
  ServerSession: ofSession(({ served }) => served, submitOne),
  'ServerSession.submits$': ofSession(({ served }) => served.submits$, submitOne, {
    costs: { what: 'that operation fails', isPaid: (submit) => (submit as Submit).hasEnded },
  }),
  'ServerSession.cancels$': async (house) => {
    const { asked, served } = await house.taking();
    return {
      stream$: served.cancels$,
      tell: async () => {
        const asking = asked.submit({ body: 'x' }).subscribe();
        await house.quiet();
        asking.unsubscribe();
      },
      end: { when: 'the session is over', act: () => house.abort(asked) },
    };
  },
  'ServerSession.patches$': ofSession(
    ({ served }) => served.patches$,
    ({ asked }) => void asked.patch({}).catch(() => undefined),
  ),
  'ServerSession.migrations$': ofSession(
    ({ served }) => served.migrations$,
    ({ asked }) => void asked.migrate(SessionMigrateMetadata.of(MOVE)).catch(() => undefined),
  ),
  'SessionObjects.declared$': async (house) => {
    const { served, asked } = await house.session({ objects: sharedObjects() });
    return {
      stream$: served.objects.declared$,
      tell: () => asked.objects?.declare({}),
      end: { when: 'the session is over', act: () => house.abort(asked) },
    };
  },
  'SharedObject.changes$': async (house) => {
    const { served, asked } = await house.session({ objects: sharedObjects() });
    const declared = asked.objects!.declare({});
    await house.quiet();
    const [copy] = served.objects.all;
    return {
      stream$: copy!.changes$,
      tell: () => {
        declared.append(new Uint8Array(1));
      },
      end: {
        when: 'it is released',
        act: () => {
          declared.release();
        },
      },
    };
  },
  'ServerSession.closes$': async (house) => {
    const { asked, served } = await house.session();
    return {
      stream$: served.closes$,
      end: { when: 'the session is over', act: () => house.abort(asked) },
    };
  },
  'ServerSession.state$': ofSession(({ served }) => served.state$, cut),
  'ServerSession.attachment$': ofSession(({ served }) => Reflect.get(served, 'attachment$'), cut),
  'ServerSession.pressure$': ofSession(
    ({ served }) => served.pressure$,
    ({ served }, house) => {
      house.turnPressure(served);
    },
  ),
  'Submit.state$': ofSubmit('state$', ({ submit }) => {
    if (submit.state === OperationState.WaitingTool) submit.continue();
    else submit.waitForTool();
  }),
  'Submit.ended$': ofSubmit('ended$'),
  'Submit.budget$': ofSubmit('budget$', ({ answer }) => {
    answer.update({ budget: { tokens: 5 } });
  }),
  'Submit.pressure$': ofSubmit('pressure$', ({ served }, house) => {
    house.turnPressure(served);
  }),
  'Client.violations$': ofClient('violations$', ({ wire }) => {
    wire.next(resultPacket({ sessionId: 77, frameId: 1 }));
  }),
  'Client.failures$': async (house) => {
    const time = new VirtualTime();
    house.scheduler = time;
    const client = await house.client();
    return {
      stream$: client.failures$,
      tell: async () => {
        // Of a session it is told once.
        const session = await client.openSession();
        for (let asked = 0; asked < 5; asked += 1) session.submit({}).subscribe({ error: () => undefined });
        time.advance(5_000);
      },
      end: { when: 'the client has ended', act: () => client.close() },
    };
  },
  'Client.errors$': ofClient('errors$', ({ wire }) => {
    wire.next(errorOf(0, 0, 'go away'));
  }),
  'Client.ended$': async (house) => {
    const client = await house.client();
    return {
      stream$: client.ended$,
      end: { when: 'the client has ended', act: () => client.close() },
      fail: {
        when: 'its connection fails',
        act: () => {
          house.failConnection();
        },
      },
    };
  },
  'ClientSession.state$': ofSession(({ asked }) => asked.state$, cut),
  'ClientSession.credit$': ofSession(({ asked }) => asked.credit$, submitOne),
  'ClientSession.pressure$': ofSession(({ asked }) => asked.pressure$, cut),
  'ClientSession.ticket$': ofSession(({ asked }) => asked.ticket$, cut),
  'ClientSession.flowUpdates$': ofSession(
    ({ asked }) => asked.flowUpdates$,
    ({ served }) => {
      served.grant(4);
    },
  ),
  'ClientSession.hints$': ofSession(
    ({ asked }) => asked.hints$,
    ({ served }) => {
      served.sendHint(1, { reason: HintReason.BudgetExceeded });
    },
  ),
  'ClientSession.cacheMisses$': ofSession(
    ({ asked }) => asked.cacheMisses$,
    ({ asked }) => {
      asked.cacheReference({});
    },
  ),
  'ClientSession.traces$': ofSession(
    ({ asked }) => asked.traces$,
    ({ served }) => {
      served.sendTrace({ traceId: 1n, spanId: 2n });
    },
  ),
  ResultStream: ofAnswer(({ asked }) => asked.submit({ body: 'x' })),
  'ResultStream.tools$': async (house) => {
    const { asked } = await house.taking();
    const answer = asked.submit({ body: 'x' });
    answer.subscribe({ error: () => undefined });
    await house.quiet();
    return {
      stream$: answer.tools$,
      tell: () => {
        for (const submit of house.submits) void submit.tool({ name: 'weather' });
      },
      end: { when: 'the session is over', act: () => house.abort(asked) },
    };
  },
  'ResultStream.progress$': besideAnswer(
    ({ progress$ }) => progress$,
    (submit) => {
      submit.progress({ percent: 5 });
    },
  ),
  'ResultStream.degraded$': besideAnswer(
    ({ degraded$ }) => degraded$,
    (submit) => {
      submit.degrade({ limitUnits: 5 });
    },
  ),
  'ResultStream.text$': ofAnswer(({ asked }) => asked.submit({ body: 'x' }).text$),
  'ResultStream.parts$': ofAnswer(({ asked }) => asked.submit({ body: 'x' }).parts$),
};
