import type { FlowUpdateMetadata } from '../../src/wire/messages/flow-update';
import type { SessionCloseAckMetadata, SessionCloseMetadata } from '../../src/wire/messages/session-close';
import type {
  SessionMigrateAckMetadata,
  SessionMigrateMetadata,
} from '../../src/wire/messages/session-migrate';
import type { SessionOpenMetadata } from '../../src/wire/messages/session-open';
import type { SessionPatchAckMetadata, SessionPatchMetadata } from '../../src/wire/messages/session-patch';
import type {
  CacheObjectId,
  Call,
  CallOptions,
  RustClientEvent,
  RustLifecycle,
  RustPacket,
  RustServerSnapshot,
  RustSubmit,
  SendResultOptions,
  SubmitOptions,
} from './rust-commands';

abstract class RustHandle {
  constructor(
    protected readonly call: Call,
    readonly handle: number,
  ) {}

  /** Drops the object in the Rust process, as a crash of its owner would: its socket just closes. */
  async drop(): Promise<void> {
    await this.call('drop', { handle: this.handle });
  }
}

/** An `NnrpServer` on a loopback TCP port. */
export class RustServer extends RustHandle {
  constructor(
    call: Call,
    handle: number,
    readonly port: number,
  ) {
    super(call, handle);
  }

  /**
   * Takes one connection and answers its SESSION_OPEN. Rejects with UnexpectedMessage where the server
   * refuses the session; the refusing ack is on the wire then.
   */
  async accept(options?: CallOptions): Promise<RustServerSession> {
    const { handle, sessionId, clientOpen } = await this.call('accept', { handle: this.handle }, options);
    return new RustServerSession(this.call, handle, sessionId, clientOpen);
  }

  async sessionCount(): Promise<number> {
    return (await this.call('sessionCount', { handle: this.handle })).count;
  }
}

/** An `NnrpServerSession`. */
export class RustServerSession extends RustHandle {
  constructor(
    call: Call,
    handle: number,
    readonly sessionId: number,
    readonly clientOpen: SessionOpenMetadata,
  ) {
    super(call, handle);
  }

  receiveSubmit(options?: CallOptions): Promise<RustSubmit> {
    return this.call('receiveSubmit', { handle: this.handle }, options);
  }

  async sendResult(result: SendResultOptions, options?: CallOptions): Promise<void> {
    await this.call('sendResult', { handle: this.handle, ...result }, options);
  }

  async sendResultDrop(frameId: number, options?: CallOptions): Promise<void> {
    await this.call('sendResultDrop', { handle: this.handle, frameId }, options);
  }

  /** The frame id of the FRAME_CANCEL. */
  async receiveCancel(options?: CallOptions): Promise<number> {
    return (await this.call('receiveCancel', { handle: this.handle }, options)).frameId;
  }

  async receivePatch(options?: CallOptions): Promise<SessionPatchMetadata> {
    return (await this.call('receivePatch', { handle: this.handle }, options)).metadata;
  }

  async sendPatchAck(metadata: Partial<SessionPatchAckMetadata>, options?: CallOptions): Promise<void> {
    await this.call('sendPatchAck', { handle: this.handle, metadata }, options);
  }

  async sendFlowUpdate(metadata: Partial<FlowUpdateMetadata>, options?: CallOptions): Promise<void> {
    await this.call('sendFlowUpdate', { handle: this.handle, metadata }, options);
  }

  async receiveMigrate(options?: CallOptions): Promise<SessionMigrateMetadata> {
    return (await this.call('receiveMigrate', { handle: this.handle }, options)).metadata;
  }

  /** Answers the last `receiveMigrate`, against which the runtime checks the ack. */
  async sendMigrateAck(metadata: Partial<SessionMigrateAckMetadata>, options?: CallOptions): Promise<void> {
    await this.call('sendMigrateAck', { handle: this.handle, metadata }, options);
  }

  async receiveClose(options?: CallOptions): Promise<SessionCloseMetadata> {
    return (await this.call('receiveClose', { handle: this.handle }, options)).metadata;
  }

  /** Answers the last `receiveClose` with close_status closed, the only one the runtime sends. */
  async ackClose(options?: CallOptions): Promise<void> {
    await this.call('ackClose', { handle: this.handle }, options);
  }

  /** Counts a cached object against the server's limit; returns how many the session has. */
  async trackCacheObject(object: CacheObjectId): Promise<number> {
    return (await this.call('trackCacheObject', { handle: this.handle, object })).count;
  }

  async snapshot(): Promise<RustServerSnapshot> {
    return (await this.call('snapshot', { handle: this.handle })) as RustServerSnapshot;
  }

  /** Removes the session from the server's registry and ends the connection; `drop` leaves it there. */
  async close(options?: CallOptions): Promise<void> {
    await this.call('close', { handle: this.handle }, options);
  }
}

/** An `NnrpClient` that is connected and has not opened its session. */
export class RustClient extends RustHandle {
  /** Uses the client up, also where it rejects: UnexpectedMessage is a session that the server refused. */
  async openSession(options?: CallOptions): Promise<RustClientSession> {
    const { handle, ...opened } = await this.call('openSession', { handle: this.handle }, options);
    return new RustClientSession(this.call, handle, opened);
  }
}

/** An `NnrpClientSession`. */
export class RustClientSession extends RustHandle {
  readonly sessionId: number;

  constructor(
    call: Call,
    handle: number,
    /** As of the ack; `snapshot` gives the present one. */
    readonly opened: RustLifecycle,
  ) {
    super(call, handle);
    this.sessionId = opened.sessionId;
  }

  /** Returns the frame id. */
  async submit(submit: SubmitOptions, options?: CallOptions): Promise<number> {
    return (await this.call('submit', { handle: this.handle, ...submit }, options)).frameId;
  }

  awaitEvent(options?: CallOptions): Promise<RustClientEvent> {
    return this.call('awaitEvent', { handle: this.handle }, options);
  }

  async cancelFrame(frameId: number, options?: CallOptions): Promise<void> {
    await this.call('cancelFrame', { handle: this.handle, frameId }, options);
  }

  async patchSession(
    metadata: Partial<SessionPatchMetadata>,
    options?: CallOptions,
  ): Promise<SessionPatchAckMetadata> {
    return (await this.call('patchSession', { handle: this.handle, metadata }, options)).metadata;
  }

  async migrateTransport(
    metadata: Partial<SessionMigrateMetadata>,
    options?: CallOptions,
  ): Promise<SessionMigrateAckMetadata> {
    return (await this.call('migrateTransport', { handle: this.handle, metadata }, options)).metadata;
  }

  /** SESSION_CLOSE and its ack; the connection stays. */
  async closeWith(
    metadata: Partial<SessionCloseMetadata>,
    options?: CallOptions,
  ): Promise<SessionCloseAckMetadata> {
    return (await this.call('closeWith', { handle: this.handle, metadata }, options)).metadata;
  }

  async snapshot(): Promise<RustLifecycle> {
    return this.call('snapshot', { handle: this.handle });
  }

  /** SESSION_CLOSE, its ack, and the end of the connection. */
  async close(options?: CallOptions): Promise<void> {
    await this.call('close', { handle: this.handle }, options);
  }

  /** The end of the connection without a SESSION_CLOSE. */
  async closeTransport(options?: CallOptions): Promise<void> {
    await this.call('closeTransport', { handle: this.handle }, options);
  }
}

/** A TCP listener without a runtime behind it. */
export class RustRawListener extends RustHandle {
  constructor(
    call: Call,
    handle: number,
    readonly port: number,
  ) {
    super(call, handle);
  }

  async accept(options?: CallOptions): Promise<RustRawConnection> {
    const { handle } = await this.call('rawAccept', { handle: this.handle }, options);
    return new RustRawConnection(this.call, handle);
  }
}

/** A TCP connection without a runtime on it: any bytes out, packets in as nnrp-core reads them. */
export class RustRawConnection extends RustHandle {
  async send(bytes: Uint8Array, options?: CallOptions): Promise<void> {
    await this.call('rawSend', { handle: this.handle, bytes }, options);
  }

  /** Rejects with EndOfStream at an end between packets, with Io / UnexpectedEof at one within. */
  readPacket(options?: CallOptions): Promise<RustPacket> {
    return this.call('rawReadPacket', { handle: this.handle }, options);
  }

  /** Rejects with UnexpectedBytes if anything comes before the end. */
  async expectEnd(options?: CallOptions): Promise<'eof' | 'reset'> {
    return (await this.call('rawExpectEnd', { handle: this.handle }, options)).end;
  }

  /** Ends the writing side; reading goes on. */
  async shutdown(options?: CallOptions): Promise<void> {
    await this.call('rawShutdown', { handle: this.handle }, options);
  }
}
