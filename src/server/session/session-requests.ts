import { Subscription, type SchedulerLike } from 'rxjs';
import { microseconds } from '../../protocol/microseconds';
import { scheduleIn } from '../../transport/time/schedule-in';
import type { MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import { PatchRejectReason } from '../../wire/messages/session-patch';
import { AckQueue } from './ack-queue';
import type { ServerSettings } from '../options';
import { ReceivedMigration, ReceivedPatch } from './requests';
import type { SessionOutlet } from './results/session-outlet';
import type { SessionSender } from './results/session-sender';
import type { SessionStreams } from './session-streams';

/** Why a migration is refused: the accept codes of this server (preview3 assigns none but 0). */
export const MigrateRefusal = { SameTransport: 1, CursorAhead: 2, NotResumable: 3, Unanswered: 4 } as const;

/** What the requests of a session need of it. */
export interface RequestsHost {
  readonly streams: SessionStreams;
  readonly sender: SessionSender;
  readonly outlet: SessionOutlet;
  readonly settings: ServerSettings;
  readonly scheduler: SchedulerLike;
  readonly isResumable: boolean;
  /** The highest operation id that the client has submitted is all that is asked of them. */
  readonly operations: { readonly lastOperationId: number };
}

/**
 * Patches and migrations: put to the application where it looks at them, answered without it where not.
 * Acks do not say which request they answer, so they go out in the order of the requests.
 */
export class SessionRequests {
  private patchAcks: AckQueue | undefined;
  private migrateAcks: AckQueue | undefined;
  private timers: Subscription | undefined;

  constructor(private readonly host: RequestsHost) {}

  patch(message: MessageOf<typeof MessageType.SessionPatch>): void {
    const { streams, sender } = this.host;
    const patience = new Subscription();
    const acknowledge = (this.patchAcks ??= this.ackQueue()).place();
    const request = new ReceivedPatch(message, (ack, body) => {
      acknowledge(sender.patchAck(ack, body));
      patience.unsubscribe();
    });
    if (!streams.isWatched('patches')) {
      request.reject(PatchRejectReason.UnsupportedField);
      return;
    }
    streams.emit('patches', request);
    if (request.isAnswered) return;
    this.wait(patience, () => {
      request.reject(PatchRejectReason.RateLimited);
    });
  }

  migrate(message: MessageOf<typeof MessageType.SessionMigrate>): void {
    const { streams, sender, settings, isResumable, operations } = this.host;
    const patience = new Subscription();
    const acknowledge = (this.migrateAcks ??= this.ackQueue()).place();
    const request = new ReceivedMigration(message, (ack) => {
      acknowledge(sender.migrateAck(message.metadata, ack));
      patience.unsubscribe();
    });
    if (streams.isWatched('migrations')) {
      streams.emit('migrations', request);
      if (request.isAnswered) return;
      this.wait(patience, () => {
        request.reject(MigrateRefusal.Unanswered);
      });
      return;
    }
    const { oldTransportId, newTransportId, lastResultFrameId } = message.metadata;
    if (oldTransportId === newTransportId) request.reject(MigrateRefusal.SameTransport);
    else if (lastResultFrameId > operations.lastOperationId) request.reject(MigrateRefusal.CursorAhead);
    else if (!isResumable) request.reject(MigrateRefusal.NotResumable);
    else {
      const serverMigrateTsUs = microseconds(settings.wallClock.now());
      request.ack({ graceWindowMs: settings.migrateGraceMs, serverMigrateTsUs });
    }
  }

  /** The connection that asked is gone: nobody waits for its acks, and no later request may get them. */
  forget(): void {
    this.patchAcks?.clear();
    this.migrateAcks?.clear();
  }

  end(): void {
    this.timers?.unsubscribe();
    this.timers = Subscription.EMPTY;
  }

  /** An application that never answers must not hold the acks behind this one up, nor gather requests. */
  private wait(patience: Subscription, giveUp: () => void): void {
    const { scheduler, settings } = this.host;
    patience.add(scheduleIn(scheduler, settings.patchTimeoutMs, giveUp));
    (this.timers ??= new Subscription()).add(patience);
  }

  private ackQueue(): AckQueue {
    return new AckQueue((ack) => {
      this.host.outlet.answer(ack);
    });
  }
}
