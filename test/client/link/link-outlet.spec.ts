import { LinkOutlet } from '../../../src/client/link/link-outlet';
import type { Transport } from '../../../src/transport/transport';
import { MessageType } from '../../../src/wire/message-type';
import type { Packet } from '../../../src/wire/packet';

/** A server of this project takes fifty PINGs a second (`limits.pings`), and ends the connection of more. */
const MOST_PINGS = 40;

function outlet() {
  const sent: Packet[] = [];
  const clock = { at: 0, now: () => clock.at };
  const link = new LinkOutlet({ send: (packet: Packet) => sent.push(packet) } as unknown as Transport, clock);
  const ping = (times: number): boolean[] => Array.from({ length: times }, () => link.ping());
  return { link, clock, sent, ping };
}

describe('the way out of a link', () => {
  it('asks for no more signs of life in a second than any server takes, and again in the next', () => {
    const { link, clock, sent, ping } = outlet();
    link.announce({});
    expect(ping(MOST_PINGS + 1)).toEqual([...new Array<boolean>(MOST_PINGS).fill(true), false]);
    clock.at = 999;
    expect(ping(1)).toEqual([false]);
    clock.at = 1000;
    expect(ping(1)).toEqual([true]);
    expect(sent.map(({ header }) => header.messageType)).toEqual(
      new Array<MessageType>(MOST_PINGS + 1).fill(MessageType.Ping),
    );
    expect(new Set(sent.map(({ header }) => header.frameId)).size).toBe(MOST_PINGS + 1);
  });

  it('asks none of a server that has not said that it answers', () => {
    const { sent, ping } = outlet();
    expect([ping(1), sent]).toEqual([[false], []]);
  });
});
