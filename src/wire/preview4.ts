import { CommonHeader } from './header';
import { MessageType } from './message-type';
import { ErrorMetadata } from './messages/error-message';
import { ClientHelloMetadata, ServerHelloAckMetadata } from './messages/hello';
import { ResultHintMetadata } from './messages/result-hint';
import { SchemaDescriptorHeader } from './messages/schema-descriptor';
import { SessionCloseAckMetadata, SessionCloseMetadata } from './messages/session-close';
import { SessionMigrateAckMetadata } from './messages/session-migrate';
import { SessionOpenAckMetadata, SessionOpenMetadata } from './messages/session-open';
import { SessionPatchAckMetadata, SessionPatchMetadata } from './messages/session-patch';
import { TransportProbeAckMetadata, TransportProbeMetadata } from './messages/transport-probe';
import { BodyRegionPrelude } from './preview4/body/body-region';
import { InlineObjectBlockHeader } from './preview4/body/inline-object';
import { ObjectReferenceBlock } from './preview4/body/object-reference';
import { TensorSectionDescriptor } from './preview4/body/tensor-section';
import {
  decodeTypedPayload,
  encodeTypedPayload,
  TypedPayloadDescriptor,
} from './preview4/body/typed-payload';
import {
  CacheAckMetadata,
  CacheInvalidateMetadata,
  CacheMissMetadata,
  CachePutMetadata,
  CacheReferenceMetadata,
} from './preview4/cache';
import { CapabilityMetadata } from './preview4/capability';
import {
  checkControlRequest,
  ControlRequestMetadata,
  SupersedeMetadata,
} from './preview4/control/control-request';
import { FlowUpdateMetadata } from './preview4/flow-update';
import { FrameSubmitMetadata } from './preview4/frame-submit';
import { checkTraceContext, RouteHintMetadata, TraceContextMetadata } from './preview4/control/hints';
import {
  ObjectDeltaMetadata,
  ObjectDescriptorMetadata,
  ObjectReferenceMetadata,
  ObjectReleaseMetadata,
} from './preview4/objects';
import { checkPressure, PressureMetadata, RetryAfterMetadata } from './preview4/control/pressure';
import { RecoverableErrorMetadata } from './preview4/control/recoverable-error';
import { ResultPushMetadata } from './preview4/result-push';
import {
  checkPartialResult,
  checkProgress,
  checkResultDropReason,
  PartialResultMetadata,
  ProgressMetadata,
  ResultDropReasonMetadata,
} from './preview4/results';
import { BudgetMetadata, checkScheduling, SchedulingMetadata } from './preview4/control/scheduling';
import { SessionMigrateMetadata } from './preview4/session-migrate';
import { byNumber, EMPTY_CONTROL, EMPTY_DROP, row, type MessageRow, type Revision } from './revision';

/** Every record of preview4, by its name in the protocol. */
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
  FlowUpdateMetadata,
  FrameSubmitMetadata,
  ResultPushMetadata,
  ResultHintMetadata,
  TransportProbeMetadata,
  TransportProbeAckMetadata,
  SessionMigrateMetadata,
  SessionMigrateAckMetadata,
  CachePutMetadata,
  CacheAckMetadata,
  CacheInvalidateMetadata,
  BodyRegionPrelude,
  InlineObjectBlockHeader,
  ObjectReferenceBlock,
  TensorSectionDescriptor,
  TypedPayloadDescriptor,
  SchemaDescriptorHeader,
  ControlRequestMetadata,
  SchedulingMetadata,
  SupersedeMetadata,
  BudgetMetadata,
  ProgressMetadata,
  PartialResultMetadata,
  PressureMetadata,
  CapabilityMetadata,
  RouteHintMetadata,
  TraceContextMetadata,
  ResultDropReasonMetadata,
  RecoverableErrorMetadata,
  RetryAfterMetadata,
  ObjectDescriptorMetadata,
  ObjectReferenceMetadata,
  ObjectReleaseMetadata,
  ObjectDeltaMetadata,
  CacheReferenceMetadata,
  CacheMissMetadata,
} as const;

const T = MessageType;

/** Bytes that are taken of what an operation keeps until it ends: what is said of a trace, or a hint. */
export const MAX_KEPT_BYTES = 1024;
const KEPT = { mostBody: MAX_KEPT_BYTES };
/** Of what is read at once: diagnostics, what is said of a reference, and tokens, of which those of DEGRADE_PROFILE are kept. */
export const MAX_SAID_BYTES = 4096;
const SAID = { mostBody: MAX_SAID_BYTES };

// prettier-ignore
const rows = {
  //                             record                     sender    scope         operation         body                                                        rate                counted      short name, rules
  [T.ClientHello]:           row(ClientHelloMetadata,       'client', 'connection', 'none',           ['authBytes', 'controlExtensionBytes'],                     'hello',            'uncounted', 'hello'),
  [T.ServerHelloAck]:        row(ServerHelloAckMetadata,    'server', 'connection', 'none',           ['controlExtensionBytes'],                                  'answer',           'uncounted', 'hello ack'),
  [T.SessionPatch]:          row(SessionPatchMetadata,      'client', 'session',    'none',           ['profilePatchBytes'],                                      'patch',            'uncounted', 'patch'),
  [T.SessionPatchAck]:       row(SessionPatchAckMetadata,   'server', 'session',    'none',           ['profilePatchAckBytes'],                                   'answer',           'uncounted', 'patch ack'),
  [T.Close]:                 row(undefined,                 'both',   'connection', 'none',           'ignored',                                                  'end',              'uncounted', 'connection close'),
  [T.Error]:                 row(ErrorMetadata,             'server', 'any',        'relatedFrameId', ['diagnosticBytes'],                                        'answer',           'of-frame',  'error'),
  [T.SessionOpen]:           row(SessionOpenMetadata,       'client', 'opening',    'none',           ['resumeTokenBytes', 'authBytes', 'sessionExtensionBytes'], 'open',             'uncounted', 'open'),
  [T.SessionOpenAck]:        row(SessionOpenAckMetadata,    'server', 'opening',    'none',           ['resumeTokenBytes', 'sessionExtensionBytes'],              'answer',           'uncounted', 'open ack'),
  [T.SessionClose]:          row(SessionCloseMetadata,      'both',   'session',    'none',           'ignored',                                                  'end',              'uncounted', 'close'),
  [T.SessionCloseAck]:       row(SessionCloseAckMetadata,   'both',   'session',    'none',           'ignored',                                                  'end',              'uncounted', 'close ack'),
  [T.FrameSubmit]:           row(FrameSubmitMetadata,       'client', 'operation',  'operationId',    'payload',                                                  'submit',           'uncounted', 'submit'),
  [T.FrameCancel]:           row(undefined,                 'client', 'operation',  'frame',          'none',                                                     'cancel',           'uncounted', 'frame cancel'),
  [T.ResultPush]:            row(ResultPushMetadata,        'server', 'operation',  'frame',          'payload',                                                  'answer',           'counted',   'result'),
  [T.ResultDrop]:            row(undefined,                 'server', 'operation',  'frame',          'none',                                                     'answer',           'counted',   'drop', { headerOnlyRule: EMPTY_DROP }),
  [T.CachePut]:              row(CachePutMetadata,          'both',   'session',    'none',           ['objectBytes'],                                            'cache-put',        'uncounted', 'cache put'),
  [T.CacheAck]:              row(CacheAckMetadata,          'both',   'session',    'none',           'ignored',                                                  'answer',           'uncounted', 'cache ack'),
  [T.CacheInvalidate]:       row(CacheInvalidateMetadata,   'both',   'session',    'none',           'ignored',                                                  'cache-invalidate', 'uncounted', 'cache invalidate'),
  [T.FlowUpdate]:            row(FlowUpdateMetadata,        'both',   'any',        'operationId',    'ignored',                                                  'flow',             'uncounted', 'flow update'),
  [T.ResultHint]:            row(ResultHintMetadata,        'server', 'operation',  'frame',          'ignored',                                                  'answer',           'uncounted', 'hint'),
  [T.TransportProbe]:        row(TransportProbeMetadata,    'client', 'connection', 'none',           ['probePayloadBytes'],                                      'hello',            'uncounted', 'probe'),
  [T.TransportProbeAck]:     row(TransportProbeAckMetadata, 'server', 'connection', 'none',           'ignored',                                                  'answer',           'uncounted', 'probe ack'),
  [T.SessionMigrate]:        row(SessionMigrateMetadata,    'client', 'session',    'none',           'ignored',                                                  'migrate',          'uncounted', 'migrate'),
  [T.SessionMigrateAck]:     row(SessionMigrateAckMetadata, 'server', 'session',    'none',           'ignored',                                                  'answer',           'uncounted', 'migrate ack'),
  [T.Ping]:                  row(undefined,                 'both',   'any',        'none',           'none',                                                     'ping',             'uncounted', 'ping', { headerOnlyRule: EMPTY_CONTROL }),
  [T.Pong]:                  row(undefined,                 'both',   'any',        'none',           'none',                                                     'pong',             'uncounted', 'pong', { headerOnlyRule: EMPTY_CONTROL }),
  [T.Cancel]:                row(ControlRequestMetadata,    'both',   'operation',  'operationId',    ['diagnosticBytes'],                                        'cancel',           'uncounted', 'cancel', { checkRules: checkControlRequest, ...SAID }),
  [T.Abort]:                 row(ControlRequestMetadata,    'both',   'operation',  'operationId',    ['diagnosticBytes'],                                        'cancel',           'uncounted', 'abort', { checkRules: checkControlRequest, ...SAID }),
  [T.PriorityUpdate]:        row(SchedulingMetadata,        'both',   'operation',  'operationId',    'none',                                                     'control',          'uncounted', 'priority', { checkRules: checkScheduling }),
  [T.Deadline]:              row(SchedulingMetadata,        'both',   'operation',  'operationId',    'none',                                                     'control',          'uncounted', 'deadline', { checkRules: checkScheduling }),
  [T.ExpireAt]:              row(SchedulingMetadata,        'both',   'operation',  'operationId',    'none',                                                     'control',          'uncounted', 'expire', { checkRules: checkScheduling }),
  [T.Supersede]:             row(SupersedeMetadata,         'both',   'operation',  'oldOperationId', ['diagnosticBytes'],                                        'cancel',           'uncounted', 'supersede', SAID),
  [T.BudgetUpdate]:          row(BudgetMetadata,            'both',   'operation',  'operationId',    'none',                                                     'control',          'uncounted', 'budget'),
  [T.Progress]:              row(ProgressMetadata,          'both',   'operation',  'operationId',    ['bodyBytes'],                                              'control',          'uncounted', 'progress', { checkRules: checkProgress }),
  [T.PartialResult]:         row(PartialResultMetadata,     'both',   'operation',  'operationId',    ['bodyBytes'],                                              'control',          'counted',   'partial', { checkRules: checkPartialResult }),
  [T.Backpressure]:          row(PressureMetadata,          'both',   'any',        'none',           'none',                                                     'control',          'uncounted', 'backpressure', { checkRules: checkPressure }),
  [T.CreditUpdate]:          row(PressureMetadata,          'both',   'any',        'none',           'none',                                                     'control',          'uncounted', 'credit', { checkRules: checkPressure }),
  [T.CapabilityNegotiation]: row(CapabilityMetadata,        'both',   'session',    'none',           ['bodyBytes'],                                              'control',          'uncounted', 'capability', SAID),
  [T.DegradeProfile]:        row(CapabilityMetadata,        'both',   'session',    'none',           ['bodyBytes'],                                              'control',          'uncounted', 'degrade', SAID),
  [T.RouteHint]:             row(RouteHintMetadata,         'both',   'operation',  'operationId',    ['bodyBytes'],                                              'control',          'uncounted', 'route hint', KEPT),
  [T.ExecutionHint]:         row(RouteHintMetadata,         'both',   'operation',  'operationId',    ['bodyBytes'],                                              'control',          'uncounted', 'execution hint', KEPT),
  [T.TraceContext]:          row(TraceContextMetadata,      'both',   'operation',  'frame',          ['bodyBytes'],                                              'control',          'uncounted', 'trace', { checkRules: checkTraceContext, ...KEPT }),
  [T.ResultDropReason]:      row(ResultDropReasonMetadata,  'both',   'operation',  'operationId',    ['diagnosticBytes'],                                        'control',          'counted',   'drop reason', { checkRules: checkResultDropReason }),
  [T.ObjectDeclare]:         row(ObjectDescriptorMetadata,  'both',   'session',    'none',           ['metadataBytes'],                                          'object',           'uncounted', 'object declare'),
  [T.ObjectRef]:             row(ObjectReferenceMetadata,   'both',   'operation',  'operationId',    ['metadataBytes'],                                          'object',           'uncounted', 'object ref'),
  [T.ObjectRelease]:         row(ObjectReleaseMetadata,     'both',   'operation',  'operationId',    ['diagnosticBytes'],                                        'object',           'uncounted', 'object release', SAID),
  [T.ObjectPatch]:           row(ObjectDeltaMetadata,       'both',   'session',    'none',           ['metadataBytes', 'deltaBytes'],                            'object',           'uncounted', 'object patch'),
  [T.ObjectDelta]:           row(ObjectDeltaMetadata,       'both',   'session',    'none',           ['metadataBytes', 'deltaBytes'],                            'object',           'uncounted', 'object delta'),
  [T.CacheReference]:        row(CacheReferenceMetadata,    'both',   'session',    'none',           ['metadataBytes'],                                          'object',           'uncounted', 'cache reference', SAID),
  [T.CacheMiss]:             row(CacheMissMetadata,         'both',   'session',    'none',           ['diagnosticBytes'],                                        'object',           'uncounted', 'cache miss', SAID),
  [T.ErrorRecoverable]:      row(RecoverableErrorMetadata,  'both',   'session',    'none',           ['diagnosticBytes'],                                        'control',          'uncounted', 'recoverable error', SAID),
  [T.RetryAfter]:            row(RetryAfterMetadata,        'both',   'session',    'none',           ['diagnosticBytes'],                                        'control',          'uncounted', 'retry after', SAID),
} satisfies Readonly<Record<MessageType, MessageRow>>;
export type Preview4Rows = typeof rows;

const typedPayload = {
  /** The frames of a typed payload, by its regions. */
  decode: decodeTypedPayload,
  /** The regions of a typed payload, of its frames. */
  encode: encodeTypedPayload,
};

/** NNRP/1 preview4, as of 4.22: every message type, and operations that have a name of their own. */
export const preview4 = {
  name: 'NNRP/1 preview4',
  records,
  messages: byNumber(rows),
  typedPayload,
} satisfies Revision;
