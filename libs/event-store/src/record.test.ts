import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { envelopeHead, type StreamName } from '#contracts';
import { openEnvelope, openHeader, type Written } from './record.js';

const text = fc.string({ unit: 'binary', maxLength: 8 });
const absent = fc.option(text, { nil: undefined });
const written = fc.record({
  type: fc.constant('action.message-said'),
  id: fc.uuid(),
  stream: fc.constantFrom('system', 'task-1', 'repository-a-b') as fc.Arbitrary<StreamName>,
  actor: text,
  commandId: text,
  commandHash: fc.constant('0'.repeat(64)),
  sprintId: absent,
  taskId: absent,
  agentId: absent,
  correlationId: absent,
  causationId: absent,
  schemaVersion: fc.nat(99),
}) as fc.Arbitrary<Written>;

describe('a record that is put together by hand', () => {
  it('is what JSON.stringify makes of it, whatever the texts in it', () =>
    fc.assert(
      fc.property(written, (event) => {
        expect(`${openHeader(event)}}`).toBe(JSON.stringify(event));
        expect(`${openEnvelope(event)}}`).toBe(JSON.stringify(envelopeHead({ ...event, data: undefined } as never)));
      }),
      { numRuns: 200 },
    ));
});
