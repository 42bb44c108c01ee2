import { MessageType, messageTypeName } from '../../../src/wire/message-type';
import { packet, type Packet } from '../../../src/wire/packet';
import { ResultDropReasonMetadata } from '../../../src/wire/preview4/results';
import type { Peer } from '../../support/peer';

/** The packets that come once a peer has sent these, until a PING behind them is answered; `end` where the connection does. */
export async function heardUntilPong(
  peer: Peer,
  sessionId: number,
  sent: readonly Packet[],
): Promise<(Packet | 'end')[]> {
  const seen: Packet[] = [];
  peer.send(...sent, packet({ messageType: MessageType.Ping, sessionId, frameId: 77 }));
  for (;;) {
    const came = await peer.next();
    if (came === undefined) return [...seen, 'end'];
    if (came.header.messageType === MessageType.Pong) return seen;
    seen.push(came);
  }
}

/** The same in words: the type, the frame, and of RESULT_DROP_REASON the reason. */
export async function heardInWords(
  peer: Peer,
  sessionId: number,
  sent: readonly Packet[] = [],
): Promise<unknown[]> {
  const came = await heardUntilPong(peer, sessionId, sent);
  return came.map((each) => {
    if (each === 'end') return each;
    const { messageType, frameId } = each.header;
    const isReason = messageType === MessageType.ResultDropReason;
    const why = isReason ? [ResultDropReasonMetadata.decode(each.metadata).dropReasonCode] : [];
    return [messageTypeName(messageType), frameId, ...why];
  });
}
