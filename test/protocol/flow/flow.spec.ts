import { statedCredit, statedRetryAfter, validateFlowRouting } from '../../../src/protocol/flow/flow';
import { decodePacket } from '../../../src/wire/packet';
import { MessageType } from '../../../src/wire/message-type';
import { FlowFlag, FlowScope, FlowUpdateMetadata } from '../../../src/wire/messages/flow-update';
import { fromHex } from '../../support/hex';
import { brokenRule, faultOf } from '../support';

const header = (sessionId: number) => ({ messageType: MessageType.FlowUpdate, sessionId });
const of = (fields: Partial<FlowUpdateMetadata>): FlowUpdateMetadata => FlowUpdateMetadata.of(fields);

const CONNECTION =
  'connection-scope FLOW_UPDATE requires header.session_id=0 and non-connection fields cleared';
const SESSION = 'session-scope FLOW_UPDATE requires header.session_id!=0 and non-session fields cleared';
const OPERATION = 'operation-scope FLOW_UPDATE requires header.session_id!=0 and operation_id!=0';
const RETRY = 'FLOW_UPDATE retry_after_ms requires retry_after_valid flag';

describe('the routing of FLOW_UPDATE', () => {
  it.each([
    ['connection', 0, { scopeKind: FlowScope.Connection, connectionCredit: 6 }],
    ['session', 42, { scopeKind: FlowScope.Session, sessionCredit: 6 }],
    ['operation', 42, { scopeKind: FlowScope.Operation, operationId: 5n, operationCredit: 1 }],
    [
      'operation with the credit of all',
      42,
      {
        scopeKind: FlowScope.Operation,
        operationId: 5n,
        connectionCredit: 1,
        sessionCredit: 2,
        operationCredit: 3,
      },
    ],
    ['retry_after', 0, { retryAfterMs: 100, flowFlags: FlowFlag.RetryAfterValid }],
    ['retry_after of 0', 0, { flowFlags: FlowFlag.RetryAfterValid }],
  ])('accepts %s', (_, sessionId, fields) => {
    expect(() => validateFlowRouting(header(sessionId), of(fields))).not.toThrow();
  });

  it.each([
    ['connection scope of a session', 42, { scopeKind: FlowScope.Connection }, CONNECTION],
    ['connection scope with session credit', 0, { sessionCredit: 1 }, CONNECTION],
    ['connection scope with operation credit', 0, { operationCredit: 1 }, CONNECTION],
    ['connection scope with an operation', 0, { operationId: 7n }, CONNECTION],
    ['session scope of no session', 0, { scopeKind: FlowScope.Session }, SESSION],
    [
      'session scope with connection credit',
      42,
      { scopeKind: FlowScope.Session, connectionCredit: 1 },
      SESSION,
    ],
    [
      'session scope with operation credit',
      42,
      { scopeKind: FlowScope.Session, operationCredit: 1 },
      SESSION,
    ],
    ['session scope with an operation', 42, { scopeKind: FlowScope.Session, operationId: 7n }, SESSION],
    ['operation scope of no session', 0, { scopeKind: FlowScope.Operation, operationId: 7n }, OPERATION],
    ['operation scope of no operation', 42, { scopeKind: FlowScope.Operation }, OPERATION],
    ['retry_after that is not declared', 0, { retryAfterMs: 1, flowFlags: FlowFlag.CreditValid }, RETRY],
  ])('refuses %s', (_, sessionId, fields, rule) => {
    expect(faultOf(() => validateFlowRouting(header(sessionId), of(fields)))).toEqual(brokenRule(rule));
  });

  it('refuses another message', () => {
    const other = { messageType: MessageType.ResultHint, sessionId: 0 };
    expect(faultOf(() => validateFlowRouting(other, of({})))).toEqual(
      brokenRule('FLOW_UPDATE routing validation requires a FLOW_UPDATE header'),
    );
  });

  it.each([
    [
      '4e4e5250010017280000000020000000000000002a000000000000000000090088776655443322110104020000000200000000000000000000000000780000000700000003000000',
      2,
      120,
    ],
    [
      '4e4e52500100172800000000200000000000000000000000000000000000030008070605040302010000010006000000000000000000000000000000000000000b00000001000000',
      6,
      undefined,
    ],
    [
      '4e4e5250010017280000000020000000000000002a000000000000000000090011223344556677880202020000000000010000003412000000000000fa0000000c0000000b000000',
      1,
      250,
    ],
  ])('accepts a packet of the reference and reads what it states: %s', (hex, credit, retryAfter) => {
    const packet = decodePacket(fromHex(hex));
    const update = FlowUpdateMetadata.decode(packet.metadata);
    validateFlowRouting(packet.header, update);
    expect([statedCredit(update), statedRetryAfter(update)]).toEqual([credit, retryAfter]);
  });
});

describe('what FLOW_UPDATE states', () => {
  const credits = { connectionCredit: 1, sessionCredit: 2, operationCredit: 3 };

  it.each([
    [FlowScope.Connection, 1],
    [FlowScope.Session, 2],
    [FlowScope.Operation, 3],
  ])('is the credit of its scope: %i', (scopeKind, credit) => {
    expect(statedCredit(of({ scopeKind, ...credits, flowFlags: FlowFlag.CreditValid }))).toBe(credit);
    expect(statedCredit(of({ scopeKind, ...credits }))).toBeUndefined();
  });
});
