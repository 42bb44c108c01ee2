import { MessageType } from '../wire/message-type';
import { packet, type Packet } from '../wire/packet';

// Either end asks for a sign of life, and answers, by a number in the place of a frame id.

export function pingPacket(number: number, sessionId = 0): Packet {
  return packet({ messageType: MessageType.Ping, sessionId, frameId: number });
}

/** Says also that everything before the PING of this number has come: to the connection, or to a session of preview4. */
export function pongPacket(number: number, sessionId = 0): Packet {
  return packet({ messageType: MessageType.Pong, sessionId, frameId: number });
}
