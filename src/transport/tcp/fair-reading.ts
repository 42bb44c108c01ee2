/** Bytes that Node asks the operating system for at a time. Where it gets less, it goes on to the next socket. */
const FULL_READ = 64 * 1024;

/**
 * Bytes that are read in a turn of the event loop, over all sockets; each has its share, and one read at
 * least. Node alone goes on with one socket while bytes keep coming, up to 2 MiB: with twenty peers that
 * send as fast as they can, everybody else waits for a quarter of a second.
 */
const TURN_BYTES = 1024 * 1024;

/** Of one turn, over all sockets. */
const turn = { share: TURN_BYTES, readers: new Set<FairReading>() };

/** What is read: a socket, or what reads it. */
interface Source {
  pause(): unknown;
  resume(): unknown;
}

/** Counts what is read from a socket in a turn of the event loop, and puts the rest off to the next. */
export class FairReading {
  private taken = 0;
  private isPaused = false;
  private isHeld = false;

  constructor(private readonly source: Source) {}

  /** To be called with the length of each chunk. */
  took(bytes: number): void {
    if (bytes < FULL_READ) return;
    if (turn.readers.size === 0) setImmediate(endTurn);
    turn.readers.add(this);
    this.taken += bytes;
    if (this.taken < turn.share || this.isPaused) return;
    this.isPaused = true;
    this.source.pause();
  }

  /** Reads nothing until `release`, whatever the turn. */
  hold(): void {
    this.isHeld = true;
    this.source.pause();
  }

  release(): void {
    this.isHeld = false;
    if (!this.isPaused) this.source.resume();
  }

  turnEnded(): void {
    this.taken = 0;
    if (!this.isPaused) return;
    this.isPaused = false;
    if (!this.isHeld) this.source.resume();
  }
}

function endTurn(): void {
  const readers = [...turn.readers];
  turn.readers.clear();
  turn.share = TURN_BYTES / readers.length;
  for (const reader of readers) reader.turnEnded();
}
