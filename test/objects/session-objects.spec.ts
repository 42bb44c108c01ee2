import { filter, firstValueFrom, skip } from 'rxjs';
import { connect, tcp } from '../../src';
import { SessionState } from '../../src/protocol/session/session-lifecycle';
import { sharedObjects } from '../../src/client/session/shared-objects';
import type { ClientSession } from '../../src/client/session/session';
import type { SessionObjects, SharedObject } from '../../src/objects/shared-object';
import type { ServerSession } from '../../src/server/session/session';
import { ObjectReleaseReason, OwnershipHint, RuntimeObjectKind } from '../../src/wire/preview4/objects';
import { MessageType } from '../../src/wire/message-type';
import { clientHello, inPreview4, open, serverHelloAck, submit } from '../../src/testing';
import { accept, greeted } from '../client/support';
import { heardInWords } from '../server/revision/heard';
import { Peer } from '../support/peer';
import { endServed, Served, told } from '../support/served';
import { until as untilTrue } from '../support/until';

afterEach(endServed);

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const utf8 = (of: string): Uint8Array => new TextEncoder().encode(of);

/** Waits for a value that is there. */
async function until<T>(value: () => T | undefined | false): Promise<T> {
  let found: T | undefined | false;
  await untilTrue(() => {
    found = value();
    return found !== undefined && found !== false;
  }, String(value));
  return found as T;
}

interface Ends {
  readonly place: Served;
  readonly client: ClientSession;
  readonly server: ServerSession;
  readonly here: SessionObjects;
  readonly there: SessionObjects;
}

async function bothEnds(place = new Served(), client: object = {}): Promise<Ends> {
  const ends = await place.session({ objects: sharedObjects(), ...client }, { revision: 'preview4' });
  return { place, ...ends, here: ends.client.objects!, there: ends.server.objects };
}

/** The same object at the other end, once it is told of there. */
function otherEnd(objects: SessionObjects, { objectId }: SharedObject): Promise<SharedObject> {
  return until(() => objects.get(objectId));
}

describe('an object of a session', () => {
  it.each<'client' | 'server'>(['client', 'server'])(
    'is declared by the %s, changed and released',
    async (who) => {
      const ends = await bothEnds();
      const [mine, theirs] = who === 'client' ? [ends.here, ends.there] : [ends.there, ends.here];
      const seen = told(theirs.declared$);
      const plan = mine.declare(
        { objectKind: RuntimeObjectKind.RoutePlan, computeCostUnits: 7 },
        utf8('one two'),
        utf8('about'),
      );
      const copy = await otherEnd(theirs, plan);
      await until(() => copy.sequence === 1n);
      expect(seen).toEqual([copy]);
      expect(copy).toMatchObject({
        declaredBy: 'there',
        owner: 'there',
        descriptor: { computeCostUnits: 7 },
      });
      expect([text(copy.metadata), text(copy.bytes)]).toEqual(['about', 'one two']);

      const changes = told(copy.changes$);
      plan.patch(utf8('1'), { offset: 0, length: 3, metadata: utf8('shorter') });
      plan.append(utf8(' three'), { isFinal: true });
      plan.release({ releaseReason: ObjectReleaseReason.Replaced });
      await until(() => copy.released);
      expect(changes).toMatchObject([
        { kind: 'patch', fields: { deltaSequence: 2n }, metadata: utf8('shorter'), delta: utf8('1') },
        { kind: 'delta', fields: { deltaSequence: 3n, flags: 4 }, delta: utf8(' three') },
        '|',
      ]);
      expect(text(copy.bytes)).toBe('1 two three');
      expect(plan.bytes).toEqual(copy.bytes);
      expect(copy.released).toEqual({ by: 'there', reason: ObjectReleaseReason.Replaced, text: '' });
      expect([mine.all, theirs.all]).toEqual([[], []]);
      expect([ends.place.violations, ends.place.failures]).toEqual([[], []]);
    },
  );

  it('is its owner’s to change and to release', async () => {
    const { here, there } = await bothEnds();
    const plan = here.declare({}, utf8('mine'));
    const copy = await otherEnd(there, plan);
    expect(() => copy.append(utf8('!'))).toThrow(/is the other end's, which alone may change it$/);
    copy.release();
    here.declare({}, utf8('later'));
    await until(() => there.all.length === 2);
    expect(plan.released).toBeUndefined();
    plan.release();
    expect(() => plan.append(utf8('!'))).toThrow(/was released$/);
  });

  it('is the other end’s where it was declared so, and either’s to release where the session owns it', async () => {
    const { here, there } = await bothEnds();
    const given = here.declare({ ownershipHint: OwnershipHint.ConsumerOwned }, utf8('a'));
    const taken = await otherEnd(there, given);
    await until(() => taken.sequence === 1n);
    expect([given.owner, taken.owner]).toEqual(['there', 'here']);
    taken.append(utf8('b'));
    await until(() => given.sequence === 2n);
    expect(text(given.bytes)).toBe('ab');
    taken.release();
    await until(() => given.released);

    const shared = here.declare({ ownershipHint: OwnershipHint.SessionOwned });
    (await otherEnd(there, shared)).release();
    expect(await until(() => shared.released)).toMatchObject({ by: 'there' });
  });

  it('goes to who refers to it first, unless it has changed meanwhile', async () => {
    const { here, there } = await bothEnds();
    const baton = here.declare({ ownershipHint: OwnershipHint.TransferOnRef }, utf8('a'));
    const held = await otherEnd(there, baton);
    await until(() => held.sequence === 1n);
    held.refer();
    held.append(utf8('b'));
    await until(() => baton.sequence === 2n);
    expect([baton.owner, held.owner]).toEqual(['there', 'here']);

    const moving = here.declare({ ownershipHint: OwnershipHint.TransferOnRef }, utf8('a'));
    const seen = await otherEnd(there, moving);
    moving.append(utf8('b'));
    seen.refer({ frameId: 0 }, { objectVersion: 1n });
    expect(await until(() => moving.released)).toMatchObject({ reason: ObjectReleaseReason.Replaced });
    await until(() => seen.released);
  });

  it('is let go with the last operation that has used it', async () => {
    const { client, server, here, there, place } = await bothEnds();
    const ask = client.submit({ body: 'ask' });
    const submitted = firstValueFrom(server.submits$);
    const answer = firstValueFrom(ask);
    const submit = await submitted;
    const used = there.declare({ ownershipHint: OwnershipHint.ReleaseOnDrop }, utf8('weights'));
    used.refer(submit);
    const copy = await otherEnd(here, used);
    copy.refer(submit);
    await until(() => used.referenceCount === 2);
    expect(used.released).toBeUndefined();
    server.sendResult(submit.complete(utf8('done')));
    await answer;
    expect(await until(() => copy.released)).toMatchObject({
      by: 'there',
      reason: ObjectReleaseReason.Completed,
    });
    expect(() => used.refer(submit)).toThrow(/was released$/);
    const other = there.declare();
    expect(() => other.refer(submit)).toThrow(/which is not under way$/);
    expect([place.violations, place.failures]).toEqual([[], []]);
  });

  it('is there for its time, at both ends', async () => {
    const { here, there } = await bothEnds();
    const brief = here.declare({ lifetimeHintMs: 20 });
    const copy = await otherEnd(there, brief);
    const expired = { reason: ObjectReleaseReason.Expired };
    expect(await until(() => brief.released)).toMatchObject({ by: 'here', ...expired });
    expect(await until(() => copy.released)).toMatchObject({ by: 'there', ...expired });
  });

  it('outlives a lost connection, after which the other end is told of it anew', async () => {
    const place = new Served();
    const { here, there } = await bothEnds(place, { reconnect: { minDelayMs: 0 } });
    const mine = here.declare({}, utf8('mine'));
    const theirs = there.declare({}, utf8('theirs'));
    mine.append(utf8('!'));
    const [copy, other] = [await otherEnd(there, mine), await otherEnd(here, theirs)];
    await until(() => copy.sequence === 2n);
    place.endpoint.cut();
    await until(() => copy.released && other.released);
    const again = await otherEnd(there, mine);
    await until(() => again.sequence === 2n);
    expect(text(again.bytes)).toBe('mine!');
    const back = await otherEnd(here, theirs);
    await until(() => back.sequence === 1n);
    expect(text(back.bytes)).toBe('theirs');
    expect([place.violations, place.failures]).toEqual([[], []]);
  });

  it.each([
    ['resumed', true],
    ['opened anew', false],
  ])('costs no rate as its session is %s, however many there are', async (_, isResumable) => {
    const place = new Served({
      limits: { objects: { burst: 40, perSecond: 0 } },
      ...(isResumable ? {} : { resume: 'off' as const }),
    });
    const served: ServerSession[] = [];
    place.server.sessions$.subscribe((session) => served.push(session));
    const client = await place.connect({ revision: 'preview4' });
    const options = { objects: sharedObjects(), reconnect: { minDelayMs: 0 } };
    const sessions = [await client.openSession(options), await client.openSession(options)];
    const after = isResumable ? 'resumed' : 'reopened';
    // Two packets each: 32 a connection that are new, and at last 96 that are not.
    for (let count = 8; count <= 24; count += 8) {
      for (const { objects } of sessions) for (let n = 0; n < 8; n++) objects!.declare({}, utf8('it'));
      const back = sessions.map(({ state$ }) =>
        firstValueFrom(
          state$.pipe(
            skip(1),
            filter((is) => is === after),
          ),
        ),
      );
      place.endpoint.cut();
      await Promise.all(back);
      const haveAll = ({ objects: { all } }: ServerSession): boolean =>
        all.length === count && all.every(({ sequence }) => sequence === 1n);
      await until(() => served.slice(-2).every(haveAll));
    }
    expect(place.limits).toEqual([]);
    const [first] = sessions;
    // Counted again from here on.
    for (let n = 0; n < 300; n++) first!.objects!.all[0]!.patch(utf8('at'));
    await until(() => place.limits.length > 0);
    expect(place.limits).toMatchObject([{ limit: 'objects', allowed: 40 }]);
  });

  it('costs its rate where its client has had no session before, also where it would come back', async () => {
    const place = new Served({ limits: { objects: { burst: 4, perSecond: 0 } } });
    const { here } = await bothEnds(place, { reconnect: { minDelayMs: 0 } });
    for (let n = 0; n < 3; n++) here.declare({}, utf8('it'));
    await until(() => place.limits.length > 0);
    expect(place.limits).toMatchObject([{ limit: 'objects', allowed: 4, observed: 5 }]);
  });

  it('is as large as the client takes in a packet, and its declarer told where it is not', async () => {
    const place = new Served({ listen: tcp({ port: 0 }) });
    const [address] = await place.server.listening();
    const opened = firstValueFrom(place.server.sessions$);
    const small = tcp({ port: address!.port, limits: { maxBodyBytes: 1000 } });
    const client = await connect(small, { revision: 'preview4' });
    const session = await client.openSession({ objects: sharedObjects() });
    const { objects } = await opened;
    expect(() => objects.declare({}, new Uint8Array(1001))).toThrow(
      'the message declares 1041 bytes, the limit is 1040',
    );
    const fits = objects.declare({}, new Uint8Array(1000));
    await until(() => session.objects!.get(fits.objectId)?.sequence === 1n);
    expect([session.state, place.violations, place.failures]).toEqual([SessionState.Open, [], []]);
    await client.close();
  });

  it('ends with its session', async () => {
    const { client, here, there } = await bothEnds();
    const [mine, theirs] = [here.declare(), there.declare()];
    const copy = await otherEnd(there, mine);
    await client.close();
    await until(() => mine.released && theirs.released && copy.released);
    expect(() => here.declare()).toThrow(/is over$/);
    expect(() => there.declare()).toThrow(/is over$/);
  });

  it('is refused where there is no room, and its declarer told', async () => {
    const place = new Served({ objects: { maxObjects: 1, maxBytes: 4 } });
    const { here, there } = await bothEnds(place);
    const first = here.declare({}, utf8('four'));
    const second = here.declare();
    expect(await until(() => second.released)).toEqual({
      by: 'there',
      reason: ObjectReleaseReason.Invalidated,
      text: 'an end has 1 objects at most',
    });
    first.append(utf8('!'));
    expect(await until(() => first.released)).toMatchObject({
      text: 'an end has 4 bytes of objects at most, and these would be 5',
    });
    there.declare({}, utf8('four'));
    expect(() => there.declare()).toThrow(
      /^no room for an object in session \d+: an end has 1 objects at most$/,
    );
  });

  const broken = inPreview4(
    MessageType.ObjectDeclare,
    { sessionId: 42 },
    { objectId: 3n, metadataBytes: 5 },
    'four',
  );

  it('is none with another body than it says, for a server', async () => {
    const served = new Served();
    const peer = await Peer.connect(served.listen);
    peer.send(clientHello(), open(42));
    await peer.next();
    await peer.next();
    const came = await heardInWords(peer, 42, [broken]);
    expect(came).toEqual([['ERROR', 0]]);
    expect(served.violations).toMatchObject([
      { error: { cause: { fault: { kind: 'DeclaredLengthMismatch' } } } },
    ]);
  });

  it('is none with another body than it says, for a client', async () => {
    const { peer, client } = await greeted(serverHelloAck(), 'preview4');
    const opening = client.openSession({ objects: sharedObjects() });
    await peer.next();
    peer.send(accept(42));
    const { objects } = await opening;
    const violations = told(client.violations$);
    expect(await heardInWords(peer, 42, [broken])).toEqual([]);
    expect(violations).toMatchObject([{ cause: { fault: { kind: 'DeclaredLengthMismatch' } } }]);
    expect(objects?.all).toEqual([]);
    await peer.close();
    await client.close();
  });

  it('is told to no peer whose revision is a guess', async () => {
    const place = new Served();
    const opened = firstValueFrom(place.server.sessions$);
    const peer = await Peer.connect(place.endpoint);
    peer.send(clientHello(), open(42));
    const session = await opened;
    expect(() => session.objects.declare()).toThrow(/has not shown yet that it speaks preview4/);
    // One of preview3.
    peer.send(submit(42, 1));
    await firstValueFrom(session.submits$);
    expect(() => session.objects.declare()).toThrow(/speaks preview3, which has no objects$/);
    expect(told(session.objects.declared$)).toEqual(['|']);
    expect([place.violations, place.failures]).toEqual([[], []]);
  });

  it('is none of a session that is over, whoever looks first then', async () => {
    const { client, server } = await new Served().session({}, { revision: 'preview4' });
    await client.close();
    await until(() => server.state === SessionState.Closed);
    expect(told(server.objects.declared$)).toEqual(['|']);
  });

  it('is none of preview3', async () => {
    const place = new Served();
    const { client, server } = await place.session({ objects: sharedObjects() }, { revision: 'preview3' });
    expect(() => client.objects!.declare()).toThrow(/speaks preview3, which has no objects$/);
    expect(() => server.objects.declare()).toThrow(/speaks preview3, which has no objects$/);
    expect((await place.open()).objects).toBeUndefined();
  });
});
