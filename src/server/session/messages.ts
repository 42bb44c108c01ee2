import type { Message, MessageOf } from '../../wire/message';
import type { MessageType } from '../../wire/message-type';
import type { MigrateRequest, PatchRequest } from './requests';
import type { Submit } from './submits/submit';

/** FRAME_CANCEL, after the operation was cancelled. */
export type Cancel = Message<typeof MessageType.FrameCancel>;

/** SESSION_CLOSE, after the session took it. */
export type Close = Message<typeof MessageType.SessionClose>;

/** What a session emits, in order, discriminated by `messageType`. */
export type SessionMessage =
  | Submit
  | Cancel
  | PatchRequest
  | MigrateRequest
  | Close
  | MessageOf<typeof MessageType.CachePut | typeof MessageType.CacheInvalidate>;
