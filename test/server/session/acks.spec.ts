import { firstValueFrom } from 'rxjs';
import type { PatchRequest } from '../../../src/server/session/session-message';
import { open, patch } from '../../../src/testing';
import { HEADER_LENGTH } from '../../../src/wire/header';
import { decodeMessage } from '../../../src/wire/message';
import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { ErrorScope } from '../../../src/wire/messages/error-message';
import { Peer } from '../../support/peer';
import { endServed, Served, told } from '../../support/served';
import { until } from '../../support/until';

const KIB = 1024;

afterEach(endServed);

describe('an ack that waits for its turn', () => {
  it('is judged as it leaves: its client may take less by then, and what it asked is refused', async () => {
    const served = new Served();
    const opened = firstValueFrom(served.server.sessions$);
    const peer = await Peer.connect(served.listen);
    peer.send(open(1).announced({ largestPacket: HEADER_LENGTH + 64 * KIB }));
    const patches = told((await opened).patches$) as PatchRequest[];
    await peer.next();
    peer.send(patch(1), patch(1), patch(1));
    await until(() => patches.length === 3, 'three patches');
    patches[1]!.ack({}, new Uint8Array(16 * KIB));
    patches[2]!.ack({}, new Uint8Array(8 * KIB));
    peer.send(open(2).announced({ largestPacket: HEADER_LENGTH + 8 * KIB }));
    await peer.next();
    expect(served.failures).toEqual([]);
    patches[0]!.ack();
    const [first, second, third] = [await peer.next(), await peer.next(), await peer.next()];
    const name = messageTypeName(MessageType.SessionPatchAck);
    expect([first, third].map((each) => messageTypeName(each!.header.messageType))).toEqual([name, name]);
    expect(decodeMessage(second!)).toMatchObject({
      messageType: MessageType.Error,
      metadata: { errorScope: ErrorScope.Session, relatedSessionId: 1, relatedFrameId: 0, isFatal: false },
    });
    expect(Buffer.from(second!.body).toString()).toContain('16384 bytes, and 8192 are the most');
    expect(third!.body).toHaveLength(8 * KIB);
    expect(served.failures).toMatchObject([{ kind: 'internal', reach: 'session', origin: 'application' }]);
    await peer.close();
  });
});
