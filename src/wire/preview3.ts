import { BodyRegionPrelude } from './body/body-region';
import { ObjectReferenceBlock } from './body/object-reference';
import { decodeTypedPayload, encodeTypedPayload, TypedPayloadDescriptor } from './body/typed-payload';
import { enumU8 } from './codec/fields';
import { revised, type WireRecord } from './codec/record';
import { CommonHeader as AnyHeader } from './header';
import { MessageType, Preview3MessageType } from './message-type';
import { CacheAckMetadata, CacheInvalidateMetadata, CachePutMetadata } from './messages/cache';
import { ErrorMetadata } from './messages/error-message';
import { FlowUpdateMetadata } from './messages/flow-update';
import { FrameSubmitMetadata } from './messages/frame-submit';
import { ClientHelloMetadata, ServerHelloAckMetadata } from './messages/hello';
import { ResultHintMetadata } from './messages/result-hint';
import { ResultPushMetadata } from './messages/result-push';
import { SchemaDescriptorHeader } from './messages/schema-descriptor';
import { SessionCloseAckMetadata, SessionCloseMetadata } from './messages/session-close';
import { SessionMigrateAckMetadata, SessionMigrateMetadata } from './messages/session-migrate';
import { SessionOpenAckMetadata, SessionOpenMetadata } from './messages/session-open';
import { SessionPatchAckMetadata, SessionPatchMetadata } from './messages/session-patch';
import { TransportProbeAckMetadata, TransportProbeMetadata } from './messages/transport-probe';
import { byNumber, EMPTY_CONTROL, EMPTY_DROP, row, type MessageRow, type Revision } from './revision';

/** The header, with the message types of preview3 alone. */
const CommonHeader: WireRecord<AnyHeader> = revised(AnyHeader, {
  fields: { messageType: enumU8(6, Preview3MessageType) },
});

/** Every record of preview3, by its name in the protocol. */
const records = {
  CommonHeader,
  ClientHelloMetadata,
  ServerHelloAckMetadata,
  SessionPatchMetadata,
  SessionPatchAckMetadata,
  ErrorMetadata,
  SessionOpenMetadata,
  SessionOpenAckMetadata,
  SessionCloseMetadata,
  SessionCloseAckMetadata,
  FrameSubmitMetadata,
  ResultPushMetadata,
  CachePutMetadata,
  CacheAckMetadata,
  CacheInvalidateMetadata,
  FlowUpdateMetadata,
  ResultHintMetadata,
  TransportProbeMetadata,
  TransportProbeAckMetadata,
  SessionMigrateMetadata,
  SessionMigrateAckMetadata,
  BodyRegionPrelude,
  ObjectReferenceBlock,
  TypedPayloadDescriptor,
  SchemaDescriptorHeader,
} as const;

const T = MessageType;

// prettier-ignore
const rows = {
  //                         record                     sender    scope         operation         body                                                        rate                counted      short name, rules
  [T.ClientHello]:       row(ClientHelloMetadata,       'client', 'connection', 'none',           ['authBytes', 'controlExtensionBytes'],                     'hello',            'uncounted', 'hello'),
  [T.ServerHelloAck]:    row(ServerHelloAckMetadata,    'server', 'connection', 'none',           ['controlExtensionBytes'],                                  'answer',           'uncounted', 'hello ack'),
  [T.SessionPatch]:      row(SessionPatchMetadata,      'client', 'session',    'none',           ['profilePatchBytes'],                                      'patch',            'uncounted', 'patch'),
  [T.SessionPatchAck]:   row(SessionPatchAckMetadata,   'server', 'session',    'none',           ['profilePatchAckBytes'],                                   'answer',           'uncounted', 'patch ack'),
  [T.Close]:             row(undefined,                 'both',   'connection', 'none',           'ignored',                                                  'end',              'uncounted', 'connection close'),
  [T.Error]:             row(ErrorMetadata,             'server', 'any',        'relatedFrameId', ['diagnosticBytes'],                                        'answer',           'of-frame',  'error'),
  [T.SessionOpen]:       row(SessionOpenMetadata,       'client', 'opening',    'none',           ['resumeTokenBytes', 'authBytes', 'sessionExtensionBytes'], 'open',             'uncounted', 'open'),
  [T.SessionOpenAck]:    row(SessionOpenAckMetadata,    'server', 'opening',    'none',           ['resumeTokenBytes', 'sessionExtensionBytes'],              'answer',           'uncounted', 'open ack'),
  [T.SessionClose]:      row(SessionCloseMetadata,      'both',   'session',    'none',           'ignored',                                                  'end',              'uncounted', 'close'),
  [T.SessionCloseAck]:   row(SessionCloseAckMetadata,   'both',   'session',    'none',           'ignored',                                                  'end',              'uncounted', 'close ack'),
  [T.FrameSubmit]:       row(FrameSubmitMetadata,       'client', 'operation',  'frame',          'payload',                                                  'submit',           'uncounted', 'submit'),
  [T.FrameCancel]:       row(undefined,                 'client', 'operation',  'frame',          'none',                                                     'cancel',           'uncounted', 'cancel'),
  [T.ResultPush]:        row(ResultPushMetadata,        'server', 'operation',  'frame',          'payload',                                                  'answer',           'counted',   'result'),
  [T.ResultDrop]:        row(undefined,                 'server', 'operation',  'frame',          'none',                                                     'answer',           'counted',   'drop', { headerOnlyRule: EMPTY_DROP }),
  [T.CachePut]:          row(CachePutMetadata,          'client', 'session',    'none',           ['objectBytes'],                                            'cache-put',        'uncounted', 'cache put'),
  [T.CacheAck]:          row(CacheAckMetadata,          'server', 'session',    'none',           'ignored',                                                  'answer',           'uncounted', 'cache ack'),
  [T.CacheInvalidate]:   row(CacheInvalidateMetadata,   'both',   'session',    'none',           'ignored',                                                  'cache-invalidate', 'uncounted', 'cache invalidate'),
  [T.FlowUpdate]:        row(FlowUpdateMetadata,        'both',   'any',        'operationId',    'ignored',                                                  'flow',             'uncounted', 'flow update'),
  [T.ResultHint]:        row(ResultHintMetadata,        'server', 'operation',  'frame',          'ignored',                                                  'answer',           'uncounted', 'hint'),
  [T.TransportProbe]:    row(TransportProbeMetadata,    'client', 'connection', 'none',           ['probePayloadBytes'],                                      'hello',            'uncounted', 'probe'),
  [T.TransportProbeAck]: row(TransportProbeAckMetadata, 'server', 'connection', 'none',           'ignored',                                                  'answer',           'uncounted', 'probe ack'),
  [T.SessionMigrate]:    row(SessionMigrateMetadata,    'client', 'session',    'none',           'ignored',                                                  'migrate',          'uncounted', 'migrate'),
  [T.SessionMigrateAck]: row(SessionMigrateAckMetadata, 'server', 'session',    'none',           'ignored',                                                  'answer',           'uncounted', 'migrate ack'),
  [T.Ping]:              row(undefined,                 'both',   'connection', 'none',           'none',                                                     'ping',             'uncounted', 'ping', { headerOnlyRule: EMPTY_CONTROL }),
  [T.Pong]:              row(undefined,                 'both',   'connection', 'none',           'none',                                                     'pong',             'uncounted', 'pong', { headerOnlyRule: EMPTY_CONTROL }),
} satisfies Readonly<Record<Preview3MessageType, MessageRow>>;
export type Preview3Rows = typeof rows;

const typedPayload = {
  /** The frames of a typed payload, by its regions. */
  decode: decodeTypedPayload,
  /** The regions of a typed payload, of its frames. */
  encode: encodeTypedPayload,
};

/** NNRP/1 preview3, which the protocol's first runtimes speak. */
export const preview3 = {
  name: 'NNRP/1 preview3',
  records,
  messages: byNumber(rows),
  typedPayload,
} satisfies Revision;
