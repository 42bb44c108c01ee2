import { LoggedResults } from '../../../src/server/log/logged-results';

/** Of a session that was another node's, of which the log has 1,000 bytes, up to number 10; there is room for 400. */
function taken(retained: { readonly size: number; readonly byteLength: number } | undefined): LoggedResults {
  const outlet = {
    lastResult: 10,
    sentResults: 10,
    releasedResults: 10,
    heldBytes: 0,
    current: { transport: { destroy: () => undefined } },
    retained: retained && { ...retained, all: () => [], get: () => undefined },
    heldAfter: () => [],
    seal: () => undefined,
    logged: () => undefined,
    release: () => undefined,
  };
  return new LoggedResults(outlet, 400, { last: 10, bytes: 1000 });
}

it('counts the results that the log has of the node before, also those that are wanted', () => {
  expect(taken(undefined).trim(0)).toBe(10);
});

it('has the log written anew that has much more of the node before than is of use', () => {
  expect(taken({ size: 1, byteLength: 20 }).areAmiss).toBe(true);
  expect(taken({ size: 1, byteLength: 600 }).areAmiss).toBe(false);
});
