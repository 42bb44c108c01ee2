import { MessageType } from '../../../src/browser';
import { describePacket, draw, type CapturedEvent, type Drawn } from '../../../src/testing';
import type { Packet } from '../../../src/wire';

/** Milliseconds that a character stands for. */
const FRAME_MS = 10;

/** A letter a kind of message. */
const LEGEND: readonly (readonly [letter: string, meaning: string])[] = [
  ['o', 'open'],
  ['O', 'opened'],
  ['s', 'submit'],
  ['c', 'cancel'],
  ['t', 'a token'],
  ['R', 'the answer is complete'],
  ['x', 'dropped'],
  ['f', 'credit'],
  ['#', 'the connection is cut'],
  ['·', 'another'],
];

const LETTERS: Partial<Record<MessageType, string>> = {
  [MessageType.SessionOpen]: 'o',
  [MessageType.SessionOpenAck]: 'O',
  [MessageType.FrameSubmit]: 's',
  [MessageType.FrameCancel]: 'c',
  [MessageType.ResultDrop]: 'x',
  [MessageType.FlowUpdate]: 'f',
};

/** What goes over the wire, as marbles of its last seconds: a row for each direction of each session. */
export class MarbleStrip {
  constructor(
    private readonly element: HTMLElement,
    legend: HTMLElement,
    private readonly rows: readonly { readonly name: string; readonly sessionId: () => number | undefined }[],
  ) {
    legend.textContent = LEGEND.map(([letter, meaning]) => `${letter} ${meaning}`).join('   ');
  }

  show(events: readonly CapturedEvent[]): void {
    const start = Math.floor((events[0]?.at ?? 0) / FRAME_MS);
    const lines = this.rows.flatMap(({ name, sessionId }) =>
      (['sent', 'received'] as const).map((direction) => ({
        label: `${name} ${direction === 'sent' ? '→' : '←'} `,
        moments: events
          .filter((event) => event.direction === direction || event.kind !== 'packet')
          .filter((event) => event.kind !== 'packet' || concerns(event.packet, sessionId()))
          .map((event): Drawn => ({
            frame: Math.floor(event.at / FRAME_MS) - start,
            label: event.kind === 'packet' ? letterOf(event.packet) : '#',
          })),
      })),
    );
    const { lines: drawn } = draw(lines.map(({ moments }) => moments));
    this.element.textContent = lines.map(({ label }, row) => label + (drawn[row] ?? '')).join('\n');
  }
}

function concerns({ header }: Packet, sessionId: number | undefined): boolean {
  return header.sessionId === 0 || header.sessionId === sessionId;
}

function letterOf(packet: Packet): string {
  const { messageType } = packet.header;
  if (messageType !== MessageType.ResultPush) return LETTERS[messageType as MessageType] ?? '·';
  return /frame \d+ partial/.test(describePacket(packet)) ? 't' : 'R';
}
